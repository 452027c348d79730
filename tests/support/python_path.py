"""PYTHONPATH for a subprocess of a test, so that it imports the same crossbook as the test."""

from __future__ import annotations

import os
from pathlib import Path


def prepend(*folders: Path) -> str:
    """Return this process's PYTHONPATH with these folders before it."""
    return os.pathsep.join([*map(str, folders), *filter(None, [os.environ.get("PYTHONPATH")])])
