"""Faults over a real connection: what the client receives, and what was done."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from crossbook_sandbox import Running

Json = dict[str, Any]
CONTACT = [{"externalId": "A", "phoneNumber": "1"}]


def arm(control: httpx.Client, fault: str, **settings: Any) -> int:
    target = {"vendor": "vercom", "operation": "createContacts"}
    answer = control.post("/faults", json={**target, "fault": fault, **settings})
    answer.raise_for_status()
    number: int = answer.json()["id"]
    return number


def contacts(control: httpx.Client) -> int:
    number: int = control.get("/state").json()["vendors"]["vercom"]["contacts"]
    return number


def until(what: Callable[[], object]) -> None:
    """Waits for it: a busy machine may take its time."""
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end


def counters(control: httpx.Client) -> Json:
    row: Json = control.get("/state").json()["vendors"]["vercom"]["operations"]["createContacts"]
    return row


@pytest.mark.parametrize(("committed", "effects"), [(False, 0), (True, 1)])
def test_status_with_and_without_effect(
    vercom: httpx.Client, control: httpx.Client, committed: bool, effects: int
) -> None:
    body = {"status": 503, "body": "<p>later</p>", "content_type": "text/html", "retry_after": 7}
    arm(control, "status", committed=committed, **body)
    answer = vercom.post("/contact", json=CONTACT)
    assert (answer.status_code, answer.text) == (503, "<p>later</p>")
    assert (answer.headers["content-type"], answer.headers["retry-after"]) == ("text/html", "7")
    assert contacts(control) == effects
    assert vercom.post("/contact", json=CONTACT).status_code == 200
    assert counters(control) == {"requests": 2, "done": 1 + effects, "statuses": {"503": 1, "200": 1}}


def test_unnamed_status_and_retry_after_date(vercom: httpx.Client, control: httpx.Client) -> None:
    arm(control, "status", status=520, retry_after="Wed, 01 Jan 2031 00:00:00 GMT")
    answer = vercom.post("/contact", json=CONTACT)
    assert (answer.status_code, answer.content) == (520, b"")
    assert contacts(control) == 0
    assert answer.headers["retry-after"] == "Wed, 01 Jan 2031 00:00:00 GMT"


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_body(vercom: httpx.Client, control: httpx.Client, status: int) -> None:
    arm(control, "status", status=status, body="<p>later</p>")
    answer = vercom.post("/contact", json=CONTACT)
    assert (answer.status_code, answer.content) == (status, b"")
    assert "content-length" not in answer.headers
    assert vercom.post("/contact", json=CONTACT).status_code == 200


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1), ("body", 1)])
def test_reset(vercom: httpx.Client, control: httpx.Client, when: str, effects: int) -> None:
    arm(control, "reset", when=when)
    with pytest.raises(httpx.ReadError, match="reset"):
        vercom.post("/contact", json=CONTACT)
    assert contacts(control) == effects
    assert counters(control)["statuses"] == {"200" if when == "body" else "none": 1}


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1), ("body", 1)])
def test_close(vercom: httpx.Client, control: httpx.Client, when: str, effects: int) -> None:
    arm(control, "close", when=when)
    with pytest.raises(httpx.RemoteProtocolError):
        vercom.post("/contact", json=CONTACT)
    assert contacts(control) == effects


def test_reset_sends_rst_and_close_sends_fin(sandbox: Running, control: httpx.Client) -> None:
    url = httpx.URL(sandbox.url)
    request = b"POST /vercom/v2.1/contact HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    arm(control, "close", when="before")
    with socket.create_connection((url.host, url.port or 0), 60) as connection:
        connection.sendall(request)
        assert connection.recv(1) == b""
    arm(control, "reset", when="before")
    with socket.create_connection((url.host, url.port or 0), 60) as connection:
        connection.sendall(request)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_cut(vercom: httpx.Client, control: httpx.Client) -> None:
    arm(control, "cut")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        vercom.post("/contact", json=CONTACT)
    assert contacts(control) == 1


def test_replaced_bodies(vercom: httpx.Client, control: httpx.Client) -> None:
    for kind in ("truncated", "garbage", "html", "empty"):
        arm(control, kind)
        answer = vercom.post("/contact", json=CONTACT)
        assert answer.status_code == 200
        with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
            json.loads(answer.content)
    arm(control, "html", status=502, committed=False)
    answer = vercom.post("/contact", json=CONTACT)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert contacts(control) == 4


def test_garbage_depends_on_seed(vercom: httpx.Client, control: httpx.Client) -> None:
    bodies: list[bytes] = []
    for seed in (1, 1, 2):
        arm(control, "garbage", seed=seed)
        bodies.append(vercom.post("/contact", json=CONTACT).content)
    assert bodies[0] == bodies[1] != bodies[2]


def test_slow_body_is_complete(vercom: httpx.Client, control: httpx.Client) -> None:
    for _ in range(5):  # a client that stands still meanwhile reads at once what came one by one
        arm(control, "slow", seconds=0.0001)
        with vercom.stream("POST", "/contact", json=CONTACT) as answer:
            pieces = list(answer.iter_raw())
        if len(pieces) > 1:
            break
    assert len(pieces) > 1
    assert json.loads(b"".join(pieces))["data"][0]["externalId"] == "A"


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1)])
def test_delay_longer_than_client_timeout(vercom: httpx.Client, control: httpx.Client, when: str, effects: int) -> None:
    arm(control, "delay", seconds=600, when=when)
    with pytest.raises(httpx.ReadTimeout):
        vercom.post("/contact", json=CONTACT, timeout=httpx.Timeout(60, read=0.2))
    until(lambda: control.get("/faults").json()[0]["hits"] == 1)
    assert contacts(control) == effects


def test_late_commit(vercom: httpx.Client, control: httpx.Client) -> None:
    arm(control, "late_commit", seconds=600)
    with pytest.raises(httpx.ReadError):
        vercom.post("/contact", json=CONTACT)
    assert (contacts(control), control.get("/state").json()["late"]) == (0, 1)
    assert control.post("/settle").json() == {"settled": 1}
    assert (contacts(control), control.get("/state").json()["late"]) == (1, 0)
    arm(control, "late_commit", seconds=0.001)
    with pytest.raises(httpx.ReadError):
        vercom.post("/contact", json=CONTACT)
    until(lambda: contacts(control) == 2)


def test_late_commits_keep_order(vercom: httpx.Client, control: httpx.Client) -> None:
    for external_id, seconds in (("last", 6000), ("first", 600)):
        arm(control, "late_commit", seconds=seconds)
        with pytest.raises(httpx.ReadError):
            vercom.post("/contact", json=[{"externalId": external_id, "phoneNumber": "1"}])
    assert control.post("/settle").json() == {"settled": 2}
    assert [row["externalId"] for row in vercom.get("/contact").json()["data"]] == ["first", "last"]


def test_reset_drops_late_commits(vercom: httpx.Client, atom: httpx.Client, control: httpx.Client) -> None:
    arm(control, "late_commit", seconds=600)
    with pytest.raises(httpx.ReadError):
        vercom.post("/contact", json=CONTACT)
    arm(control, "status")
    for vendor in ("atom", "*"):
        control.post("/faults", json={"fault": "empty", "vendor": vendor}).raise_for_status()
    control.post("/options", json={"rates": {"atom": 0.001}}).raise_for_status()
    control.post("/reset", json={"vendor": "vercom"}).raise_for_status()
    assert control.post("/settle").json() == {"settled": 0}
    assert contacts(control) == 0
    assert [fault["vendor"] for fault in control.get("/faults").json()] == ["atom", "*"]

    control.delete("/faults")
    assert [atom.post("/api/address-book/list").status_code for _ in range(2)] == [200, 429]
    control.post("/reset", json={"vendor": "atom"}).raise_for_status()
    assert [atom.post("/api/address-book/list").status_code for _ in range(2)] == [200, 429], "as its switch still says"


def test_late_commit_takes_permit(atom: httpx.Client, control: httpx.Client) -> None:
    control.post("/options", json={"rates": {"atom": 1000}}).raise_for_status()
    arm(control, "late_commit", vendor="atom", operation="createAddressBook", seconds=0.001)
    with pytest.raises(httpx.ReadError):
        atom.post("/api/address-book/new", json={"name": "Friends"})
    until(lambda: control.get("/state").json()["vendors"]["atom"]["groups"])


def test_expire_tokens(filemail: httpx.Client, control: httpx.Client) -> None:
    control.post("/faults", json={"fault": "expire_tokens", "vendor": "filemail", "skip": 1}).raise_for_status()
    assert filemail.get("/contacts/get").json()["responsestatus"] == "OK"
    assert filemail.get("/contacts/get").json()["errorcode"] == 2003


def test_window_with_later_rate(atom: httpx.Client, control: httpx.Client) -> None:
    window = {"fault": "window", "vendor": "atom", "rate": 1000, "burst": 3, "later_rate": 0.001}
    control.post("/faults", json={**window, "retry_after": True}).raise_for_status()
    answers = [atom.post("/api/address-book/list") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1].headers["retry-after"]) > 100
    assert control.get("/faults").json()[0]["hits"] == 2
    assert control.delete("/faults").status_code == 200
    assert atom.post("/api/address-book/list").status_code == 200


def test_window_below_one_per_second(atom: httpx.Client, control: httpx.Client) -> None:
    control.post("/faults", json={"fault": "window", "vendor": "atom", "rate": 0.01}).raise_for_status()
    assert [atom.post("/api/address-book/list").status_code for _ in range(3)] == [200, 429, 429]


def test_window_with_burst(atom: httpx.Client, control: httpx.Client) -> None:
    window = {"fault": "window", "vendor": "atom", "rate": 0.01, "burst": 2}
    control.post("/faults", json=window).raise_for_status()
    answers = [atom.post("/api/address-book/list") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "retry-after" not in answers[-1].headers


def test_window_before_later_rate(atom: httpx.Client, control: httpx.Client) -> None:
    window = {"fault": "window", "vendor": "atom", "rate": 1000, "later_rate": 0.001, "later_after": 3600}
    control.post("/faults", json=window).raise_for_status()
    assert [atom.post("/api/address-book/list").status_code for _ in range(3)] == [200, 200, 200]


def test_count_skip_and_probability(vercom: httpx.Client, control: httpx.Client) -> None:
    def statuses(**settings: Any) -> list[int]:
        control.delete("/faults")
        arm(control, "status", status=500, **settings)
        return [vercom.post("/contact", json=CONTACT).status_code for _ in range(8)]

    assert statuses(count=2, skip=1) == [200, 500, 500, 200, 200, 200, 200, 200]
    arm(control, "status", status=500, count=1, skip=1)
    for _ in range(3):
        vercom.get("/contact")  # of which it is not
    assert [vercom.post("/contact", json=CONTACT).status_code for _ in range(3)] == [200, 500, 200]
    assert statuses(count=None) == [500] * 8
    drawn = statuses(probability=0.5, seed=3)
    assert drawn == statuses(probability=0.5, seed=3) != statuses(probability=0.5, seed=4)
    assert set(drawn) == {200, 500}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"fault": "nothing"},
        {"fault": "status", "status": 99},
        {"fault": "status", "when": "before"},
        {"fault": "delay", "when": "body"},
        {"fault": "reset", "vendor": "vercon"},
        {"fault": "reset", "vendor": "atom", "operation": "createContacts"},
        {"fault": "reset", "count": 0},
        {"fault": "status", "retry_after": "1\r\nX: y"},
    ],
)
def test_invalid_faults_are_refused(control: httpx.Client, settings: Json) -> None:
    answer = control.post("/faults", json=settings)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert control.get("/faults").json() == []
