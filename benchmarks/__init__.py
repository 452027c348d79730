"""What crossbook costs, beside what a user would take instead: `make bench`."""
