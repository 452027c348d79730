"""Invalid values are refused by the name of their field, and do not end a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fakes import VENDORS, FakeTransport, book_over, named, reply

from crossbook import Contact, InvalidInputError, _validation
from crossbook.registry import load_vendor
from crossbook_testing.contract.people import minimal_contact

pytestmark = pytest.mark.anyio


class BrokenZone(tzinfo):
    def utcoffset(self, dt: datetime | None) -> timedelta:
        raise RuntimeError("no offset")

    dst = utcoffset

    def tzname(self, dt: datetime | None) -> str:
        return "broken"


class BrokenDatetime(datetime):
    def astimezone(self, tz: tzinfo | None = None) -> Any:
        raise TypeError("no zone")


class BrokenSet:
    def __bool__(self) -> bool:
        raise ZeroDivisionError("Anna Kowalska")


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


EARLIEST = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59)))
LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=23, minutes=59)))
TEXTS: dict[str, Any] = {
    "int": 10**5000, "float": float("nan"), "decimal": Decimal(1), "bytes": b"x", "list": ["x"],
    "surrogate": "a\ud800", "nul": "a\0",
}  # fmt: skip
JSON: dict[str, Any] = {
    "nan": float("nan"), "inf": float("inf"), "decimal": Decimal(1), "bytes": b"x", "surrogate": "a\ud800",
    "inner surrogate": {"a": ["\ud800"]}, "huge int": 10**5000, "object": object(), "set": {1}, "deep": nested(33),
    "very deep": nested(5000), "endless": endless(), "int key": {1: "x"}, "bytes key": {b"x": 1},
}  # fmt: skip
BAD: dict[str, Mapping[str, Any]] = {
    "created_at latest": {"created_at": LATEST},
    "created_at earliest": {"created_at": EARLIEST},
    "created_at naive": {"created_at": datetime(2024, 1, 1)},  # noqa: DTZ001
    "created_at broken zone": {"created_at": datetime(2024, 1, 1, tzinfo=BrokenZone())},
    "created_at broken subclass": {"created_at": BrokenDatetime(2024, 1, 1, tzinfo=UTC)},
    "created_at text": {"created_at": "2024-01-01"},
    "groups surrogate": {"groups": ("1\ud800",)},
    "groups int": {"groups": (10**5000,)},
    "groups nested": {"groups": (("1",),)},
    "fields text": {"fields": "x"},
    "fields list": {"fields": ["x"]},
    **{
        f"{name} {kind}": {name: value}
        for name in ("external_id", "phone", "email", "first_name", "last_name", "name", "company")
        for kind, value in TEXTS.items()
    },
    **{f"fields {kind}": {"fields": {"x": value}} for kind, value in JSON.items()},
    **{f"fields.custom_1 {kind}": {"fields": {"custom_1": value}} for kind, value in JSON.items()},
    **{f"fields.city {kind}": {"fields": {"city": value}} for kind, value in JSON.items()},
    **{
        f"fields key {kind} {value!r}": {"fields": {key: value}}
        for kind, key in {"int": 5, "none": None, "bytes": b"x", "surrogate": "\ud800", "tuple": (1,)}.items()
        for value in ("x", b"x")
    },
}


def names(error: InvalidInputError, values: Mapping[str, Any]) -> bool:
    """Return whether the error names the field with the bad value."""
    (name,) = values
    halves = {"first_name": "name", "last_name": "name"}
    return error.field is not None and error.field.partition(".")[0] in (name, halves.get(name))


@pytest.mark.parametrize("vendor", VENDORS)
async def test_create_refuses_bad_value_by_field(vendor: str) -> None:
    transport = FakeTransport(reply({}))
    good = minimal_contact(load_vendor(vendor).profile, groups=("1",))
    async with book_over(vendor, transport) as book:
        for case, bad in BAD.items():
            with pytest.raises(InvalidInputError) as caught:
                await book.contacts.create(replace(good, **bad))
            assert names(caught.value, bad), (case, caught.value)
    assert transport.sent == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_batch_fails_items_with_bad_values_alone(vendor: str, tmp_path: Path) -> None:
    good = [minimal_contact(load_vendor(vendor).profile, number, groups=("1",)) for number in range(2)]
    source = [good[0], *(replace(good[0], **bad) for bad in BAD.values()), good[1]]
    async with book_over(vendor, FakeTransport(reply({})), **named(vendor)) as book:
        creates = book.contacts.create_many(source, dry_run=True, journal=tmp_path / "journal", ordered=True)
        async with creates as batch:
            first, *refused, last = [result async for result in batch]
    assert (first.status, last.status) == ("created", "created")
    for (case, bad), result in zip(BAD.items(), refused, strict=True):
        assert isinstance(result.error, InvalidInputError), case
        assert names(result.error, bad), (case, result.error)


async def test_batch_fails_item_with_unforeseen_error() -> None:
    source = [Contact(phone="+48500600700"), Contact(opted_out=BrokenSet()), Contact(phone="+48500600701")]  # type: ignore[arg-type]
    async with (
        book_over("vercom", FakeTransport(reply({}))) as book,
        book.contacts.create_many(source, dry_run=True, ordered=True) as batch,
    ):
        results = [result async for result in batch]
    assert [result.status for result in results] == ["created", "failed", "created"]
    error = results[1].error
    assert isinstance(error, InvalidInputError)
    assert (error.field, error.cause) == ("source", "ZeroDivisionError")
    assert "cannot be prepared: ZeroDivisionError at test_bad_values.py:" in str(error)
    assert "Anna" not in str(error)


@pytest.mark.parametrize("vendor", VENDORS)
def test_update_refuses_bad_value_by_field(vendor: str) -> None:
    for case, bad in BAD.items():
        with pytest.raises(InvalidInputError) as caught:
            _validation.prepare_changes(load_vendor(vendor).profile, bad, region=None)
        assert names(caught.value, bad), (case, caught.value)


@pytest.mark.parametrize("name", [5, None, b"x", "\ud800", (1,)])
@pytest.mark.parametrize("vendor", VENDORS)
def test_update_refuses_field_name_that_is_not_text(vendor: str, name: Any) -> None:
    with pytest.raises(InvalidInputError, match="has no field"):
        _validation.prepare_changes(load_vendor(vendor).profile, {name: "x"}, region=None)


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        (datetime(5, 1, 1, tzinfo=UTC), "0005-01-01 00:00:00"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00:00"),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "9999-12-31 23:59:59"),
        (datetime(2024, 2, 29, 1, tzinfo=timezone(timedelta(hours=2))), "2024-02-28 23:00:00"),
    ],
)
async def test_created_at_is_written_in_utc(moment: datetime, sent: str) -> None:
    transport = FakeTransport(reply({"data": [{"id": "5"}]}))
    async with book_over("vercom", transport) as book:
        await book.contacts.create(Contact(phone="+48500600700", created_at=moment))
    assert sent in str(transport.bodies)
