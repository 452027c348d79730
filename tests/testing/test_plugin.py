"""The plugin in separate pytest runs, with the runners of coroutines that users have."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

INI = """
[pytest]
addopts = --strict-markers --strict-config --assert=plain -p no:cacheprovider
filterwarnings = error
asyncio_default_fixture_loop_scope = function
{more}
"""
BODY = """
import anyio
import pytest
import crossbook
from crossbook import Contact, NoResponseError
from crossbook_testing import BookFactory, Clock, Sandbox

{marks}

async def test_import(crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock) -> None:
    crossbook_sandbox.inject_fault("create", kind=429, retry_after=30, vendor="vercom")
    lost = crossbook_sandbox.inject_fault("create", kind="reset", when="after", vendor="vercom")
    async with crossbook_book("vercom") as book:
        with pytest.raises(NoResponseError):
            await book.contacts.create(Contact(email="anna@example.com"))
    assert lost.hits == 1
    assert crossbook_clock.elapsed >= 30
    crossbook_sandbox.assert_called("create", times=2)

@pytest.mark.parametrize("vendor", ["serwersms", "atom", "filemail", "vercom"])
@pytest.mark.parametrize("again", [1, 2])
async def test_it_is_fresh(crossbook_sandbox: Sandbox, crossbook_book: BookFactory, vendor, again) -> None:
    crossbook_sandbox.seed(vendor, contacts=3)
    async with crossbook_book(vendor) as book:
        assert len([contact async for contact in book.contacts.list()]) == 3

@pytest.mark.crossbook_sandbox(socket=True, rates={{"vercom": 100}})
async def test_a_socket(crossbook_sandbox: Sandbox) -> None:
    assert crossbook_sandbox.base_urls["vercom"].startswith("http://127.0.0.1:")
    async with crossbook.open("vercom") as book:
        assert (await book.contacts.list()).items == ()
    crossbook_sandbox.assert_called("list", times=1)
"""


def run(pytester: pytest.Pytester, body: str, more: str = "", *arguments: str) -> pytest.RunResult:
    pytester.makeini(INI.format(more=more))
    pytester.makepyfile(body)
    return pytester.runpytest_inprocess(*arguments)


def test_plugin_is_found_by_pytest() -> None:
    (point,) = importlib.metadata.entry_points(group="pytest11", name="crossbook")
    assert point.value == "crossbook_testing.pytest_plugin"


def test_under_pytest_asyncio_in_strict_mode(pytester: pytest.Pytester) -> None:
    body = BODY.format(marks="pytestmark = pytest.mark.asyncio")
    run(pytester, body, "asyncio_mode = strict").assert_outcomes(passed=10)


def test_under_pytest_asyncio_in_auto_mode(pytester: pytest.Pytester) -> None:
    run(pytester, BODY.format(marks=""), "asyncio_mode = auto").assert_outcomes(passed=10)


def test_under_pytest_asyncio_with_one_loop_for_all(pytester: pytest.Pytester) -> None:
    """What crossbook learns of an account in one test is not for the next, nor is where its clock was."""
    body = BODY.format(marks='pytestmark = pytest.mark.asyncio(loop_scope="module")')
    run(pytester, body, "asyncio_mode = strict").assert_outcomes(passed=10)


def test_under_anyio_with_asyncio_and_trio(pytester: pytest.Pytester) -> None:
    run(pytester, BODY.format(marks="pytestmark = pytest.mark.anyio")).assert_outcomes(passed=20)


ASYNC_FIXTURE = """
import pytest, crossbook

pytestmark = pytest.mark.anyio

@pytest.fixture(scope="module")
async def something():
    yield 1

@pytest.fixture
async def book(crossbook_book):
    async with crossbook_book("filemail") as book:
        yield book

@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_book_of_a_fixture(something, book, crossbook_sandbox, crossbook_clock, number):
    crossbook_sandbox.inject_fault("groups.list", kind=503, retry_after=20)
    await book.groups.list()
    assert 20 <= crossbook_clock.elapsed < 30
"""


def test_book_of_async_fixture(pytester: pytest.Pytester) -> None:
    run(pytester, ASYNC_FIXTURE).assert_outcomes(passed=6)


SYNC = """
import asyncio, unittest
import crossbook
from crossbook import Contact
from crossbook_testing import Sandbox

async def sign_up(email):
    async with crossbook.Filemail.from_env() as book:
        await book.contacts.create(Contact(name="Anna", email=email))

