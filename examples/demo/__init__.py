"""The demo: 1,000 made-up people into four vendors' address books at once, and back, compared field by field.

    python -m examples.demo

Read `store.py` first: it is where people are written. `vendor.py` is a vendor's whole run around it.
"""
