"""One module for each vendor, with the claims and test requests that verify its spec."""
