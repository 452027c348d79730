"""Check that the runner of Python blocks reports errors and wrong output."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import blocks_of, run_page


def run_text(folder: Path, text: str) -> None:
    path = folder / "page.md"
    path.write_text(text.replace("'''", "```"), encoding="utf-8")
    run_page(list(blocks_of(path)), folder)


def test_blocks_share_session_and_await(tmp_path: Path) -> None:
    run_text(
        tmp_path,
        """
'''python
import asyncio

one = await asyncio.sleep(0, result=1)
'''

'''python
print(one + 1)
'''

'''text title="Output"
2
'''
""",
    )


def test_context_wraps_later_blocks(tmp_path: Path) -> None:
    run_text(
        tmp_path,
        """
'''python
from contextlib import nullcontext

with nullcontext(3) as number:
    ...
'''

'''python
print(number)
'''

'''text title="Output"
3
'''
""",
    )


@pytest.mark.parametrize(
    "text",
    [
        "'''python\nprint(1)\n'''\n\n'''text title=\"Output\"\n2\n'''\n",
        "'''python\nimport asyncio\n\nasyncio.run(asyncio.sleep(0))\nprint(1)\n'''\n'''text title=\"Output\"\n2\n'''\n",
        "'''python\nassert False\n'''\n",
        "'''python\ndef test_it():\n    assert False\n'''\n",
        "'''python\nif\n'''\n",
        "- in a list\n\n    '''python\n    assert False\n    '''\n",
    ],
    ids=["output", "program", "statement", "test", "syntax", "indented"],
)
def test_wrong_block_fails(tmp_path: Path, text: str) -> None:
    with pytest.raises(AssertionError):
        run_text(tmp_path, text)


def test_traceback_has_page_line(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_text(tmp_path, "# Title\n\n'''python\n\n1 / 0\n'''\n")
    last = caught.traceback[-1]
    assert (last.path, last.lineno + 1) == (tmp_path / "page.md", 5)
