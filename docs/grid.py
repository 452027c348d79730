"""Writes the capability grid, as the cards say it, into README.md; `--check` says whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

import crossbook
from crossbook.registry import VENDORS, vendor

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- grid: written by `make grid` from the cards -->", "<!-- end of grid -->"
SIGNS = {"native": "●", "emulated": "◐", "unsupported": "–"}


def grid() -> str:
    cards = [vendor(name).card for name in VENDORS]
    lines = ["| | " + " | ".join(card.title for card in cards) + " |", "|---" * (len(cards) + 1) + "|"]
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


def main() -> int:
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = f"{before}{BEGIN}\n{grid()}\n{END}{after}"
    if wanted == text:
        return 0
    if "--check" in sys.argv:
        print("README.md: the capability grid is not what the cards say: run `make grid` and commit it")
        return 1
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
