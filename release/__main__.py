"""Build wheel and sdist into dist/ and test them as a user installs them: `make build`.

Each extra is installed alone into two environments of its own, below build/release: with the lowest and with the newest
version of every dependency that pyproject.toml allows. The sdist must be able to write generated/ anew from its specs.
Prints a line a step, and the whole output of a step that failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from crossbook_sandbox import running
from release.trials import TRIALS, Trial

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "crossbook",
    "crossbook_cli",
    "crossbook_testing",
    "crossbook_verify",
    "crossbook_sandbox",
    "crossbook_wire",
)
CORE = "core"
DIST, WORK = ROOT / "dist", ROOT / "build" / "release"
UV = (sys.executable, "-m", "uv", "--quiet")
# The lowest versions of direct dependencies. Indirect dependencies have their own lower bounds.
RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}


class StepFailedError(Exception):
    """A step of the release check failed. The message is the step's output."""


def main(wanted: list[str]) -> int:
    """Run every step in order, for the given extras, and stop at the first that fails."""
    for folder in (DIST, WORK):
        shutil.rmtree(folder, ignore_errors=True)
    WORK.mkdir(parents=True)
    try:
        with step("sdist, and the wheel from it"):
            run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(DIST), str(ROOT)])
        (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
        with step("what is in the wheel"):
            look_into(wheel)
        with step("the sdist writes generated/ from its specs"):
            regenerate(sdist)
        for extra, trial in TRIALS.items():
            if not wanted or extra in wanted:
                for bound in RESOLUTIONS:
                    what = "crossbook without an extra" if extra == CORE else f"crossbook[{extra}] alone"
                    with step(f"{what}, {bound}") as notes:
                        notes += try_out(wheel, extra, trial, bound)
    except StepFailedError as failure:
        print(f"failed\n\n{failure}", file=sys.stderr)
        return 1
    print(f"\n{wheel.name} and {sdist.name} are in {DIST.relative_to(ROOT)}/.")
    return 0


@contextmanager
def step(name: str) -> Generator[list[str]]:
    """Print a line with the step, its seconds, and the notes that it appends to the list."""
    print(f"{name:<46}", end="", flush=True)
    began = time.monotonic()
    notes: list[str] = []
    yield notes
    print(f"ok {time.monotonic() - began:6.1f} s  {', '.join(notes)}".rstrip(), flush=True)


def run(
    command: list[str], *, folder: Path = WORK, variables: dict[str, str] | None = None, succeeds: bool = True
) -> str:
    """Run a command outside of the sources, so that only installed packages are importable."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **(variables or {})}, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    if (done.returncode == 0) is not succeeds:
        raise StepFailedError(f"$ {' '.join(command)}\n{said}")
    return said


def look_into(wheel: Path) -> None:
    """Check that the wheel has the packages with types and the licence, and no other files."""
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    tops = {name.split("/")[0] for name in names}
    meta = next(top for top in tops if top.endswith(".dist-info"))
    expected = {*PACKAGES, meta}
    if tops != expected:
        raise StepFailedError(f"the wheel has {', '.join(sorted(tops))}, expected {', '.join(sorted(expected))}")
    needed = [f"{package}/py.typed" for package in PACKAGES]
    missing = [name for name in (*needed, f"{meta}/licenses/LICENSE") if name not in names]
    if missing:
        raise StepFailedError(f"the wheel lacks {', '.join(missing)}")


def regenerate(sdist: Path) -> None:
    """Unpack the sdist and check that its specs give its generated code."""
    with tarfile.open(sdist) as file:
        file.extractall(WORK / "sdist", filter="data")
    (unpacked,) = (WORK / "sdist").iterdir()
    run([sys.executable, "specs/codegen/generate.py", "--check"], folder=unpacked)
    for name in (
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "zensical.toml",
        "docs",
        "tests",
    ):
        if not (unpacked / name).exists():
            raise StepFailedError(f"the sdist lacks {name}")


def try_out(wheel: Path, extra: str, trial: Trial, bound: str) -> list[str]:
    """Test one extra in a new environment with the lowest or newest dependencies, and return their versions."""
    home = WORK / f"{extra}-{bound}"
    programs = home / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(programs / "python")
    run([*UV, "venv", "--python", sys.executable, str(home)])
    # uv takes the lowest versions of the direct arguments, so pyproject.toml is passed, not the wheel.
    chosen = [] if extra == CORE else ["--extra", extra]
    source = ["--requirements", str(ROOT / "pyproject.toml"), *chosen, f"crossbook @ {wheel.as_uri()}"]
    run([*UV, "pip", "install", "--python", python, "--resolution", RESOLUTIONS[bound], "--compile-bytecode", *source])
    run([*UV, "pip", "check", "--python", python])
    others = {package for other in TRIALS.values() for package in other.packages} - set(trial.packages)
    script = str(ROOT / "release" / "imports.py")
    run([python, "-P", script, ",".join(trial.packages), ",".join(sorted(others))])
    with running() as sandbox:
        path = os.pathsep.join((str(programs), os.environ["PATH"]))
        variables = {**sandbox.env, "PATH": path}
        for program, *rest in trial.commands:
            run([str(programs / program), *rest], folder=home, variables=variables)
    for program, *rest in trial.refuses:
        said = run([str(programs / program), *rest], succeeds=False)
        if "pip install" not in said:
            raise StepFailedError(f"{program} must name the missing extra in one line, but prints\n{said}")
    return versions(python, extra, bound)


def versions(python: str, extra: str, bound: str) -> list[str]:
    """Return the versions of the extra's dependencies, after a check that they are the lowest if those are tested."""
    lines = run([*UV, "pip", "freeze", "--python", python]).splitlines()
    found = dict(line.split("==") for line in lines if "==" in line)
    required = [each for each in requirements(extra) if each.marker is None or each.marker.evaluate()]
    if bound == "lowest":
        for each in required:
            (floor,) = (Version(one.version) for one in each.specifier if one.operator == ">=")
            if Version(found[each.name]) != floor:
                lowest = found[each.name]
                raise StepFailedError(f"{each} is allowed, but {lowest} is the lowest that installs: raise the bound")
    return [f"{each.name} {found[each.name]}" for each in required]


def requirements(extra: str) -> list[Requirement]:
    """Return the dependencies in pyproject.toml of the core, or of an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = project["dependencies"] if extra == CORE else project["optional-dependencies"][extra]
    return [each for each in map(Requirement, named) if each.name != project["name"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
