"""Filemail, classic API: parameters in the query, a form or headers, a login token, and names in any capitals."""

from __future__ import annotations

from .dialect import Filemail

__all__ = ["Filemail"]
