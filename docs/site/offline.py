"""Whether a built page would fetch anything from elsewhere: fonts, scripts, styles, pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

_FETCHED = {
    "script": "src",
    "img": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "use": "href",
}
_HARMLESS = frozenset(("canonical", "next", "prev", "edit"))  # links that tell, and fetch nothing
_STYLES = re.compile(r"(?:url\(|@import )\s*[\"']?((?:https?:)?//[^\"')]+)")


# What the generator's offline mode would fetch, and what does the same from here.
_SHIM = '<script src="https://unpkg.com/iframe-worker/shim" type="text/javascript">'
_OURS = "assets/file-worker.js"


def keep(site: Path) -> None:
    """Puts our own script in place of the one that the search would fetch from elsewhere."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        up = "../" * (len(page.relative_to(site).parts) - 1)
        page.write_text(text.replace(_SHIM, f'<script src="{up}{_OURS}">'), encoding="utf-8")


def complaints(site: Path) -> Iterator[str]:
    """A line for each thing that a page or a style of the site would fetch."""
    for page in sorted(site.rglob("*.html")):
        parser = _Fetches()
        parser.feed(page.read_text(encoding="utf-8"))
        yield from (f"{page.relative_to(site)} fetches {url}" for url in parser.found)
    for style in sorted(site.rglob("*.css")):
        for url in _STYLES.findall(style.read_text(encoding="utf-8")):
            yield f"{style.relative_to(site)} fetches {url}"


class _Fetches(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and set((given.get("rel") or "").split()) & _HARMLESS:
            return
        url = given.get(_FETCHED.get(tag, "")) or ""
        if url.startswith(("http:", "https:", "//")):
            self.found.append(url)
