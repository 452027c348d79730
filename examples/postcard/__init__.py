"""Postcard, a made-up vendor of five operations that lives outside of crossbook; see docs/add-a-vendor.md."""

from __future__ import annotations

from examples.postcard.book import Postcard

__all__ = ["Postcard"]
