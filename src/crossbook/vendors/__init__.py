"""The four vendors: each has its book class, its profile (facts) and its adapter (operations)."""
