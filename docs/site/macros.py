"""Define the macros of the pages, `{{ … }}`: each generates its part while the site is built."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "specs" / "codegen"))

from docs.site import claims, commands, flow, profiles, wire
from docs.site.markup import evidence

_MACROS: tuple[Callable[..., str], ...] = (
    profiles.capabilities,
    profiles.contact_fields,
    profiles.facts,
    profiles.retry_classes,
    profiles.credentials,
    claims.claims,
    wire.wire,
    flow.flow,
    commands.commands,
)


def define_env(env: Any) -> None:
    """Register the macros; the site's generator calls this for each page."""
    for macro in _MACROS:
        env.macro(macro, macro.__name__)
    for level in ("documented", "public", "inferred"):
        env.variables[level] = evidence(level)
