"""Build the site into build/site, strictly: `make docs`.

The build fails on a broken link or anchor, an undocumented public name, a docstring that does not match its
signature, and a page that loads anything from another server.
"""

from __future__ import annotations

import logging
import shutil
import sys
from pathlib import Path

import zensical

from docs.site import header, llms, offline, public

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"


def main() -> int:
    """Build the site, check it, and print its address; return 1 if there is a problem."""
    problems: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: problems.append(record.getMessage())  # type: ignore[method-assign]
    for name in ("griffe", "mkdocstrings", "mkdocs"):
        logging.getLogger(name).addHandler(handler)
    shutil.rmtree(SITE, ignore_errors=True)
    try:
        zensical.build(str(ROOT / "zensical.toml"), {"strict": True, "clean": True})  # pyright: ignore[reportUnknownMemberType]
    except RuntimeError as error:
        problems.append(str(error))
    offline.use_local_script(SITE)
    llms.write_markdown(SITE, ROOT / "zensical.toml")
    header.add_version(SITE, ROOT / "pyproject.toml")
    problems += [*public.find_problems(SITE / "objects.inv"), *offline.find_problems(SITE)]
    for problem in problems:
        print(f"docs: {problem}", file=sys.stderr)
    if problems:
        return 1
    pages = sum(1 for _ in SITE.rglob("*.html"))
    print(f"{pages} pages, no problems. Open file://{SITE}/index.html (it needs no server and no network).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
