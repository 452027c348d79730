"""Atom Telecom, SMS API: POST and JSON for everything, a bearer token, ten requests a second."""

from __future__ import annotations

from .dialect import Atom

__all__ = ["Atom"]
