"""The benchmarks: the cost of crossbook, compared with other clients (`make bench`)."""
