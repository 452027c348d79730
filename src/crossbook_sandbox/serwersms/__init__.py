"""SerwerSMS.pl, HTTPS API v2: always POST, as form or JSON, and errors inside an answer 200."""

from __future__ import annotations

from .dialect import SerwerSMS

__all__ = ["SerwerSMS"]
