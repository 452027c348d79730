"""The four vendors, one package for each: the book class (`__init__.py`), the profile and the adapter.

To change a field of a vendor, change `contact_fields` in its `profile.py` and the field's name on the wire in its
`adapter.py`. To change an operation, change the method of its adapter.
"""
