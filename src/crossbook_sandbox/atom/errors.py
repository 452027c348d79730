"""The vendor's errors. It documents statuses only; the bodies, and 200 for what was sent wrong, are inferred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from crossbook_sandbox.vendor import Refused, Reply, json_reply


def error_reply(code: str, message: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return the answer with an error."""
    reply = json_reply({"status": "error", "error": {"code": code, "message": message}}, status)
    return replace(reply, headers=headers or {})


def refuse(code: str, message: str, status: int = 200) -> Refused:
    """Return the exception that answers with an error."""
    return Refused(error_reply(code, message, status))
