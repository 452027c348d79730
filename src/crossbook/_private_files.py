"""Create and restrict files that only their owner may read: journals and suppression lists."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

_CREATING = threading.Lock()


def create_private_file(path: Path) -> None:
    """Create the file of a database if it does not exist. From the start only its owner can read it.

    Closing any descriptor of a file releases all locks of this process on it. This is safe here, because a file that
    is created now has no other connection in this process: every connection is opened after this function.
    """
    with _CREATING, suppress(OSError):  # SQLite reports the reason
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def restrict_mode(path: Path) -> None:
    """Take the permission to read or write an existing database away from all users but its owner."""
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with suppress(OSError):  # the file belongs to another user
            mode = name.stat().st_mode
            if stat.S_ISREG(mode):
                name.chmod(stat.S_IMODE(mode) & ~0o077)
