"""Run every Python block of README, docs and docstrings against the sandbox."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from blocks import ROOT, Block, blocks_of, gap_of, run_page, run_session

import crossbook_sandbox
from crossbook.otel import CrossbookInstrumentor
from crossbook_sandbox import Running
from tests.fleet.server import PostgresServer

REFERENCE = ROOT / "docs" / "reference"
# The page whose context the examples of a package run in; the first match wins.
CONTEXTS = {
    "src/crossbook/fastapi": REFERENCE / "fastapi.md",
    "src/crossbook/files": REFERENCE / "files.md",
    "src/crossbook_testing": REFERENCE / "testing.md",
    "src/crossbook_verify": REFERENCE / "verify.md",
    "src/crossbook_sandbox": REFERENCE / "sandbox.md",
    "src/crossbook_fleet": REFERENCE / "fleet.md",
    "src/crossbook": REFERENCE / "index.md",
    "generated": REFERENCE / "index.md",
}
_MARKDOWN = [page for pattern in ("*.md", "docs/**/*.md", "specs/*.md") for page in sorted(ROOT.glob(pattern))]
PAGES = [page for page in _MARKDOWN if any(blocks_of(page))]
EXAMPLES = [
    block
    for folder in ("src", "generated")
    for path in sorted((ROOT / folder).rglob("*.py"))
    for block in blocks_of(path)
]  # fmt: skip


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with crossbook_sandbox.running(rates={}, vercom_segment_wait=0) as running:
        yield running


@pytest.fixture(autouse=True)
def account(running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set the sandbox's variables and an empty folder, as after docs/start.md."""
    httpx.post(f"{running.url}/_sandbox/reset", trust_env=False, timeout=60).raise_for_status()
    for name, value in running.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as postgres:
        yield postgres


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a page or an example of the fleet an empty database, and the account `main` at Vercom."""
    (shown,) = request.node.callspec.params.values()
    path = shown.path if isinstance(shown, Block) else shown
    if "crossbook_fleet" not in path.read_text(encoding="utf-8"):
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    monkeypatch.setenv("CROSSBOOK_FLEET_URL", postgres.make_database())
    for name, value in running.env.items():
        monkeypatch.setenv(name.replace("VERCOM", "MAIN"), value)


@pytest.fixture(autouse=True)
def observation() -> Iterator[None]:
    """Undo what a page does to the whole process: the log's level and handlers, and instrumentation."""
    logger = logging.getLogger("crossbook")
    level, handlers = logger.level, [*logger.handlers]
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers
    CrossbookInstrumentor().uninstrument()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_runs(page: Path, tmp_path: Path) -> None:
    run_page(list(blocks_of(page)), tmp_path)


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: f"{block.path.relative_to(ROOT)}:{block.line}")
def test_docstring_example_runs(block: Block, tmp_path: Path) -> None:
    if block.is_program or block.is_tests:
        run_page([block], tmp_path)
    else:
        run_session(_context(block), [block])


def _context(block: Block) -> Block:
    name = block.path.relative_to(ROOT).as_posix()
    page = next(page for prefix, page in CONTEXTS.items() if name.startswith(prefix))
    return next(candidate for candidate in blocks_of(page) if gap_of(candidate.parse()) is not None)
