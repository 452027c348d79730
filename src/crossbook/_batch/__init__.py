"""Run many writes as one batch: one result for each input that was read."""
