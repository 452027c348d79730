"""Forty callers share ten connections, and each is cancelled. After that the transport works as before."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from server import LONGEST, Peer, reply, serve
from transport_kinds import needs

from crossbook import _transports

PROGRAM = Path(__file__).with_name("cancellation_storm.py")
POOL, PROBES = 10, 20
HOWS = ("asyncio by scope", "asyncio by task", "trio by scope")


def vendor(peer: Peer) -> None:
    """Respond after 3 ms: some calls finish in time, most do not."""
    for _ in peer.requests():
        time.sleep(0.003)
        peer.send(reply())


def storm(name: str, how: str, count: int, seed: int) -> dict[str, Any]:
    backend, _, way = how.split()
    needs(name, backend)
    with serve(vendor) as server:
        command = [sys.executable, "-W", "error", str(PROGRAM)]
        arguments = [name, backend, way, str(server.port), str(count), str(seed)]
        with subprocess.Popen(
            command + arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            hanging = threading.Timer(LONGEST + count / 10, process.kill)
            hanging.start()
            line = process.stdout.readline()
            quiet = bool(line) and server.wait_open(POOL)
            sockets = server.open
            process.stdin.write("go on\n")
            process.stdin.close()
            words = process.stderr.read()
            hanging.cancel()
        assert not words, words
        assert quiet, f"{sockets} sockets are open"
        assert server.wait_open(0)
    return dict(json.loads(line))


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", _transports.NAMES)
def test_short_storm_of_cancellations(name: str, how: str) -> None:
    passed(storm(name, how, count=1_000, seed=1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", _transports.NAMES)
def test_storm_of_cancellations(name: str, how: str, seed: int) -> None:
    passed(storm(name, how, count=8_000, seed=seed))


def passed(happened: dict[str, Any]) -> None:
    del happened["cancelled"]
    happened.pop("answered", 0)
    assert happened == {"healthy": PROBES, "tasks left": 0}
