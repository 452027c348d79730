"""Send one request: wait for a permit, authenticate, send, map errors, retry."""
