"""Every known fact about the vendors' wire, checked with raw requests against the sandbox."""

from __future__ import annotations

from typing import Any

from . import atom, filemail, serwersms, vercom
from .raw import Fact

FACTS: list[Fact[Any]] = [
    *serwersms.facts.found,
    *atom.facts.found,
    *filemail.facts.found,
    *vercom.facts.found,
]
