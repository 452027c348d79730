"""Builds wheel and sdist into dist/, and tries them as a user gets them: `make build`.

Each extra is installed alone into an environment of its own, below build/release; the sdist must be able to write
generated/ anew from its specs. Prints a line a step, and the whole output of a step that failed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import time
import venv
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from release.trials import TRIALS, Trial

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("crossbook", "crossbook_pytest", "crossbook_sandbox", "crossbook_wire")
CORE = "core"
DIST, WORK = ROOT / "dist", ROOT / "build" / "release"


class Failed(Exception):
    """A step failed; the message is what it printed."""


def main(wanted: list[str]) -> int:
    """Every step in order, of the extras those that are wanted; ends at the first that fails."""
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
                with step("crossbook without an extra" if extra == CORE else f"crossbook[{extra}] alone"):
                    try_out(wheel, extra, trial)
    except Failed as failure:
        print(f"failed\n\n{failure}", file=sys.stderr)
        return 1
    print(f"\n{wheel.name} and {sdist.name} are in {DIST.relative_to(ROOT)}/.")
    return 0


@contextmanager
def step(name: str) -> Generator[None]:
    """A line that says what is tried, and how long it took."""
    print(f"{name:<46}", end="", flush=True)
    began = time.monotonic()
    yield
    print(f"ok {time.monotonic() - began:6.1f} s", flush=True)


def run(command: list[str], *, folder: Path = WORK, succeeds: bool = True) -> str:
    """Runs a command away from the sources, so that only what is installed can be found."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if (done.returncode == 0) is not succeeds:
        raise Failed(f"$ {' '.join(command)}\n{said}")
    return said


def look_into(wheel: Path) -> None:
    """The packages with their types and the licence, and nothing else."""
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    tops = {name.split("/")[0] for name in names}
    meta = next(top for top in tops if top.endswith(".dist-info"))
    expected = {*PACKAGES, meta}
    if tops != expected:
        raise Failed(f"the wheel holds {', '.join(sorted(tops))} and not {', '.join(sorted(expected))}")
    needed = [f"{package}/py.typed" for package in PACKAGES]
    missing = [name for name in (*needed, f"{meta}/licenses/LICENSE") if name not in names]
    if missing:
        raise Failed(f"the wheel lacks {', '.join(missing)}")


def regenerate(sdist: Path) -> None:
    """What a distributor would do: unpack, and see that the generated code comes out of the specs."""
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
            raise Failed(f"the sdist lacks {name}")


def try_out(wheel: Path, extra: str, trial: Trial) -> None:
    """One extra in an environment of its own."""
    home = WORK / extra
    venv.create(home, with_pip=True)
    programs = home / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(programs / "python")
    wanted = f"crossbook @ {wheel.as_uri()}" if extra == CORE else f"crossbook[{extra}] @ {wheel.as_uri()}"
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted])
    run([python, "-m", "pip", "check", "--disable-pip-version-check"])
    others = {room for other in TRIALS.values() for room in other.rooms} - set(trial.rooms)
    script = str(ROOT / "release" / "imports.py")
    run([python, "-P", script, ",".join(trial.rooms), ",".join(sorted(others))])
    for program, *rest in trial.commands:
        run([str(programs / program), *rest])
    for program, *rest in trial.refuses:
        said = run([str(programs / program), *rest], succeeds=False)
        if "pip install" not in said:
            raise Failed(f"{program} does not say what it lacks, but\n{said}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
