"""What pages can ask for in `{{ … }}`: everything that is generated is generated here, while the site is built."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "specs" / "codegen"))

from docs import grid as capability_grid
from docs.site import commands, flow, guesses, profiles, wire
from docs.site.markup import evidence

_MACROS: dict[str, Callable[..., str]] = {
    "grid": capability_grid.grid,
    "verbs": profiles.adapter,
    "holds": profiles.holds,
    "facts": profiles.facts,
    "retries": profiles.retries,
    "credentials": profiles.credentials,
    "guesses": guesses.guesses,
    "wire": wire.reference,
    "flow": flow.drawing,
    "commands": commands.commands,
}


def define_env(env: Any) -> None:
    """Called by the site's generator for each page."""
    for name, macro in _MACROS.items():
        env.macro(macro, name)
    for level in ("documented", "public", "inferred"):
        env.variables[level] = evidence(level)
