"""Write tables, code and evidence badges as Markdown, for the generated parts of the site."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_CODE = re.compile(r"`([^`]*)`")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table without its empty columns, or "" if there are no rows."""
    cells = [[cell(text) for text in row] for row in rows]
    kept = [column for column in range(len(head)) if any(row[column] for row in cells)]
    if not cells:
        return ""
    lines = [
        [head[column] for column in kept],
        ["---"] * len(kept),
        *([row[column] for column in kept] for row in cells),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Return text for a table cell: without line breaks, with `|` escaped."""
    line = " ".join(str(text).split())
    return _CODE.sub(lambda match: code(match.group(1)), line).replace("|", "&#124;")


def code(text: str) -> str:
    """Return inline code, with every character of Markdown or HTML escaped."""
    if not re.search(r"[|*_\[\]\\<>&]", text):
        return f"`{text}`"
    return f"<code>{re.sub('[^A-Za-z0-9 ]', lambda match: f'&#{ord(match.group())};', text)}</code>"


def evidence(level: str | None, note: str = "") -> str:
    """Return a badge that says how sure we are of a claim, with the reason as a tooltip."""
    if not level:
        return ""
    title = f' title="{_escape_attribute(note)}"' if note else ""
    return f'<span class="evidence {level}"{title}>{level}</span>'


def _escape_attribute(text: str) -> str:
    return "".join(f"&#{ord(char)};" if char in "\"'&<>`*_[]|\\" else char for char in " ".join(text.split()))
