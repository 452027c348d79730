"""The values of the test contact and group that a verification creates, and by which a later one recognises them."""

from __future__ import annotations

GROUP = "crossbook verify"
EMAIL = "crossbook-verify@example.com"
FIRST, LAST, COMPANY = "Crossbook", "Verify", "Crossbook Example"
UK_PHONE = "+447700900789"  # Ofcom reserves it for films: no person has it
UNKNOWN = 999_999_999_999_999
"""An id that no account has."""
