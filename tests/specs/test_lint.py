"""Redocly CLI checks the specs, in the locked version; a machine that cannot install it is told so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import lint
import pytest


@pytest.fixture
def installed() -> None:
    if reason := lint.install():
        pytest.skip(f"npm cannot install Redocly CLI: {reason.splitlines()[-1]}")


@pytest.mark.usefixtures("installed")
def test_specs_have_no_warnings(capfd: pytest.CaptureFixture[str]) -> None:
    assert lint.main([]) == 0
    printed = capfd.readouterr().out
    assert "warning" not in printed


@pytest.mark.usefixtures("installed")
def test_error_names_file_and_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = (lint.SPECS / "atom.yaml").read_text(encoding="utf-8")
    before, found, after = text.partition("      operationId: createContact")
    assert found
    broken = tmp_path / "broken.yaml"
    broken.write_text(f"{before}      operatoinId: createContact{after}", encoding="utf-8")
    assert lint.main([str(broken)]) == 1
    printed = capfd.readouterr().out
    assert "broken.yaml:" in printed
    assert f"  {before.count(chr(10)) + 1}:7 " in printed


def test_machine_without_npm_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(arguments: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert arguments[0] == "ci"
        return subprocess.CompletedProcess(arguments, 1, "", "npm error network is unreachable")

    monkeypatch.setattr(lint, "PACKAGE", tmp_path / "absent")
    monkeypatch.setattr(lint, "npm", refuse)
    assert lint.main([]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said == ["npm error network is unreachable", "NOT CHECKED with Redocly CLI: npm cannot install it here."]


def test_lock_has_versions_and_hashes() -> None:
    lock = json.loads((lint.FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    asked = json.loads((lint.FOLDER / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert {f"node_modules/{name}" for name in asked} <= packages.keys()
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
    for each in packages.values():
        assert each["integrity"].startswith("sha512-")
        assert "resolved" not in each  # the address of a registry
