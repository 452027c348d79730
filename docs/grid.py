"""Write the grid into docs/vendors/index.md, its summary into README.md, and the retry table into docs/reliability.md.

The pages are also read outside the site. `--check` reports whether the tables are up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import crossbook
from crossbook.registry import VENDORS, load_vendor
from docs.retries import retry_table

ROOT = Path(__file__).resolve().parent.parent
SIGNS = {"native": "●", "emulated": "◐", "unsupported": "–"}


def grid() -> str:
    """Return the table of capabilities: a row for each method, a column for each vendor."""
    titles = [load_vendor(vendor).profile.title for vendor in VENDORS]
    lines = [["", *titles], ["---"] * (len(titles) + 1)]
    for name, row in crossbook.capabilities().items():
        if name.startswith("groups.create:"):
            continue
        by_key = name == "contacts.update:external_id"
        title = "`contacts.update` by external id" if by_key else f"`{name.replace(':', ' ')}`"
        lines.append([title, *(f"{SIGNS[row[vendor].support]} {row[vendor].note}".strip() for vendor in VENDORS)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary() -> str:
    """Return the grid without its notes: a row for all methods with the same support at each vendor."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for name, row in crossbook.capabilities().items():
        if ":" not in name:
            rows.setdefault(tuple(SIGNS[row[vendor].support] for vendor in VENDORS), []).append(f"`{name}`")
    titles = [load_vendor(vendor).profile.title for vendor in VENDORS]
    lines = [["", *titles], ["---"] * (len(titles) + 1), *([", ".join(names), *signs] for signs, names in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# Page, marker before the table, marker behind it, the table.
TABLES: tuple[tuple[str, str, str, Callable[[], str]], ...] = (
    ("README.md", "<!-- grid: written by `make grid` from the profiles -->", "<!-- end of grid -->", summary),
    ("docs/vendors/index.md", "<!-- grid: written by `make grid` from the profiles -->", "<!-- end of grid -->", grid),
    (
        "docs/reliability.md",
        "<!-- retries: written by `make grid` from the code -->",
        "<!-- end of retries -->",
        retry_table,
    ),
)


def main() -> int:
    """Write the tables into their pages; with `--check`, return 1 if a page is out of date."""
    is_stale = False
    for page, begin, end, write in TABLES:
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        expected = f"{before}{begin}\n{write()}\n{end}{after}"
        if expected == text:
            continue
        if "--check" in sys.argv:
            print(f"{page}: its table is out of date: run `make grid` and commit it")
            is_stale = True
        else:
            path.write_text(expected, encoding="utf-8")
    return int(is_stale)


if __name__ == "__main__":
    sys.exit(main())
