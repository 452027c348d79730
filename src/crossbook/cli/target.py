"""The file that a command writes."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from crossbook.cli.showing import utf8
from crossbook.errors import InvalidInput


@contextmanager
def target(path: str, *, force: bool, bom: bool = False) -> Generator[TextIO]:
    """The file to write into. It takes its name when all of it is there; what was there before stays until then."""
    if path == "-":
        utf8()
        yield sys.stdout
        sys.stdout.flush()
        return
    final = Path(path)
    if final.exists() and not force:
        raise InvalidInput(f"{path} is there already: --force writes over it", field="to")
    unfinished = final.with_name(f"{final.name}.part")
    try:
        # With the mark that tells spreadsheets that it is UTF-8.
        with unfinished.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
            yield file
        unfinished.replace(final)
    finally:
        unfinished.unlink(missing_ok=True)
