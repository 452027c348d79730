"""The types that a type checker infers for crossbook in a FastAPI application. Never run; see api.py."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

from fastapi import FastAPI

import crossbook.fastapi
from crossbook import AddressBook, Atom, Batch, Contact, CrossbookError, Filemail, SerwerSMS, Vercom
from crossbook.fastapi import NDJSON, BookHealth, Books, EventStream, Health, Problem, health, lifespan, use


async def books() -> None:
    assert_type(await use("serwersms")(), SerwerSMS)
    assert_type(await use("atom")(), Atom)
    assert_type(await use("filemail")(), Filemail)
    assert_type(await use("vercom")(), Vercom)
    assert_type(await use("eu")(), AddressBook)
    assert_type(await use("eu", Vercom)(), Vercom)
    use("eu", str)  # type: ignore[type-var]


def application() -> None:
    FastAPI(lifespan=lifespan("vercom", "atom"))
    FastAPI(lifespan=lifespan("atom", eu=Vercom("…", "…"), us=lambda: Vercom("…", "…")))
    lifespan(eu="vercom")  # type: ignore[arg-type]
    lifespan(Vercom("…", "…"))  # type: ignore[arg-type]
    crossbook.fastapi.install(FastAPI())


def handler(books: Books) -> None:
    assert_type(books, Mapping[str, AddressBook])


async def checked() -> None:
    assert_type((await health(timeout=2)()), Health)


def found(health: Health, error: CrossbookError) -> None:
    assert_type(health.books, dict[str, BookHealth])
    assert_type(health.books["vercom"].error, CrossbookError | None)
    assert_type(Problem.from_error(error).status, int)


def streamed(batch: Batch[Contact], other: Batch[Any]) -> None:
    assert_type(NDJSON(batch), NDJSON)
    assert_type(EventStream(other, headers={"Import-Id": "7"}), EventStream)
    NDJSON([Contact()])  # type: ignore[arg-type]
