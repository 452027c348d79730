"""Fixtures: books of the four vendors, over HTTP to a sandbox in its own process."""

from __future__ import annotations

from sandboxed import book, control, group, make_book, profile, running_sandbox, server, vendor

__all__ = ["book", "control", "group", "make_book", "profile", "running_sandbox", "server", "vendor"]
