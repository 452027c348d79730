"""Books of several vendors in one sandbox over loopback, on asyncio and trio."""

from __future__ import annotations

from sandboxed import Books, books, control, running_sandbox, server

__all__ = ["Books", "books", "control", "running_sandbox", "server"]
