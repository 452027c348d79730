"""The contract: one suite, four vendors, over real HTTP to a sandbox in a process of its own."""

from __future__ import annotations

from sandboxed import book, control, group, make_book, profile, running_sandbox, server, vendor

__all__ = ["book", "control", "group", "make_book", "profile", "running_sandbox", "server", "vendor"]
