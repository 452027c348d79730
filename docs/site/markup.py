"""Small pieces of Markdown that every generated part of the site is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_CODE = re.compile(r"`([^`]*)`")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a column in which no row says anything is left out."""
    filled = [[cell(each) for each in row] for row in rows]
    kept = [at for at in range(len(head)) if any(row[at] for row in filled)]
    if not filled:
        return ""
    lines = [[head[at] for at in kept], ["---"] * len(kept), *([row[at] for at in kept] for row in filled)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Text that stays in its cell: no line breaks, and no bar that would end it."""
    line = " ".join(str(text).split())
    return _CODE.sub(lambda found: code(found.group(1)), line).replace("|", "&#124;")


def code(text: str) -> str:
    """Code that may hold anything, a pattern's bars, stars and brackets too."""
    if not re.search(r"[|*_\[\]\\<>&]", text):
        return f"`{text}`"
    return f"<code>{re.sub('[^A-Za-z0-9 ]', lambda sign: f'&#{ord(sign.group())};', text)}</code>"


def evidence(level: str | None, note: str = "") -> str:
    """How sure we are, as a badge that tells its reason when it is pointed at."""
    if not level:
        return ""
    title = f' title="{_quoted(note)}"' if note else ""
    return f'<span class="evidence {level}"{title}>{level}</span>'


def _quoted(text: str) -> str:
    return "".join(f"&#{ord(sign)};" if sign in "\"'&<>`*_[]|\\" else sign for sign in " ".join(text.split()))
