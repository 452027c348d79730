"""The runner of blocks notices what a reader would notice."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import blocks_of, run_page


def page(folder: Path, text: str) -> None:
    path = folder / "page.md"
    path.write_text(text.replace("'''", "```"), encoding="utf-8")
    run_page(list(blocks_of(path)), folder)


def test_blocks_of_a_page_are_one_session_and_may_await(tmp_path: Path) -> None:
    page(
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


def test_a_context_takes_the_blocks_behind_it_in(tmp_path: Path) -> None:
    page(
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
def test_what_is_wrong_fails(tmp_path: Path, text: str) -> None:
    with pytest.raises(AssertionError):
        page(tmp_path, text)


def test_a_traceback_names_the_line_of_the_page(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        page(tmp_path, "# Title\n\n'''python\n\n1 / 0\n'''\n")
    last = caught.traceback[-1]
    assert (last.path, last.lineno + 1) == (tmp_path / "page.md", 5)
