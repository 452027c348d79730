"""Scripts for pyperf: a worker process a figure, loops calibrated. `benchmarks.micros` runs them round by round."""
