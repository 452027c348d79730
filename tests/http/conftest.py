"""The sandbox, for tests of what only an open book and a server show."""

from __future__ import annotations

from sandboxed import control, running_sandbox, server

__all__ = ["control", "running_sandbox", "server"]
