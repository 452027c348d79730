"""The pytest plugin of `crossbook_testing`, found by pytest itself wherever crossbook is installed.

It stands beside crossbook and not inside of it: a run of pytest that uses none of its fixtures imports nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crossbook_testing import Books, Clock, Sandbox

MARK = "crossbook_sandbox"
# Its assertions say what they compared, as those in a test module do.
pytest.register_assert_rewrite("crossbook_testing.contract")


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker."""
    config.addinivalue_line(
        "markers", f"{MARK}(socket=False, **switches): how the sandbox of this test is; see crossbook_testing.Sandbox"
    )


@pytest.fixture
def crossbook_clock() -> Iterator[Clock]:
    """Time that the test need not wait for; see `crossbook_testing.Clock`."""
    from crossbook_testing import Clock

    clock = Clock()
    yield clock
    clock.release()


@pytest.fixture
def crossbook_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The four vendors, fresh and empty, and nothing but them for this test; see `crossbook_testing.Sandbox`."""
    try:
        from crossbook_testing import Sandbox
    except ModuleNotFoundError as error:
        pytest.fail(f"crossbook_sandbox needs {error.name}: pip install 'crossbook[testing]'", pytrace=False)
    clock: Clock | None = None
    if "crossbook_clock" in request.fixturenames:
        clock = request.getfixturevalue("crossbook_clock")
    mark = request.node.get_closest_marker(MARK)
    switches: dict[str, Any] = dict(mark.kwargs) if mark else {}
    with Sandbox(clock=clock, **switches) as sandbox:
        yield sandbox


@pytest.fixture
def crossbook_book(crossbook_sandbox: Sandbox) -> Books:
    """Makes books on the sandbox's accounts: `async with crossbook_book("vercom") as book: …`"""
    return crossbook_sandbox.book