def test_code_with_its_own_loop(crossbook_sandbox, crossbook_clock):
    crossbook_sandbox.inject_fault("login", kind=503, retry_after=50)
    asyncio.run(sign_up("anna@example.com"))
    assert [contact.email for contact in crossbook_sandbox.contacts("filemail")] == ["anna@example.com"]

class TestWithoutPytest(unittest.TestCase):
    def test_it(self):
        with Sandbox() as sandbox:
            asyncio.run(sign_up("jan@example.com"))
            sandbox.assert_called("create", vendor="filemail", times=1)
"""


def test_code_that_opens_its_own_books(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_FILEMAIL_USERNAME", "real@example.com")
    monkeypatch.setenv("CROSSBOOK_FILEMAIL_PASSWORD", "real")
    run(pytester, SYNC).assert_outcomes(passed=2)


FASTAPI = """
from typing import Annotated
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
import crossbook.fastapi
from crossbook import Contact, Vercom

app = FastAPI(lifespan=crossbook.fastapi.lifespan("vercom", "atom"))

@app.get("/contacts/{id}")
async def read(id: str, book: Annotated[Vercom, Depends(crossbook.fastapi.use("vercom"))]) -> Contact:
    return await book.contacts.get(id)

def test_an_application(crossbook_sandbox, crossbook_clock):
    (contact,) = crossbook_sandbox.seed("vercom", contacts=1).contacts
    with TestClient(app) as client:
        assert client.get(f"/contacts/{contact.id}").json()["email"] == contact.email
        crossbook_sandbox.inject_fault("get", kind=429, retry_after=20)
        assert client.get(f"/contacts/{contact.id}").status_code == 200
        assert crossbook_clock.elapsed >= 20
        assert client.get("/contacts/1").status_code == 404
    crossbook_sandbox.assert_called("get", vendor="vercom", times=4)
"""


def test_fastapi_application(pytester: pytest.Pytester) -> None:
    run(pytester, FASTAPI).assert_outcomes(passed=1)


def test_failed_assertion_hides_our_frames(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(crossbook_sandbox): crossbook_sandbox.assert_called('create')")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*create should have reached the sandbox at least once, but did never.", "E*No call*"]
    )
    result.stdout.no_fnmatch_line("*sandbox.py*")


def test_unknown_switch_is_an_error(pytester: pytest.Pytester) -> None:
    body = "import pytest\n@pytest.mark.crossbook_sandbox(sokcet=True)\ndef test_it(crossbook_sandbox): pass"
    result = run(pytester, body)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*unknown switch 'sokcet'*"])


def test_socket_and_clock_are_refused(pytester: pytest.Pytester) -> None:
    body = """
    import pytest
    @pytest.mark.crossbook_sandbox(socket=True)
    def test_it(crossbook_sandbox, crossbook_clock): pass
    """
    result = run(pytester, body)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*needs real time: pass either clock or socket=True*"])


def test_missing_extra_is_named(pytester: pytest.Pytester) -> None:
    body = """
    import sys
    import pytest
    @pytest.fixture(autouse=True)
    def no_starlette(monkeypatch):
        for name in [name for name in sys.modules if name.startswith(("crossbook_testing", "crossbook_sandbox"))]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "starlette.applications", None)
    def test_it(crossbook_sandbox): pass
    """
    result = run(pytester, body)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*crossbook_sandbox needs starlette*: pip install 'crossbook?testing?'*"])


LIGHT = """
OURS = ("crossbook_testing", "crossbook_testing.pytest_plugin")
import sys
def test_nothing_is_imported():
    ours = [name for name in sys.modules if name.startswith("crossbook") and name not in OURS]
    theirs = [name for name in ("starlette", "uvicorn", "httpx", "anyio._backends") if name in sys.modules]
    assert (ours, theirs) == ([], [])
"""
INSIDE = """
import sys
def test_no_server_is_imported_for_a_sandbox_without_a_socket(crossbook_sandbox):
    assert "starlette" in sys.modules
    assert not [name for name in ("uvicorn", "h11") if name in sys.modules]
"""


@pytest.mark.parametrize("body", [LIGHT, INSIDE], ids=["unused", "in process"])
def test_unused_plugin_imports_nothing(pytester: pytest.Pytester, body: str) -> None:
    pytester.makeini(INI.format(more=""))
    path = pytester.makepyfile(body)
    # Without the plugins of others, which import what they like; ours is still found as an entry point is.
    others = [
        f"-pno:{point.name}"
        for point in importlib.metadata.entry_points(group="pytest11")
        if point.name not in ("crossbook", "asyncio")
    ]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", *others, str(path)],
        capture_output=True, text=True, timeout=540, cwd=pytester.path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "warning" not in done.stdout.lower()
