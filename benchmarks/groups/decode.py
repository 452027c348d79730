"""Decoding a page of 1,000 Vercom contacts (bytes → wire models → `Contact`), against dicts and generated clients."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import peers
from benchmarks.bench import Bench
from benchmarks.micros import micros
from benchmarks.row import Result, Row, ratios

_PAGE = "1,000 contacts decoded: "
ROWS = (
    Row("decode.wire", _PAGE + "wire models against `json.loads` to dicts", "≤", 0.7),
    Row("decode.stock", _PAGE + "stock openapi-python-client against wire models", "≥", 3.0),
    Row("decode.generator", _PAGE + "openapi-generator's client against wire models", "≥", 20.0),
    Row("decode.contacts", _PAGE + "our `Contact`s against `json.loads` to dicts", "≤", 1.7),
    Row("decode.by-hand", _PAGE + "our `Contact`s against tuples made by hand"),
)
_SIDES = {
    "decode.wire": ("wire models", "json.loads"),
    "decode.stock": ("openapi-python-client", "wire models"),
    "decode.generator": ("openapi-generator", "wire models"),
    "decode.contacts": ("contacts", "json.loads"),
    "decode.by-hand": ("contacts", "by hand"),
}


def run(bench: Bench) -> Iterator[Result]:
    reasons: dict[str, str] = {}
    for name in peers.PACKAGES:
        bench.step(f"{name} generates its client")
        try:
            peers.ready(name)
        except peers.MissingPeerError as missing:
            reasons[name] = str(missing)
    figures = micros("decode", bench)
    for row in ROWS:
        first, second = _SIDES[row.key]
        if first in reasons:
            yield Result(row, reason=reasons[first])
        else:
            sides = {f"{name}, µs": figures[name] for name in (first, second)}
            yield Result(row, ratios(*sides.values()), sides)
