"""Scripts for pyperf, with a process for each figure. `benchmarks.micros` runs them once a round."""
