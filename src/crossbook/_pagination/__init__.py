"""Walk a list page by page, and resume it from a cursor."""
