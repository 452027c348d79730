"""Writes what the code knows best into the pages that are read as they are: the capability grid into README.md, what is
repeated into docs/reliability.md. `--check` says whether they are up to date."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import crossbook
from crossbook.registry import VENDORS, load_vendor
from docs.repeats import repeats

ROOT = Path(__file__).resolve().parent.parent
SIGNS = {"native": "●", "emulated": "◐", "unsupported": "–"}


def grid() -> str:
    profiles = [load_vendor(name).profile for name in VENDORS]
    lines = ["| | " + " | ".join(profile.title for profile in profiles) + " |", "|---" * (len(profiles) + 1) + "|"]
    for verb, row in crossbook.capabilities().items():
        if verb == "contacts.update:external_id":
            title = "`contacts.update` by external id"
        elif verb.startswith("groups.create:"):
            continue
        else:
            title = f"`{verb.replace(':', ' ')}`"
        cells = [f"{SIGNS[row[name].support]} {row[name].note}".strip() for name in VENDORS]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


TABLES: tuple[tuple[str, str, str, Callable[[], str]], ...] = (
    ("README.md", "<!-- grid: written by `make grid` from the profiles -->", "<!-- end of grid -->", grid),
    (
        "docs/reliability.md", "<!-- repeats: written by `make grid` from the code -->", "<!-- end of repeats -->",
        repeats,
    ),
)  # fmt: skip


def main() -> int:
    stale = False
    for page, begin, end, table in TABLES:
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        wanted = f"{before}{begin}\n{table()}\n{end}{after}"
        if wanted == text:
            continue
        if "--check" in sys.argv:
            print(f"{page}: its table is not what the code says: run `make grid` and commit it")
            stale = True
        else:
            path.write_text(wanted, encoding="utf-8")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
