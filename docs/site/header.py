"""Show the version, and a link to the repository, in the header of each page.

The theme's own link asks the repository's server for its stars, which the offline site must not do.
"""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path

_BEFORE = '<div class="md-search" data-md-component="search"'


def add_version(site: Path, project: Path) -> None:
    """Add the version to each page: a link to the changes, and a link to the repository if `project.urls` names one."""
    facts = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    repository = facts.get("urls", {}).get("Repository")
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        up = "../" * (len(page.relative_to(site).parts) - 1)
        links = f'<a href="{up}changelog.html" title="Changes">{escape(facts["version"])}</a>'
        if repository:
            links += f'<a href="{escape(repository)}">Repository</a>'
        added = f'<div class="version">{links}</div>{_BEFORE}'
        page.write_text(text.replace(_BEFORE, added, 1), encoding="utf-8")
