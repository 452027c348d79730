"""The fixtures of `crossbook_testing`. pytest loads this plugin wherever crossbook is installed.

It imports nothing of crossbook until a test uses one of its fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crossbook_testing import BookFactory, Clock, Sandbox

MARK = "crossbook_sandbox"
# So that failed assertions of the contract show the compared values.
pytest.register_assert_rewrite("crossbook_testing.contract")


def pytest_configure(config: pytest.Config) -> None:
    """Register the pytest marker of this plugin."""
    config.addinivalue_line(
        "markers",
        f"{MARK}(socket=False, **switches): options of the test's sandbox; see crossbook_testing.Sandbox",
    )


@pytest.fixture
def crossbook_clock() -> Iterator[Clock]:
    """A virtual clock, so that the test does not wait; see `crossbook_testing.Clock`."""
    from crossbook_testing import Clock

    clock = Clock()
    yield clock
    clock.release()


@pytest.fixture
def crossbook_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The four vendors with new, empty accounts; see `crossbook_testing.Sandbox`."""
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
def crossbook_book(crossbook_sandbox: Sandbox) -> BookFactory:
    """Make books on the sandbox's accounts: `async with crossbook_book("vercom") as book: …`"""
    return crossbook_sandbox.book
