"""`crossbook import` of a large file into a vendor that takes contacts in bulk, and the same command again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench import Bench
from benchmarks.row import Result, Row

COUNT = 1_000_000
_IMPORT = f"`crossbook import` of {COUNT:,} rows into an in-process vendor in bulk"
ROWS = (
    Row("file_import.journal", f"{_IMPORT}: CPU with a journal against without", "≤", 1.6),
    Row("file_import.memory", f"{_IMPORT}, with a journal: memory", "≤", 120, "MiB"),
    Row("file_import.again", "the same command again when all is done: CPU against the first run", "≤", 0.1),
)


def _write_file(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("external_id,email,phone,first_name,last_name,company\n")
        for number in range(count):
            file.write(f"crm{number},person.{number}@example.com,+48500{number:06},Anna,Example,ABC\n")


def _run(path: Path, *options: str) -> dict[str, float]:
    """Run the command, and return the CPU seconds and the memory in MiB that it prints."""
    command = [sys.executable, "-m", "benchmarks.import_run", "import", str(path), "--to", "vercom", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    *printed, figures = done.stderr.strip().splitlines()
    if done.returncode:
        raise RuntimeError("; ".join(printed[-3:]))
    found: dict[str, float] = json.loads(figures)
    return found


def run(bench: Bench) -> Iterator[Result]:
    count = bench.few(COUNT)
    with TemporaryDirectory() as folder:
        path, journal = Path(folder) / "people.csv", str(Path(folder) / "journal.sqlite")
        _write_file(path, count)
        bench.step("without a journal")
        plain = _run(path)["cpu"]
        bench.step("with a journal")
        first = _run(path, "--journal", journal)
        bench.step("again")
        again = _run(path, "--journal", journal)["cpu"]
    yield Result(ROWS[0], [first["cpu"] / plain], {"with, s": [first["cpu"]], "without, s": [plain]}, bench.share)
    yield Result(ROWS[1], [first["memory"]], {}, bench.share)
    yield Result(ROWS[2], [again / first["cpu"]], {"again, s": [again], "first, s": [first["cpu"]]}, bench.share)
