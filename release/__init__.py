"""Build wheel and sdist and test them as a user installs them (`make build`)."""
