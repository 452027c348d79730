"""Tell who strayed when specs/ and generated/ disagree: whoever changed the source, or whoever edited the result.

At each generation `generated/SHA256SUMS` notes the hash of every file that went in and of every file that came out, in
the form that `sha256sum --check` reads, and the tools in its comments. A file whose hash is no longer the noted one is
the one that was changed afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

NAME = "SHA256SUMS"
TOOLS = ("openapi-python-client", "ruff")


def inputs(root: Path) -> dict[str, bytes]:
    """Everything that generated code is made from, by its path below the root."""
    code = root / "specs" / "codegen"
    files = [*root.glob("specs/*.yaml"), *(code / "templates").iterdir()]
    files += [code / f"{name}.py" for name in ("claims", "describe", "document", "generate", "relax", "render")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(files)}


def sums(root: Path, tree: dict[str, str]) -> str:
    """The text of SHA256SUMS for a generated tree (path below generated/ → text)."""
    lines = [f"# {tool}" for tool in _tools()]
    lines += [f"{_hash(content)}  {path}" for path, content in inputs(root).items()]
    lines += [f"{_hash(text.encode())}  generated/{path}" for path, text in sorted(tree.items())]
    return "\n".join(lines) + "\n"


def verdict(root: Path, noted: str, on_disk: dict[str, str], fresh: dict[str, str]) -> list[str]:
    """One line for every file that strayed; nothing when specs and generated code agree.

    Args:
        root: The folder of specs/ and generated/.
        noted: SHA256SUMS as it is.
        on_disk: What generated/ holds, without SHA256SUMS.
        fresh: What the specs give now.
    """
    lines: list[str] = []
    recorded: dict[str, str] = {}
    for line in noted.splitlines():
        first, _, rest = line.partition(" ")
        if first != "#":
            recorded[rest.strip()] = first
        elif rest not in _tools():
            lines.append(f"generated/ was written with {rest}, here is another: install that one, or `make generate`")

    sources = {path: _hash(content) for path, content in inputs(root).items()}
    before = {path: value for path, value in recorded.items() if path.startswith("specs/")}
    for path, how in _differences(before, sources):
        lines.append(f"{path} was {how} after generated/ was written: run `make generate` and commit both")

    results = {f"generated/{path}": _hash(text.encode()) for path, text in on_disk.items()}
    for path, how in _differences({p: v for p, v in recorded.items() if p not in before}, results):
        lines.append(f"{path} was {how} by hand: change its spec or a template instead, then run `make generate`")

    if not lines:
        strayed = sorted(path for path in {**on_disk, **fresh} if on_disk.get(path) != fresh.get(path))
        lines = [f"generated/{path} is not what the specs give, though {NAME} vouches for it" for path in strayed]
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
