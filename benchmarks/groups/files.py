"""Reading files of contacts: vCards against vobject and against CSV, and the growth of memory."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import process_time
from typing import Any

import psutil
import vobject

from benchmarks.bench import Bench
from benchmarks.row import Result, Row, ratios
from crossbook import Contact, files

MIB = 1024 * 1024
_FEW, _MANY = 1_000, 100_000
_FIRST = 5_000  # after these, one-time objects exist
_CARD = """\
BEGIN:VCARD\r
VERSION:3.0\r
PRODID:-//Example Corp.//Contacts 1.0//EN\r
N:Żółw{0};Zofia;;;\r
FN:Zofia Żółw{0}\r
ORG:Example\\, Sp. z o.o.;Sales\r
EMAIL;type=INTERNET;type=HOME;type=pref:zofia{0}@example.com\r
TEL;type=WORK;type=VOICE:+4822{0:07}\r
TEL;type=CELL;type=VOICE;type=pref:+48500{0:06}\r
ADR;type=HOME:;;Prosta 1;Kraków;;30-001;Polska\r
NOTE:one\\ntwo\r
CATEGORIES:Friends,Family\r
UID:{0}\r
END:VCARD\r
"""
_TITLES = "first_name,last_name,name,company,email,phone,groups,note\r\n"
_ROW = "Zofia,Żółw{0},Zofia Żółw{0},Example,zofia{0}@example.com,+48500{0:06},Friends;Family,one\r\n"
ROWS = (
    Row("files.vcards", "vCards read to `Contact`s: vobject, the same values by hand, against ours", "≥", 8.0),
    Row("files.csv", "the same people read to `Contact`s: vCards against CSV"),
    Row("files.memory", f"{_MANY:,} vCards read: growth of memory", "≤", 5, "MiB"),
)


def _vcards(count: int) -> bytes:
    return "".join(map(_CARD.format, range(count))).encode()


def _csv(count: int) -> bytes:
    return (_TITLES + "".join(map(_ROW.format, range(count)))).encode()


def _read(content: bytes, format: files.Format) -> Iterator[Contact | None]:
    with files.read(io.BytesIO(content), format) as people:
        for row in people:
            yield row.contact


def _by_hand(content: bytes) -> Iterator[Contact]:
    """Read with vobject, and take the first value of each property."""
    components: Iterator[Any] = vobject.readComponents(content.decode())
    for card in components:
        yield Contact(
            first_name=card.n.value.given,
            last_name=card.n.value.family,
            name=card.fn.value,
            company=card.org.value[0],
            email=card.email.value,
            phone=card.tel.value,
        )


def _measure(read: Callable[[], Iterator[object]]) -> float:
    """Return the CPU microseconds of one contact."""
    gc.collect()
    began = process_time()
    count = sum(1 for _ in read())
    return 1e6 * (process_time() - began) / count


def _measure_growth(count: int) -> float:
    content, process, begin, most = _vcards(count), psutil.Process(), 0, 0
    for number, _ in enumerate(_read(content, "vcard")):
        if number == _FIRST:
            begin = process.memory_info().rss
        if number > _FIRST and number % 1_000 == 0:
            most = max(most, process.memory_info().rss - begin)
    return most / MIB


def run(bench: Bench) -> Iterator[Result]:
    sides: dict[str, Callable[[], Iterator[object]]] = {
        "vCards": partial(_read, _vcards(10 * _FEW), "vcard"),
        "vobject": partial(_by_hand, _vcards(_FEW)),
        "CSV": partial(_read, _csv(10 * _FEW), "csv"),
    }
    found: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(bench.rounds):
        bench.step(f"files, round {number + 1} of {bench.rounds}")
        for side, read in sides.items():
            found[side].append(_measure(read))

    def pair(first: str, second: str) -> tuple[Sequence[float], dict[str, Sequence[float]]]:
        both: dict[str, Sequence[float]] = {f"{side}, µs": found[side] for side in (first, second)}
        return ratios(*both.values()), both

    yield Result(ROWS[0], *pair("vobject", "vCards"))
    yield Result(ROWS[1], *pair("vCards", "CSV"))
    yield Result(ROWS[2], [_measure_growth(bench.few(_MANY))], reason=bench.share)
