"""Builds the site into build/site, strictly: `make docs`.

A broken link or anchor, a name that no page documents, a docstring that does not fit its signature, a public name
without a docstring, and anything that a page would fetch from elsewhere are errors.
"""

from __future__ import annotations

import logging
import shutil
import sys
from pathlib import Path

import zensical

from docs.site import offline, public

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"


def main() -> int:
    """Builds, checks, and says where to look."""
    complaints: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: complaints.append(record.getMessage())  # type: ignore[method-assign]
    for name in ("griffe", "mkdocstrings", "mkdocs"):
        logging.getLogger(name).addHandler(handler)
    shutil.rmtree(SITE, ignore_errors=True)
    try:
        zensical.build(str(ROOT / "zensical.toml"), {"strict": True, "clean": True})  # pyright: ignore[reportUnknownMemberType]
    except RuntimeError as error:
        complaints.append(str(error))
    offline.keep(SITE)
    complaints += [*public.complaints(SITE / "objects.inv"), *offline.complaints(SITE)]
    for complaint in complaints:
        print(f"docs: {complaint}", file=sys.stderr)
    if complaints:
        return 1
    pages = sum(1 for _ in SITE.rglob("*.html"))
    print(f"{pages} pages, no complaint. Open file://{SITE}/index.html (no server and no network is needed).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
