"""The application in process, and its control routes."""

from __future__ import annotations

import gc
import os
import sqlite3
import stat
import sys
from pathlib import Path

import httpx
import pytest
import yaml
from starlette.testclient import TestClient

from crossbook_sandbox import Options, Store, create_app
from crossbook_sandbox.credentials import ATOM
from crossbook_sandbox.rate import TokenBucket

SOURCE = Path(__file__).parents[2] / "src" / "crossbook_sandbox"
HEADERS = {"Authorization": f"Bearer {ATOM['token']}"}


def test_sandbox_imports_no_crossbook() -> None:
    for path in SOURCE.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        imports = [line.split() for line in lines if line.lstrip().startswith(("import ", "from "))]
        assert not any(words[1].split(".")[0] in ("crossbook", "crossbook_wire") for words in imports), path


@pytest.mark.parametrize("vendor", ["serwersms", "atom", "filemail", "vercom"])
def test_operations_match_specs(vendor: str) -> None:
    with open(SOURCE.parents[1] / "specs" / f"{vendor}.yaml", encoding="utf-8") as file:
        paths: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(file)["paths"]
    specified = {
        (row["operationId"], method.upper(), path) for path, rows in paths.items() for method, row in rows.items()
    }
    operations = create_app().state.sandbox.vendors[vendor].operations
    assert specified == {(operation.name, operation.methods[0], operation.paths[0]) for operation in operations}


def test_faults_in_process() -> None:
    app = create_app(Store(), Options(rates={}))
    app.state.faults.add("status", "atom", "listAddressBooks", status=502, count=1)
    with TestClient(app) as client:
        statuses = [client.post("/atom/api/address-book/list", headers=HEADERS).status_code for _ in range(2)]
    assert statuses == [502, 200]
    with pytest.raises(ValueError, match="operation"):
        app.state.faults.add("reset", "atom", "listContacts")


def test_accounts_are_separate(control: httpx.Client, atom: httpx.Client, vercom: httpx.Client) -> None:
    book = atom.post("/api/address-book/new", json={"name": "A"}).json()["result"]["id"]
    contact = {"group_id": book, "phone_number": "0491570006"}
    contact_id = atom.post("/api/contact/new", json=contact).json()["result"]["id"]
    assert vercom.get("/contact", params={"id": contact_id}).status_code == 404
    assert vercom.request("DELETE", "/group", json={"id": [book]}).status_code == 404
    vendors = control.get("/state").json()["vendors"]
    assert (vendors["atom"]["contacts"], vendors["vercom"]["contacts"]) == (1, 0)


def test_delete_does_not_cross_vendors(control: httpx.Client, atom: httpx.Client, serwersms: httpx.Client) -> None:
    book = atom.post("/api/address-book/new", json={"name": "A"}).json()["result"]["id"]
    contact = {"group_id": book, "phone_number": "0491570006"}
    contact_id = atom.post("/api/contact/new", json=contact).json()["result"]["id"]
    for path, id in (("contacts/delete", contact_id), ("groups/delete", book)):
        answer = serwersms.post(f"/{path}", json={"id": id, "delete_contacts": True})
        assert answer.json()["error"]["code"] == 1004
    state = control.get("/state").json()["vendors"]["atom"]
    assert (state["contacts"], state["groups"]) == (1, 1)


def test_retry_after_is_rounded_up() -> None:
    atom = create_app().state.sandbox.vendors["atom"]
    assert [atom.rate_limit_response(wait).headers["retry-after"] for wait in (0.01, 1, 1.2, 99.9)] == [
        "1",
        "1",
        "2",
        "100",
    ]


def test_counters_log_and_reset_of_one_vendor(control: httpx.Client, atom: httpx.Client, vercom: httpx.Client) -> None:
    vercom.get("/contact")
    vercom.get("/nothing")
    atom.post("/api/address-book/new", json={"name": "A"})
    vendors = control.get("/state").json()["vendors"]
    assert vendors["vercom"]["operations"]["listContacts"] == {"requests": 1, "done": 1, "statuses": {"404": 1}}
    assert vendors["vercom"]["operations"][""] == {"requests": 1, "done": 0, "statuses": {"404": 1}}
    last = {"vendor": "atom", "operation": "createAddressBook", "status": 200, "method": "POST", "fault": None}
    assert control.get("/log").json()[-1] == {**last, "path": "/api/address-book/new"}
    state = control.post("/reset", json={"vendor": "atom"}).json()["vendors"]
    assert (state["atom"]["groups"], state["atom"]["operations"]) == (0, {})
    assert state["vercom"]["operations"]
    assert [call["operation"] for call in control.get("/log").json()] == ["listContacts", ""]


def test_reset_of_all_restores_switches(control: httpx.Client, serwersms: httpx.Client) -> None:
    control.post("/options", json={"serwersms_paging": False}).raise_for_status()
    control.post("/reset", json={"vendor": "serwersms"}).raise_for_status()
    assert "paging" not in serwersms.post("/groups/index").json()
    control.post("/reset").raise_for_status()
    assert "paging" in serwersms.post("/groups/index").json()


def test_log_keeps_last_thousand_calls() -> None:
    log = create_app().state.sandbox.log
    log.clear("vercom")
    for number in range(1001):
        log.add("atom", "listAddressBooks", 200, path=str(number))
    assert [log.last[0]["path"], len(log.last)] == ["1", 1000]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/reset", {"vendor": "unknown"}),
        ("/reset", {"vendor": "atom", "colour": "red"}),
        ("/options", {"colour": "red"}),
        ("/mark", {"vendor": "atom", "id": 1}),
        ("/mark", {}),
        ("/credentials", {}),
        ("/credentials", {"vendor": "atom", "username": "x"}),
        ("/credentials", {"vendor": "atom", "token": ""}),
        ("/credentials", {"vendor": "atom", "token": 1}),
    ],
)
def test_invalid_control_requests_are_refused(control: httpx.Client, path: str, body: dict[str, object]) -> None:
    answer = control.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert control.post(path, content=b"[", headers={"content-type": "application/json"}).status_code == 400


def test_token_bucket() -> None:
    bucket = TokenBucket(10, 2)
    assert [bucket.take(0), bucket.take(0)] == [0, 0]
    assert bucket.take(0) == pytest.approx(0.1)
    assert bucket.take(0.1) == 0
    assert [bucket.take(9) for _ in range(3)] == [0, 0, pytest.approx(0.1)]


def test_unreferenced_store_is_closed() -> None:
    """Python 3.13 warns of an open connection, and users of `create_app` do not close the store."""
    store = Store()
    db = store.db
    del store
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        db.execute("select 1")


# Windows has no POSIX modes: a file there inherits the access list of its folder.
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX file modes")
def test_store_file_mode_is_0600(tmp_path: Path) -> None:
    was = os.umask(0o022)
    try:
        store = Store(tmp_path / "people.sqlite")
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
        store.close()
    finally:
        os.umask(was)
