"""Run many writes as one batch: one result for each input, whatever happens in between."""
