"""Batches: a stream of items of any length, one result each, whatever happens in between."""
