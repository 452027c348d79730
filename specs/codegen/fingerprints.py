"""Find the changed files if specs/ and generated/ do not match: sources in specs/, or generated files.

Each generation writes the hashes of all its source and result files to `generated/SHA256SUMS`, in the format of
`sha256sum --check`, with the tools in comments. A file with another hash was changed after the generation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

NAME = "SHA256SUMS"
TOOLS = ("openapi-python-client", "ruff")


def read_sources(root: Path) -> dict[str, bytes]:
    """Return the content of every source file of generated code, by its path below the root."""
    code = root / "specs" / "codegen"
    files = [*root.glob("specs/*.yaml"), *(code / "templates").iterdir()]
    files += [code / f"{name}.py" for name in ("claims", "describe", "document", "generate", "relax", "render")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(files)}


def make_sums(root: Path, tree: dict[str, str]) -> str:
    """Return the text of SHA256SUMS for a generated tree (path below generated/ → text)."""
    lines = [f"# {tool}" for tool in _tools()]
    lines += [f"{_hash(content)}  {path}" for path, content in read_sources(root).items()]
    lines += [f"{_hash(text.encode())}  generated/{path}" for path, text in sorted(tree.items())]
    return "\n".join(lines) + "\n"


def find_changed(root: Path, sums: str, on_disk: dict[str, str], fresh: dict[str, str]) -> list[str]:
    """Return a line for every file that was changed; an empty list if specs and generated code match.

    Args:
        root: The folder of specs/ and generated/.
        sums: The present text of SHA256SUMS.
        on_disk: The files in generated/, without SHA256SUMS.
        fresh: The files that the specs give now.
    """
    lines: list[str] = []
    recorded: dict[str, str] = {}
    for line in sums.splitlines():
        first, _, rest = line.partition(" ")
        if first != "#":
            recorded[rest.strip()] = first
        elif rest not in _tools():
            problem = f"generated/ was written with {rest}, and another version is installed"
            lines.append(f"{problem}: install {rest}, or run `make generate`")

    sources = {path: _hash(content) for path, content in read_sources(root).items()}
    before = {path: value for path, value in recorded.items() if path.startswith("specs/")}
    for path, how in _differences(before, sources):
        lines.append(f"{path} was {how} after generated/ was written: run `make generate` and commit both")

    results = {f"generated/{path}": _hash(text.encode()) for path, text in on_disk.items()}
    for path, how in _differences({p: v for p, v in recorded.items() if p not in before}, results):
        lines.append(f"{path} was {how} by hand: change its spec or a template instead, then run `make generate`")

    if not lines:
        changed = sorted(path for path in {**on_disk, **fresh} if on_disk.get(path) != fresh.get(path))
        lines = [f"generated/{path} differs from what the specs give, although {NAME} has its hash" for path in changed]
    return lines


def _tools() -> list[str]:
    return [f"{tool} {version(tool)}" for tool in TOOLS]


def _differences(before: dict[str, str], after: dict[str, str]) -> Iterator[tuple[str, str]]:
    for path in sorted({**before, **after}):
        if path not in after:
            yield path, "removed"
        elif path not in before:
            yield path, "added"
        elif before[path] != after[path]:
            yield path, "edited"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
