"""Run the Python blocks of a page or a docstring as a reader would.

- The blocks of a page are one session: a block can use the names of earlier blocks.
- A block that ends with `...`, alone or inside a `with`, is the context: later blocks of the page replace the `...`.
- A block that calls `asyncio.run` is a whole program, and a block that defines tests is run by pytest: both run alone.
- A block that shows a file of the repository (`--8<--`) imports that module.
- A fence titled "Output" after a block is its expected output; `…` matches any text.

Blocks may await, as in `python -m asyncio`. A block cannot be skipped.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from attrs import define

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?: *\{ *\.)?(?:python|py)\b.*\n(?P<source>(?:.*\n)*?)(?P=indent)```$", re.MULTILINE
)
_FILE = re.compile(r'--8<-- "(\S+)\.py"\n')
_OUTPUT = re.compile(r"\s*```text title=\"Output\"\n(.*?)\n *```", re.DOTALL)


@define
class Block:
    """One block: its file and line, its source, and its expected output."""

    path: Path
    line: int
    source: str
    output: str | None

    def parse(self) -> ast.Module:
        try:
            tree = ast.parse(self.source, self.path)
        except SyntaxError as error:
            raise AssertionError(f"{self.path}:{self.line + (error.lineno or 0)}: {error.msg}") from None
        # So that a traceback names the page and its line.
        return ast.increment_lineno(tree, self.line)

    @property
    def shows(self) -> str | None:
        """Return the name of the module that the block shows, or None."""
        found = _FILE.fullmatch(self.source)
        return found.group(1).replace("/", ".") if found else None

    @property
    def is_program(self) -> bool:
        return re.search(r"^(asyncio|anyio|trio|uvicorn)\.run\(", self.source, re.MULTILINE) is not None

    @property
    def is_tests(self) -> bool:
        return re.search(r"^(async )?def test_", self.source, re.MULTILINE) is not None


def blocks_of(path: Path) -> Iterator[Block]:
    """Yield the Python blocks of a page, or of the docstrings of a module, in order."""
    text = path.read_text(encoding="utf-8")
    for fence in _FENCE.finditer(text):
        line = text.count("\n", 0, fence.start()) + 1
        output = _OUTPUT.match(text, fence.end())
        yield Block(path, line, textwrap.dedent(fence["source"]), output and output.group(1))


def run_page(blocks: Sequence[Block], folder: Path) -> None:
    """Run a page: its sessions, programs and tests."""
    context: Block | None = None
    session: list[Block] = []
    tests: list[Block] = []
    for block in blocks:
        if block.shows is not None:
            importlib.import_module(block.shows)
        elif block.is_program:
            _compare(block, _program(block))
        elif block.is_tests:
            tests.append(block)
        elif gap_of(block.parse()) is not None:
            run_session(context, session)
            context, session = block, []
        else:
            session.append(block)
    run_session(context, session)
    if tests:
        _pytest(tests, folder)


def run_session(context: Block | None, blocks: Sequence[Block]) -> None:
    """Run the blocks of a session inside their context, and compare the output of each block."""
    if context is None and not blocks:
        return
    printed = io.StringIO()
    ends: list[int] = []
    body: list[ast.stmt] = []
    for block in blocks:
        body += [*block.parse().body, *ast.parse("__end_of_block__()").body]
    whole = ast.Module(body, [])
    if context is not None:
        whole = context.parse()
        gap = gap_of(whole)
        assert gap is not None
        gap[-1:] = body or [ast.Pass()]
    namespace: dict[str, Any] = {"__name__": "__main__", "__end_of_block__": lambda: ends.append(printed.tell())}
    where = (context or blocks[0]).path
    code = compile(ast.fix_missing_locations(whole), where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with redirect_stdout(printed):
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, namespace))
        else:
            exec(code, namespace)
    for block, start, end in zip(blocks, [0, *ends], ends, strict=False):
        _compare(block, printed.getvalue()[start:end])


def gap_of(tree: ast.Module) -> list[ast.stmt] | None:
    """Return the statements of a context that end with its `...`, or None if the block is not a context."""
    body = tree.body
    while body and isinstance(body[-1], ast.With | ast.AsyncWith):
        body = body[-1].body
    last = body[-1] if body else None
    return body if isinstance(last, ast.Expr) and ast.unparse(last) == "..." else None


def _program(block: Block) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(block.parse(), block.path, "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def _pytest(blocks: Sequence[Block], folder: Path) -> None:
    """Run blocks of tests in a separate project, with only crossbook's and anyio's plugins."""
    for block in blocks:
        (folder / f"test_line_{block.line}.py").write_text(block.source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), "-p", "no:cacheprovider", "-W", "error"]
    plugins = ["-p", "anyio", "-p", "crossbook_testing.pytest_plugin"]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run([*command, *plugins], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{blocks[0].path}\n{done.stdout}{done.stderr}"


def _compare(block: Block, printed: str) -> None:
    if block.output is None:
        return
    expected = inspect.cleandoc(block.output).strip()
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    assert re.fullmatch(pattern, printed.strip(), re.DOTALL), (
        f"{block.path}:{block.line} prints\n{printed}\ninstead of\n{expected}"
    )
