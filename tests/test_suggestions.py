"""An unknown name gets the known name that it resembles, and never shows a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import crossbook
from crossbook import Contact, CrossbookError, SerwerSMS, Vercom
from crossbook._suggestions import did_you_mean
from crossbook_sandbox.options import Options


def test_suggestion_needs_a_similar_name() -> None:
    assert did_you_mean("Phonne", ("phone", "email")) == " (did you mean 'phone'?)"
    assert did_you_mean("xyz", ("phone", "email")) == ""
    assert did_you_mean(7, ("phone",)) == ""
    assert did_you_mean("p" * 1_000_000, ("phone",)) == ""


def test_unknown_account_gets_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_EUROPE_VENDOR", "vercomm")
    with pytest.raises(crossbook.InvalidInputError, match="did you mean 'vercom'"):
        crossbook.open("europe")
    with pytest.raises(crossbook.InvalidInputError, match="did you mean 'europe'"):
        crossbook.open("eurpoe")


def test_unknown_sandbox_switch_gets_a_suggestion() -> None:
    with pytest.raises(ValueError, match="did you mean 'serwersms_paging'"):
        Options().changed({"serwersms_pageing": True})


CALLS: dict[str, Callable[[Any], Any]] = {
    "'journal'": lambda book: book.contacts.create_many([], jornal="x.sqlite"),
    "'email'": lambda book: book.contacts.upsert_many([], match="emial"),
    "'phone'": lambda book: book.contacts.update("1", telephone="+48500600700"),
    "'company'": lambda book: book.contacts.create(compny="ABC"),
    "'max_attempts'": lambda book: book.with_options(max_atempts=1),
}


@pytest.mark.anyio
@pytest.mark.parametrize("meant", CALLS)
async def test_unknown_argument_gets_a_suggestion(meant: str) -> None:
    async with Vercom("x" * 20, "y" * 20, base_url="https://vendor.example.com") as book:
        with pytest.raises(CrossbookError, match=f"did you mean {meant}"):
            await CALLS[meant](book)


@pytest.mark.anyio
async def test_unknown_extra_field_gets_a_suggestion() -> None:
    async with SerwerSMS(token="x" * 20, base_url="https://vendor.example.com") as book:
        with pytest.raises(CrossbookError, match=r"did you mean 'fields\.tax_id'"):
            await book.contacts.create(Contact(phone="+48500600700", fields={"taxid": "1"}))
