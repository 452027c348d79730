"""The probes of each vendor."""
