"""The example vendor: its client matches its spec, and crossbook finds it by its name."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

import anyio
import generate
import pytest

import crossbook
from crossbook import Contact, InvalidInputError
from crossbook_cli.app import app
from crossbook_testing.server_thread import ServerThread
from examples.postcard import Postcard
from examples.postcard.server import TOKEN, Account
from examples.postcard.test_contract import TestPostcard, url

__all__ = ["TestPostcard", "url"]

HOME = Path(__file__).resolve().parents[2] / "examples" / "postcard"


def test_client_matches_spec() -> None:
    built = generate.build_one(HOME / "postcard.yaml")
    assert built == {name: (HOME / "wire" / name).read_text(encoding="utf-8") for name in built}


def test_client_is_generated_elsewhere(tmp_path: Path) -> None:
    said = generate.generate_one(HOME / "postcard.yaml", tmp_path)
    assert said.startswith("postcard\n  + 5 operations")
    assert (tmp_path / "postcard" / "api.py").read_text() == (HOME / "wire" / "postcard" / "api.py").read_text()
    assert generate.generate_one(HOME / "postcard.yaml", tmp_path) == ""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an installed package with a vendor, as pip does."""
    info = tmp_path / "crossbook_postcard-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crossbook-postcard\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[crossbook.vendors]\npostcard = examples.postcard:Postcard\natom = examples.postcard:Postcard\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_vendor_is_found_by_name(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account()

    async def main() -> None:
        async with crossbook.open("postcard") as book:
            assert isinstance(book, Postcard)
            await book.contacts.create(Contact(email="anna@example.com", name="Anna"))

    with closing(ServerThread(account.app())) as server:
        monkeypatch.setenv("CROSSBOOK_POSTCARD_TOKEN", TOKEN)
        monkeypatch.setenv("CROSSBOOK_POSTCARD_BASE_URL", server.url)
        anyio.run(main)
    assert [person["email"] for person in account.people.values()] == ["anna@example.com"]
    assert crossbook.capabilities()["contacts.find"]["postcard"].support == "native"
    monkeypatch.setenv("CROSSBOOK_EU_VENDOR", "postcard")
    monkeypatch.setenv("CROSSBOOK_EU_TOKEN", TOKEN)
    assert isinstance(crossbook.open("eu"), Postcard)


def test_command_lists_vendor(installed: None, capsys: pytest.CaptureFixture[str]) -> None:
    for command, says in (("books", "postcard\tpostcard\tnot configured"), ("capabilities", "Vercom\tPostcard")):
        with suppress(SystemExit):
            app([command])
        assert says in capsys.readouterr().out


def test_books_checks_postcard_health(
    installed: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Postcard has no groups, which the health check of the four vendors uses."""
    with closing(ServerThread(Account().app())) as server:
        monkeypatch.setenv("CROSSBOOK_POSTCARD_TOKEN", TOKEN)
        monkeypatch.setenv("CROSSBOOK_POSTCARD_BASE_URL", server.url)
        with suppress(SystemExit):
            app(["books"])
    assert "postcard\tpostcard\thealthy" in capsys.readouterr().out


def test_verify_without_probes_fails(installed: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        app(["verify", "postcard"])
    assert stopped.value.code == 2
    assert "has specs of serwersms, atom, filemail, vercom" in capsys.readouterr().err


def test_built_in_vendors_cannot_be_replaced(installed: None) -> None:
    with pytest.raises(InvalidInputError, match="CROSSBOOK_ATOM_TOKEN"):
        crossbook.open("atom")
    with pytest.raises(InvalidInputError, match="vercom, postcard"):
        crossbook.open("twilio")


@pytest.mark.parametrize("file", ["profile.py", "adapter.py", "book.py", "test_contract.py"])
def test_page_includes_files(file: str) -> None:
    """A formatter once took the line that includes a file for Python."""
    page = (HOME.parents[1] / "docs" / "add-a-vendor.md").read_text(encoding="utf-8")
    assert f'\n--8<-- "examples/postcard/{file}"\n' in page
