"""The demo: write 1,000 made-up contacts to four vendors at once, read them back and compare every field.

    python -m examples.demo

Read `store.py` first: it is where people are written. `vendor.py` is a vendor's whole run around it.
"""
