"""Read a vendor's list page by page, and continue it from a cursor."""
