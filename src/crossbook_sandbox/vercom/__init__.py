"""Vercom API v2.1 (EmailLabs, MessageFlow, RedLink): an envelope round everything, and bulk writes."""

from __future__ import annotations

from .dialect import Vercom

__all__ = ["Vercom"]
