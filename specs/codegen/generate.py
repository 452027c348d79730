"""Write generated/ from specs/ (`make generate`). With `--check`, only compare them, as `make check` does.

The rules are checked first, since the generator loses, without a warning, what breaks some of them. Then each spec is
relaxed, rendered with the pinned generator and our templates, formatted, and checked for lost operations. generated/ is
written only if all specs succeed. Then the changes are printed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import fingerprints
import rules
from changes import report
from check import check_coverage
from claims import make_claims
from document import Node, SpecError, load
from jinja2 import Environment, FileSystemLoader
from render import render

# Without --isolated, ruff would read any pyproject.toml above the temporary folder.
RUFF = ("--isolated", "--no-cache", "--target-version", "py311", "--line-length", "100")
RUFF_STEPS = (
    ("check", "--fix-only", "--select", "F401,F841,UP"),
    ("check", "--fix-only", "--select", "I"),  # later: it would keep a line of imports long of which few are used
    ("format",),
)

Tree = dict[str, str]


def build(root: Path) -> Tree:
    """Return the files of generated/ except SHA256SUMS (path → text). Raises `SpecError`."""
    templates = root / "specs" / "codegen" / "templates"
    vendors = {path.stem: load(path) for path in sorted(root.glob("specs/*.yaml"))}
    plain = Environment(loader=FileSystemLoader(templates), keep_trailing_newline=True, trim_blocks=True)
    tree = {
        "README.md": plain.get_template("README.md.jinja").render(
            vendors={vendor: spec["info"]["title"] for vendor, spec in vendors.items()}
        ),
        "crossbook_wire/__init__.py": plain.get_template("package.py.jinja").render(),
        "crossbook_wire/http.py": plain.get_template("http.py.jinja").render(),
        "crossbook_wire/py.typed": "",
    }
    for vendor, spec in vendors.items():
        tree |= {f"crossbook_wire/{name}": text for name, text in _package(vendor, spec, templates).items()}
    tree = _format(tree)
    for vendor, spec in vendors.items():
        check_coverage(vendor, spec, tree[f"crossbook_wire/{vendor}/api.py"])
    return tree


def build_one(path: Path) -> Tree:
    """Return the package of a spec outside of specs/ (`<vendor>/<file>` → text). Raises `SpecError`."""
    spec = load(path)
    tree = _format(_package(path.stem, spec, Path(__file__).resolve().parent / "templates"))
    check_coverage(path.stem, spec, tree[f"{path.stem}/api.py"])
    return tree


def _package(vendor: str, spec: Node, templates: Path) -> Tree:
    try:
        package = render(vendor, spec, templates)
        package["claims.json"] = json.dumps(make_claims(spec), ensure_ascii=False, indent=1) + "\n"
    except SpecError as error:
        raise SpecError(f"{vendor}.yaml: {error}") from error
    return {f"{vendor}/{name}": text for name, text in package.items()}


def write(tree: Tree, folder: Path) -> None:
    """Write these files (path → text) below a folder."""
    for path, text in tree.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")


def generate(root: Path) -> str:
    """Write generated/ below the root and return the report of changes; empty if nothing changed."""
    tree = build(root)
    before = read_generated(root)
    folders = {Path(path).parent for path in tree}
    for path in before.keys() - tree.keys():
        (root / "generated" / path).unlink()
        if Path(path).parent not in folders:
            shutil.rmtree(root / "generated" / Path(path).parent)
    write({**tree, fingerprints.NAME: fingerprints.make_sums(root, tree)}, root / "generated")
    return report(before, tree)


def generate_one(spec: Path, folder: Path) -> str:
    """Write the package of a spec outside of specs/ into a folder and return the report of changes."""
    tree = build_one(spec)
    before = {path: (folder / path).read_text(encoding="utf-8") for path in tree if (folder / path).exists()}
    write(tree, folder)
    old, new = ({f"crossbook_wire/{path}": text for path, text in each.items()} for each in (before, tree))
    return report(old, new)


def check(root: Path) -> list[str]:
    """Compare generated/ with the specs and return a line for every changed file."""
    sums = root / "generated" / fingerprints.NAME
    if not sums.exists():
        return [f"generated/{fingerprints.NAME} is missing: run `make generate`"]
    return fingerprints.find_changed(root, sums.read_text(encoding="utf-8"), read_generated(root), build(root))


def read_generated(root: Path) -> Tree:
    """Return the present files of generated/ except SHA256SUMS."""
    folder = root / "generated"
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: path.read_text(encoding="utf-8")
        for name, path in sorted(files.items())
        if name != fingerprints.NAME and "__pycache__" not in path.parts
    }


def _format(tree: Tree) -> Tree:
    with tempfile.TemporaryDirectory() as scratch:
        write(tree, Path(scratch))
        for step, *flags in RUFF_STEPS:
            done = subprocess.run(
                [sys.executable, "-m", "ruff", step, *flags, *RUFF, "."], cwd=scratch, capture_output=True, text=True
            )
            if done.returncode:
                raise SpecError(f"ruff {step} rejects the rendered code: {done.stdout}{done.stderr}")
        return {path: Path(scratch, path).read_text(encoding="utf-8") for path in tree}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; report changed files")
    parser.add_argument("--spec", type=Path, help="a spec outside of specs/, named after its vendor")
    parser.add_argument("--to", type=Path, help="the folder for its package")
    arguments = parser.parse_args()
    if (arguments.spec is None) != (arguments.to is None) or (arguments.spec and arguments.check):
        parser.error("use --spec and --to together, and without --check")
    root = Path(__file__).resolve().parents[2]
    specs = [arguments.spec] if arguments.spec else sorted(root.glob("specs/*.yaml"))
    if findings := [line for spec in specs for line in rules.report(spec)]:
        print("\n".join(findings), file=sys.stderr)
        return 1
    try:
        if arguments.spec:
            lines = generate_one(arguments.spec, arguments.to).splitlines()
        else:
            lines = check(root) if arguments.check else generate(root).splitlines()
    except SpecError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if arguments.check and lines else 0


if __name__ == "__main__":
    sys.exit(main())
