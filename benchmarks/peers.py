"""The clients that other generators write from the same spec. They are made in .bench/peers at first use."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "specs" / "vercom.yaml"
FOLDER = ROOT / ".bench" / "peers"
PACKAGES = {"openapi-python-client": "vercom_stock", "openapi-generator": "vercom_generator"}


class MissingPeerError(Exception):
    """A compared client cannot run here. The message says why."""


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _stock(folder: Path) -> list[str]:
    command = ["generate", "--path", str(SPEC), "--meta", "none", "--output-path", str(folder), "--overwrite"]
    return [_tool("openapi-python-client"), *command]


def _generator(folder: Path) -> list[str]:
    if shutil.which("java") is None:
        raise MissingPeerError("openapi-generator needs Java: install a Java runtime")
    command = ["generate", "-g", "python", "--library", "asyncio", "-i", str(SPEC), "-o", str(folder.parent)]
    return [_tool("openapi-generator-cli"), *command, "--package-name", folder.name]


_TOOLS: dict[str, tuple[str, Callable[[Path], list[str]]]] = {
    "openapi-python-client": ("openapi-python-client", _stock),
    "openapi-generator": ("openapi-generator-cli", _generator),
}


def ready(name: str) -> Path:
    """Make the peer's client if it is missing, and return the folder from which its package can be imported.

    Raises:
        MissingPeerError: the peer cannot be made on this machine.
    """
    distribution, command = _TOOLS[name]
    made_from = hashlib.sha256(SPEC.read_bytes() + version(distribution).encode()).hexdigest()
    folder = FOLDER / name
    stamp = folder / "made-from"
    if not stamp.exists() or stamp.read_text() != made_from:
        shutil.rmtree(folder, ignore_errors=True)
        arguments = command(folder / PACKAGES[name])
        folder.mkdir(parents=True)
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        done = subprocess.run(arguments, capture_output=True, text=True, env={**os.environ, "PATH": path}, check=False)
        if done.returncode:
            raise MissingPeerError(f"{name} failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
        stamp.write_text(made_from)
    return folder


def importable(name: str) -> None:
    """Put the peer's package on the import path, or raise `MissingPeerError`."""
    sys.path.append(str(ready(name)))
