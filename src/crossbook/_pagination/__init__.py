"""Read a list page by page, and continue it from a cursor."""
