"""The command and its process: what it prints, where it listens, what it keeps, and that it ends."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from crossbook_sandbox import Options, running
from crossbook_sandbox.__main__ import main

COMMAND = [sys.executable, "-m", "crossbook_sandbox"]


def test_running_starts_and_stops() -> None:
    with running() as sandbox, running(rates={"atom": 200}) as other:
        assert sandbox.url != other.url
        assert sandbox.env["CROSSBOOK_ATOM_BASE_URL"] == sandbox.base_urls["atom"] == f"{sandbox.url}/atom"
        assert httpx.get(f"{sandbox.url}/_sandbox/state", timeout=60).json()["late"] == 0
    for pid in (sandbox.pid, other.pid):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_env_has_all_variables() -> None:
    with running() as sandbox:
        names = {
            "SERWERSMS": ["USERNAME", "PASSWORD", "TOKEN", "BASE_URL", "ACCOUNT"],
            "ATOM": ["TOKEN", "BASE_URL", "ACCOUNT"],
            "FILEMAIL": ["USERNAME", "PASSWORD", "API_KEY", "BASE_URL", "ACCOUNT"],
            "VERCOM": ["AUTHORIZATION", "APPLICATION_KEY", "BRAND", "BASE_URL", "ACCOUNT"],
        }
        assert set(sandbox.env) == {f"CROSSBOOK_{vendor}_{name}" for vendor, group in names.items() for name in group}


def test_file_keeps_data(tmp_path: Path) -> None:
    db = tmp_path / "people.sqlite"
    for left in (2, 1):
        with running(db=db, rates={}, seed=2) as sandbox:
            account = sandbox.credentials["vercom"]
            headers = {"Authorization": account["authorization"], "Application-Key": account["application_key"]}
            with httpx.Client(base_url=f"{sandbox.base_urls['vercom']}/v2.1", headers=headers, timeout=60) as client:
                people = client.get("/contact").json()["data"]
                assert len(people) == left
                assert client.request("DELETE", "/contact", json={"id": [int(people[0]["id"])]}).status_code == 200
    assert not db.with_name("people.sqlite-wal").exists()


def test_seeds_fill_every_account() -> None:
    with running(seed=25) as sandbox:
        vendors = httpx.get(f"{sandbox.url}/_sandbox/state", timeout=60).json()["vendors"]
    assert {name: vendor["contacts"] for name, vendor in vendors.items()} == dict.fromkeys(vendors, 25)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_cleanly(number: signal.Signals) -> None:
    with subprocess.Popen([*COMMAND, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline())["pid"] == process.pid
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")


def test_signal_stops_during_call() -> None:
    with subprocess.Popen([*COMMAND, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        url = httpx.URL(json.loads(process.stdout.readline())["url"])
        httpx.post(f"{url}/_sandbox/faults", json={"fault": "delay", "seconds": 600}, timeout=60).raise_for_status()
        with socket.create_connection((url.host, url.port or 0), 60) as connection:
            connection.sendall(b"POST /atom/api/address-book/list HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            while not httpx.get(f"{url}/_sandbox/faults", timeout=60).json()[0]["hits"]:
                pass
            process.terminate()
            assert connection.recv(1) == b""
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")


def test_stops_with_parent() -> None:
    code = "import time, crossbook_sandbox as s\nwith s.running() as r: print(r.url, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        url = parent.stdout.readline().decode().strip()
        assert httpx.get(f"{url}/_sandbox/state", timeout=60).status_code == 200
        parent.kill()
    address = httpx.URL(url)
    for _ in range(600):
        try:
            httpx.get(f"http://{address.host}:{address.port}/_sandbox/state", timeout=1)
        except httpx.TransportError:
            return
        select.select([], [], [], 0.1)
    pytest.fail("the sandbox outlived its parent")


def test_stops_with_standard_input() -> None:
    command = [*COMMAND, "--json", "--exit-with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize("show", [[], ["--env"], ["--json"], ["--quiet"]])
def test_output_formats(show: list[str]) -> None:
    command = [*COMMAND, "--exit-with-parent", *show]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        line = b"" if show == ["--quiet"] else process.stdout.readline()
        process.stdin.close()
        text = (line + process.stdout.read()).decode()
    lines = text.splitlines()
    if show == ["--env"]:
        assert all(line.startswith("export CROSSBOOK_") for line in lines)
    elif show == ["--json"]:
        assert len(lines) == 1
    else:
        assert ("http://127.0.0.1:" in text) is (show == [])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--host", "0.0.0.0"],
        ["--host", "127.1"],
        ["--host", "nowhere.invalid"],
        ["--port", "99999"],
        ["--port", "-1"],
        ["--seed", "-5"],
        ["--seed", "many"],
        ["--rate", "unknown=1"],
        ["--rate", "atom=fast"],
        ["--set", "colour=red"],
        ["--set", "serwersms_paging=maybe"],
        ["--set", "serwersms_page_size"],
        ["--json", "--env"],
        ["--db", "/nowhere/at/all.sqlite"],
    ],
)
def test_invalid_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        (["--host", "127.1", "--allow-remote"], "http://127.1:"),  # which is loopback, but is not written as it
        (["--host", "::1"], "http://[::1]:"),
    ],
)
def test_another_address(arguments: list[str], address: str) -> None:
    command = [*COMMAND, "--json", "--exit-with-parent", "--rate", "none", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline() or "{}").get("url", "")
        if not url and "::1" in arguments and not ipv6():
            pytest.skip("there is no IPv6 here")
        assert url.startswith(address)
        assert httpx.get(f"{url}/_sandbox/state", timeout=60).status_code == 200
        process.communicate(b"", timeout=60)


def ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_refused_argument_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with running() as sandbox:
        port = sandbox.url.rpartition(":")[2]
        refused = {
            f"127.0.0.1, port {port}: address already in use": ["--port", port],
            "argument --rate: 'atom' must be none or VENDOR=N": ["--rate", "atom"],
            "argument --db: /nowhere/at/all.sqlite: unable": ["--db", "/nowhere/at/all.sqlite"],
        }
        for said, arguments in refused.items():
            with pytest.raises(SystemExit):
                main(arguments)
            assert said in capsys.readouterr().err


def test_disconnects_print_no_error() -> None:
    with subprocess.Popen(
        [*COMMAND, "--json", "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        url = httpx.URL(json.loads(process.stdout.readline())["url"])
        with socket.create_connection((url.host, url.port or 0), 60) as connection:
            connection.sendall(b"POST /atom/api/address-book/list HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        assert httpx.get(f"{url}/_sandbox/log", timeout=60).json() == []
        for fault in ("close", "reset"):
            httpx.post(f"{url}/_sandbox/faults", json={"fault": fault}, timeout=60).raise_for_status()
            with pytest.raises(httpx.TransportError):
                httpx.post(f"{url}/atom/api/address-book/list", timeout=60)
        _, errors = process.communicate(b"", timeout=60)
    assert (process.returncode, errors) == (0, b"")


def test_serves_without_standard_output() -> None:
    with subprocess.Popen(
        [*COMMAND, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: os.close(1),
    ) as process:  # fmt: skip
        # It ends when its input does, and until then it served: nothing but that ends it.
        _, err = process.communicate("", timeout=60)
    assert (process.returncode, err) == (0, "")


def test_start_timeout() -> None:
    with pytest.raises(RuntimeError, match="did not start"), running(timeout=0.001):
        pass


def test_invalid_switches_are_refused() -> None:
    with pytest.raises(ValueError, match="colour"), running(colour="red"):
        pass
    for changes in (
        {"rates": {"atom": -1}},
        {"rates": 3},
        {"serwersms_page_size": 0},
        {"vercom_segment_wait": 0.5},
        {"serwersms_mixed_delete": "some"},
        {"serwersms_unknown_group": True},
    ):
        with pytest.raises(ValueError, match=next(iter(changes))):
            Options().changed(changes)
