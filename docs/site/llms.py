"""Write the pages as Markdown, for programs that read documentation: a `.md` for each page, llms.txt and llms-full.txt.

The form of llms.txt is that of https://llmstxt.org/. The Markdown is made from the built pages, so that it holds the
reference and every generated table.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from markdownify import markdownify

_NOT_TEXT = "a.headerlink, button, script, style, svg, nav, .md-source-file, label, input"


def write_markdown(site: Path, config: Path) -> None:
    """Write `page.md` next to each page of the navigation, llms.txt (their list), and llms-full.txt (their text)."""
    project = tomllib.loads(config.read_text(encoding="utf-8"))["project"]
    lines = [f"# {project['site_name']}", "", f"> {project['site_description']}"]
    texts: list[str] = []
    for section, page in _iter_pages(project["nav"]):
        text = _convert((site / page).with_suffix(".html"))
        (site / page).write_text(text, encoding="utf-8")
        texts.append(f"<!-- {page} -->\n\n{text}")
        if f"## {section}" not in lines:
            lines += ["", f"## {section}", ""]
        lines.append(f"- [{_find_title(text)}]({page})")
    (site / "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (site / "llms-full.txt").write_text("\n".join(texts), encoding="utf-8")


def _iter_pages(nav: list[Any], section: str = "Pages") -> Iterator[tuple[str, str]]:
    """Yield the name of the section and the path of each page, pages outside of sections first."""
    entries: list[dict[str, Any]] = [entry if isinstance(entry, dict) else {"": entry} for entry in nav]
    pairs = [pair for entry in entries for pair in entry.items()]
    for _, target in pairs:
        if isinstance(target, str):
            yield section, target
    for name, target in pairs:
        if not isinstance(target, str):
            yield from _iter_pages(target, name)


def _convert(page: Path) -> str:
    article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select_one("article")
    if article is None:
        raise RuntimeError(f"{page.name} has no article")
    for element in article.select(_NOT_TEXT):
        element.decompose()
    for link in article.select("a[href]"):
        link["href"] = re.sub(r"^(?!https?:)([^#]+)\.html", r"\1.md", str(link["href"]))
    text = markdownify(str(article), heading_style="ATX", code_language_callback=_find_language)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _find_language(block: Any) -> str:
    around = block.find_parent(class_="highlight")
    names: list[str] = around.get("class", []) if around else []
    return next((name.removeprefix("language-") for name in names if name.startswith("language-")), "")


def _find_title(text: str) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found.group(1) if found else ""
