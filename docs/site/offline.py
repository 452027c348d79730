"""Find what a built page would load from another server: fonts, scripts, styles, images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

_LOADING_ATTRIBUTES = {
    "script": "src",
    "img": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "use": "href",
}
_RELATIONS_THAT_LOAD_NOTHING = frozenset(("canonical", "next", "prev", "edit"))
_STYLE_URL = re.compile(r"(?:url\(|@import )\s*[\"']?((?:https?:)?//[^\"')]+)")

# The script that the generator's offline mode loads from another server, and our replacement.
_REMOTE_SCRIPT = '<script src="https://unpkg.com/iframe-worker/shim" type="text/javascript">'
_LOCAL_SCRIPT = "assets/file-worker.js"


def use_local_script(site: Path) -> None:
    """Replace the script that the search loads from another server by our own."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        up = "../" * (len(page.relative_to(site).parts) - 1)
        page.write_text(text.replace(_REMOTE_SCRIPT, f'<script src="{up}{_LOCAL_SCRIPT}">'), encoding="utf-8")


def find_problems(site: Path) -> Iterator[str]:
    """Yield a line for each URL of another server that a page or a style would load."""
    for page in sorted(site.rglob("*.html")):
        parser = _UrlParser()
        parser.feed(page.read_text(encoding="utf-8"))
        yield from (f"{page.relative_to(site)} loads {url}" for url in parser.urls)
    for style in sorted(site.rglob("*.css")):
        for url in _STYLE_URL.findall(style.read_text(encoding="utf-8")):
            yield f"{style.relative_to(site)} loads {url}"


class _UrlParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "link" and set((attributes.get("rel") or "").split()) & _RELATIONS_THAT_LOAD_NOTHING:
            return
        url = attributes.get(_LOADING_ATTRIBUTES.get(tag, "")) or ""
        if url.startswith(("http:", "https:", "//")):
            self.urls.append(url)
