"""The findings of --check: the spec, the codegen or the generated code was changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fingerprints
import pytest
from generate import check, generate

Edit = Callable[[str, str, str], None]


def test_no_findings_after_generation(root: Path) -> None:
    generate(root)
    (root / "generated" / "crossbook_wire" / "__pycache__").mkdir()
    (root / "generated" / "crossbook_wire" / "__pycache__" / "http.pyc").write_bytes(b"\x00")
    assert check(root) == []


@pytest.mark.parametrize(
    "changed",
    ["specs/tiny.yaml", "specs/codegen/relax.py", "specs/codegen/claims.py", "specs/codegen/templates/http.py.jinja"],
)
def test_changed_source_is_reported(root: Path, edit: Edit, changed: str) -> None:
    generate(root)
    edit(changed, "\n", "\n\n")
    assert check(root) == [f"{changed} was edited after generated/ was written: run `make generate` and commit both"]


def test_added_or_removed_spec_is_reported(root: Path) -> None:
    generate(root)
    (root / "specs" / "tiny.yaml").rename(root / "specs" / "small.yaml")
    assert check(root) == [
        "specs/small.yaml was added after generated/ was written: run `make generate` and commit both",
        "specs/tiny.yaml was removed after generated/ was written: run `make generate` and commit both",
    ]


def test_changed_generated_code_is_reported(root: Path, edit: Edit) -> None:
    generate(root)
    edit("generated/crossbook_wire/tiny/models.py", "str", "int")
    (root / "generated" / "README.md").unlink()
    (root / "generated" / "crossbook_wire" / "mine.py").touch()
    remedy = "by hand: change its spec or a template instead, then run `make generate`"
    assert check(root) == [
        f"generated/README.md was removed {remedy}",
        f"generated/crossbook_wire/mine.py was added {remedy}",
        f"generated/crossbook_wire/tiny/models.py was edited {remedy}",
    ]


def test_both_changed_are_reported(root: Path, edit: Edit) -> None:
    generate(root)
    edit("specs/tiny.yaml", "title: Tiny", "title: Small")
    edit("generated/crossbook_wire/tiny/api.py", "Tiny", "Small")
    assert [line.split(" was ")[0] for line in check(root)] == [
        "specs/tiny.yaml",
        "generated/crossbook_wire/tiny/api.py",
    ]


def test_forged_sums_are_reported(root: Path, edit: Edit) -> None:
    generate(root)
    edit("generated/crossbook_wire/http.py", "Generated code builds", "Generated code makes")
    tree = {path.relative_to(root / "generated").as_posix(): path.read_text() for path in root.glob("generated/**/*.*")}
    (root / "generated" / "SHA256SUMS").write_text(fingerprints.make_sums(root, tree))
    assert check(root) == [
        "generated/crossbook_wire/http.py differs from what the specs give, although SHA256SUMS has its hash"
    ]


def test_other_tool_version_is_named(root: Path, edit: Edit) -> None:
    generate(root)
    edit("generated/SHA256SUMS", "openapi-python-client 0.", "openapi-python-client 9.")
    [line] = check(root)
    assert line.startswith("generated/ was written with openapi-python-client 9.")


def test_missing_sums_are_reported(root: Path) -> None:
    assert check(root) == ["generated/SHA256SUMS is missing: run `make generate`"]
