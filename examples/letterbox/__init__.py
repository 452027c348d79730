"""Letterbox, a made-up vendor with e-mail addresses as ids, empty responses, header parameters and names like `class`.

docs/add-a-vendor.md describes how a vendor is added; this one has what few APIs have.
"""

from __future__ import annotations

from examples.letterbox.book import Letterbox

__all__ = ["Letterbox"]
