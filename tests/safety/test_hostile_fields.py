"""A value reaches the vendor unchanged, or is refused by the name of its field: never a part of it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

import anyio
import hostile_values
import pytest
from fakes import VENDORS, FakeTransport, book_over, reply
from test_hostile_ids import ANSWERS, PERSON

from crossbook import AddressBook, Contact, CrossbookError, ExternalId, InvalidInputError, UnsupportedError, _phones
from crossbook._http.request import PreparedRequest

# Our field → the vendor's.
FIELDS: dict[str, dict[str, str]] = {
    "serwersms": {
        "phone": "phone", "email": "email", "first_name": "first_name", "last_name": "last_name", "company": "company",
        "fields.city": "city", "fields.description": "description",
    },
    "atom": {
        "phone": "phone_number", "first_name": "first_name", "last_name": "last_name", "company": "company",
        "fields.custom_4": "custom_4",
    },
    "filemail": {"name": "name", "email": "email", "phone": "mobile"},
    "vercom": {
        "phone": "phoneNumber", "email": "email", "first_name": "firstName", "last_name": "lastName",
        "company": "companyName", "external_id": "externalId", "fields.hobby": "externalData.hobby",
    },
}  # fmt: skip
Do = Callable[[Any, str, Any], Awaitable[Any]]


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), "a name occurs twice"
    return dict(pairs)


def received(call: PreparedRequest) -> dict[str, Any]:
    """Return what a vendor reads from a request, flat; fail on a name that occurs twice."""
    values: dict[str, Any] = unique(parse_qsl(call.target.decode("ascii").partition("?")[2], keep_blank_values=True))
    body: Any = json.loads(call.body, object_pairs_hook=unique) if call.body else {}
    while isinstance(body, list):
        (body,) = body
    for part in (body, body.get("data", {})):
        values |= {name: value for name, value in part.items() if not isinstance(value, dict)}
        values |= {
            f"{name}.{key}": each
            for name, value in part.items()
            if isinstance(value, dict)
            for key, each in value.items()
        }
    return values


def create(book: Any, field: str, value: Any) -> Awaitable[Any]:
    outer, _, inner = field.partition(".")
    person = PERSON[book.profile.vendor] | {outer: {inner: value} if inner else value}
    return book.contacts.create(Contact(**person, groups=("1",) if book.profile.single_group else None))  # type: ignore[no-any-return]


def update(book: Any, field: str, value: Any) -> Awaitable[Any]:
    outer, _, inner = field.partition(".")
    return book.contacts.update("1", **{outer: {inner: value} if inner else value})  # type: ignore[no-any-return]


def problem(vendor: str, field: str, value: str, error: Exception | None, sent: list[PreparedRequest]) -> str | None:
    """Return the problem with how a value was treated, or None."""
    if isinstance(error, InvalidInputError):
        if (error.field or "").partition(".")[0] != field.partition(".")[0] and value.strip():
            return f"the refusal names {error.field}, not {field}"
        if len(value) > 8 and value in f"{error} {error.args} {vars(error)}":
            return f"the refusal of {field} shows what was refused"
        return "refused, and something left" if sent else None
    if error is not None and not isinstance(error, CrossbookError):
        return f"{field}: {error!r}"[:200]
    if not sent:
        return f"{field}: neither left nor was refused: {error!r}"
    write = next((call for call in reversed(sent) if call.body), sent[-1])  # it may be read back
    got = received(write).get(FIELDS[vendor].get(field, field))
    if field == "phone" and got != value:
        region = "AU" if vendor == "atom" else "PL" if vendor != "filemail" else None
        got = value if got is not None and _phones.normalize(got, region) == _phones.normalize(value, region) else got
    return (
        None if got == value or (value == "" and got is None) else f"{field}: {value[:60]!r} became {str(got)[:60]!r}"
    )


def problems(vendor: str, work: Iterable[tuple[Do, str, str]]) -> tuple[int, list[str]]:
    """Send all values over one book; return the number of requests, and the problems."""

    async def all_of_it() -> tuple[int, list[str]]:
        transport = FakeTransport(reply(ANSWERS[vendor]))
        left, found = 0, list[str]()
        async with book_over(vendor, transport, rate=1e9) as book:
            for do, field, value in work:
                error = await outcome(book, do, field, value)
                found += [
                    f"{vendor} {wrong}" for wrong in [problem(vendor, field, value, error, transport.sent)] if wrong
                ]
                left += bool(transport.sent)
                transport.sent.clear()
        return left, found

    return anyio.run(all_of_it)


async def outcome(book: AddressBook, do: Do, field: str, value: Any) -> Exception | None:
    try:
        await do(book, field, value)
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("vendor", VENDORS)
def test_ten_thousand_values_through_the_fields(vendor: str) -> None:
    ways = itertools.cycle(itertools.product(FIELDS[vendor], (create, update)))
    work = ((do, field, value) for (field, do), value in zip(ways, hostile_values.texts(), strict=False))
    left, found = problems(vendor, work)
    assert sorted(set(found))[:10] == []
    assert left > 1_000


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_megabyte_in_each_field(vendor: str) -> None:
    large = ("x" * 1_000_000,) if vendor == "filemail" else ("ż" * 500_000, '"\\' * 500_000, "&=%" * 300_000)
    _, found = problems(vendor, ((create, field, value) for field in FIELDS[vendor] for value in large))
    assert found == []


GROUPS: dict[str, Do] = {
    "name": lambda book, _, value: book.groups.create(value),
    "description": lambda book, _, value: book.groups.create("Friends", description=value),
    "external_id": lambda book, _, value: book.groups.create("Friends", external_id=value),
}
FILTERS: dict[str, Do] = {
    name: lambda book, field, value: book.contacts.list(**{field: value})
    for name in ("search", "phone", "email", "external_id")
}
FIND: dict[str, Do] = {
    name: lambda book, field, value: book.contacts.find(**{field: value}) for name in ("phone", "email", "external_id")
}
OTHER_NAMES = {"externalId": "external_id", "phoneNumber": "phone"}


@pytest.mark.parametrize("adapter", [GROUPS, FILTERS, FIND], ids=["groups", "filters", "find"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_names_of_groups_filters_and_keys(vendor: str, adapter: dict[str, Do]) -> None:
    values = [value for number, value in enumerate(hostile_values.texts()) if number < 80 or number % 20 == 0]

    async def all_of_it() -> list[str]:
        transport = FakeTransport(reply(ANSWERS[vendor]))
        found: list[str] = []
        async with book_over(vendor, transport, rate=1e9) as book:
            for field, do in adapter.items():
                for value in values:
                    error = await outcome(book, do, field, value)
                    sent = [received(call) for call in transport.sent]
                    transport.sent.clear()
                    if isinstance(error, InvalidInputError):
                        named = error.field == field and not (len(value) > 8 and value in f"{error} {vars(error)}")
                        found += [] if named and not sent else [f"{field}: {error!r}"[:200]]
                    elif isinstance(error, UnsupportedError):
                        found += [f"{field}: unsupported, and something left"] if sent else []
                    elif error is not None and not isinstance(error, CrossbookError):
                        found.append(f"{field} {value[:40]!r}: {error!r}"[:200])
                    elif field != "phone" and not any(as_given(value, each) for each in sent):
                        # Filemail and Atom search their own lists, and send no value.
                        found += (
                            []
                            if adapter is not GROUPS and vendor in ("filemail", "atom")
                            else [f"{field}: lost {value[:60]!r}"]
                        )
        return found

    assert sorted(set(anyio.run(all_of_it)))[:10] == []


def as_given(value: str, got: dict[str, Any]) -> bool:
    return any(each in (value, value.strip()) for each in got.values())


@pytest.mark.parametrize("value", [17, 1.5, True, b"x", ["x"], {"x": 1}, object()])
@pytest.mark.parametrize("vendor", VENDORS)
def test_field_of_wrong_type_is_refused(vendor: str, value: object) -> None:
    transport = FakeTransport(reply(ANSWERS[vendor]))

    async def all_of_it() -> list[tuple[str, str, object]]:
        wrong: list[tuple[str, str, object]] = []
        async with book_over(vendor, transport, rate=1e9) as book:
            for adapter in (
                dict.fromkeys(FIELDS[vendor], create),
                dict.fromkeys(FIELDS[vendor], update),
                GROUPS,
                FILTERS,
                FIND,
            ):
                for field, do in adapter.items():
                    error = await outcome(book, do, field, value)
                    free = vendor == "vercom" and field == "fields.hobby" and type(value) not in (bytes, object)
                    if not isinstance(error, InvalidInputError | UnsupportedError) and not free:
                        wrong.append((field, do.__name__, error))
        return wrong

    assert anyio.run(all_of_it) == []


@pytest.mark.parametrize("value", ["", " ", "\0", "a\ud800", "x" * 151, 17, None, b"x"])
def test_invalid_external_id_is_refused(value: Any) -> None:
    async def update() -> None:
        async with book_over("vercom", FakeTransport()) as book:
            await book.contacts.update(ExternalId(value), company="ABC")

    with pytest.raises(InvalidInputError) as caught:
        anyio.run(update)
    assert caught.value.field == "external_id"


NOT_JSON = [float("nan"), float("inf"), b"bytes", {1: "number"}, {"a": {1, 2}}, object(), "a\ud800", {"k\ud800": 1}, 1j]


@pytest.mark.parametrize("value", NOT_JSON, ids=lambda value: type(value).__name__)
def test_extra_field_that_json_changes_is_refused(value: Any) -> None:
    async def make() -> None:
        async with book_over("vercom", FakeTransport()) as book:
            await book.contacts.create(Contact(email="anna@example.com", fields={"hobby": value}))

    with pytest.raises(InvalidInputError) as caught:
        anyio.run(make)
    assert caught.value.field == "fields.hobby"
