"""What is released: wheel and sdist, built and tried as a user would get them (`make build`)."""
