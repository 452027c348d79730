"""Long responses are processed in chunks: the result is the same, and other tasks run meanwhile."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from crossbook_wire.atom import models as atom
from crossbook_wire.filemail import models as filemail
from crossbook_wire.http import RenamedModel
from fakes import FakeTransport, book_over, reply
from msgspec import UNSET, UnsetType, ValidationError, to_builtins
from msgspec.json import Decoder

from crossbook import AddressBook, Contact, InvalidResponseError, ResponseTooLargeError, _concurrency
from crossbook._concurrency import LONG, ROWS, count_in_chunks, decode_in_chunks, map_in_chunks
from crossbook._http.request import TransportResponse

pytestmark = pytest.mark.anyio
MANY = 20 * ROWS + 1


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"contactid": f"c{n}", "name": f"Person {n}", "email": f"p{n}@example.com", "groups": [], **more}
        for n in range(count)
    ]


def atom_rows(count: int) -> list[dict[str, Any]]:
    return [{"id": n + 1, "phone_number": f"614{n:08d}", "first_name": "Anna", "last_name": "N"} for n in range(count)]


LISTED = reply({"responsestatus": "OK", "contacts": rows(MANY)})


def atom_answer(call: Any) -> TransportResponse:
    if call.path.endswith("list"):
        return reply({"status": "success", "result": [{"id": 1, "name": "All"}]})
    return reply({"status": "success", "result": {"id": 1, "name": "All", "contacts": atom_rows(MANY)}})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make chunks of three rows, and treat lists from 20 bytes on as long."""
    monkeypatch.setattr(_concurrency, "LONG", 20)
    monkeypatch.setattr(_concurrency, "ROWS", 3)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7, 10])
@pytest.mark.parametrize(
    "body",
    [
        lambda rows: {"responsestatus": "OK", "contacts": rows},
        lambda rows: {"contacts": rows, "errorcode": 7, "errorname": "x" * 50, "strange": rows, "more": {"a": rows}},
        lambda rows: {"contacts": rows, "Contacts": rows[:5]},
        lambda rows: {"contacts": [None, [], *rows, []], "responsestatus": None},
        lambda rows: {"contacts": None, "strange": {"contacts": rows}},
    ],
    ids=["list", "others", "two lists", "odd rows", "no list"],
)
async def test_decode_in_chunks_equals_decode(count: int, body: Callable[[Any], Any]) -> None:
    for indent in (None, 1):
        content = json.dumps(body(rows(count)), indent=indent).encode()
        decoder = Decoder(filemail.ContactList)
        assert to_builtins(await decode_in_chunks(content, decoder)) == to_builtins(decoder.decode(content))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "result", [lambda rows: {"id": 1, "contacts": rows}, lambda rows: rows, lambda rows: {"a": {"b": rows}}]
)
async def test_decode_in_chunks_looks_one_level_down(result: Callable[[Any], Any]) -> None:
    content = json.dumps({"status": "success", "result": result(atom_rows(10))}).encode()
    decoder = Decoder(atom.AddressBookDetailAnswer)
    assert to_builtins(await decode_in_chunks(content, decoder)) == to_builtins(decoder.decode(content))


@pytest.mark.usefixtures("small")
class Renamed(RenamedModel, kw_only=True, rename={"items": "@items", "other": "items"}):
    """A model whose lists have other names in JSON; one of these is the Python name of the other list."""

    items: list[int] | UnsetType = UNSET
    other: list[str] | UnsetType = UNSET


@pytest.mark.usefixtures("small")
async def test_decode_in_chunks_of_renamed_lists() -> None:
    body = json.dumps({"@items": list(range(10)), "items": ["one", "two", "three", "four", "five"]}).encode()
    decoder = Decoder(Renamed)
    assert await decode_in_chunks(body, decoder) == decoder.decode(body)


async def test_decode_in_chunks_without_a_model() -> None:
    content = json.dumps({"contacts": rows(10)}).encode()
    assert await decode_in_chunks(content, Decoder(dict[str, Any])) == json.loads(content)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("bad", [0, 2, 3, 7, 9])
async def test_error_in_a_chunk_names_the_row(bad: int) -> None:
    found = rows(10)
    found[bad]["groups"] = [{"contactgroupid": {}}]
    with pytest.raises(ValidationError, match=rf"\$\.contacts\[{bad}\]\.groups\[0\]\.contactgroupid"):
        await decode_in_chunks(json.dumps({"contacts": found}).encode(), Decoder(filemail.ContactList))


@pytest.mark.parametrize("count", [0, 1, ROWS, ROWS + 1, 2 * ROWS, 2 * ROWS + 1])
async def test_map_in_chunks_reads_each_row_once(count: int) -> None:
    seen: list[int] = []
    assert await map_in_chunks(range(count), lambda n: seen.append(n) or n + 1) == list(range(1, count + 1))
    assert seen == list(range(count))


async def test_map_in_chunks_of_few_rows_does_not_wait() -> None:
    """A page of a list does not yield to the event loop."""
    with pytest.raises(StopIteration):
        map_in_chunks(range(ROWS), int).send(None)


async def test_count_in_chunks_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_concurrency, "_COUNTED", 7)
    content = b"{a,b,[c]},{,}" * 9
    assert await count_in_chunks(content, (b"{", b"[", b",")) == [18, 9, 36]
    assert await count_in_chunks(b"", (b"{",)) == [0]


async def turns_of(work: Callable[[], Awaitable[Any]]) -> tuple[int, Any]:
    """Return how often another task ran meanwhile, and the result."""
    turns, result = 0, None
    async with anyio.create_task_group() as group:

        async def neighbour() -> None:
            nonlocal turns
            while True:
                await anyio.lowlevel.checkpoint()
                turns += 1

        group.start_soon(neighbour)
        result = await work()
        group.cancel_scope.cancel()
    return turns, result


async def listed(book: AddressBook) -> int:
    return len((await book.contacts.list(page_size=1_000_000)).items)


async def matched(book: AddressBook) -> int:
    summary = await book.contacts.create_many(
        [Contact(name="Anna", email="p7@example.com")], match="email", on_duplicate="skip"
    ).run()
    return summary.counts["skipped"]


@pytest.mark.parametrize(
    ("vendor", "answer", "work", "found", "passes"),
    [
        ("filemail", LISTED, listed, MANY, 3),
        ("filemail", LISTED, lambda book: book.contacts.get("c7"), None, 2),
        ("filemail", LISTED, lambda book: book.contacts.find(email="p7@example.com"), None, 2),
        ("filemail", LISTED, matched, 1, 4),
        ("atom", atom_answer, listed, MANY, 2),
        ("atom", atom_answer, lambda book: book.contacts.find(phone="+61400000007"), None, 3),
    ],
    ids=["list", "get", "find", "match", "atom list", "atom find"],
)
async def test_long_list_lets_other_tasks_run(vendor: str, answer: Any, work: Any, found: Any, passes: int) -> None:
    """Each pass over the rows (decode, select, convert, compare) yields after each chunk."""
    async with book_over(vendor, FakeTransport(answer)) as book:
        turns, result = await turns_of(lambda: work(book))
    if found is None:
        assert isinstance(result, Contact)
    else:
        assert result == found
    assert turns >= passes * (MANY // ROWS)


async def test_cancelling_a_long_list_leaves_the_book_usable() -> None:
    async with book_over("filemail", FakeTransport(LISTED), concurrency=1) as book:
        whole, _ = await turns_of(lambda: listed(book))
        for after in range(0, whole, 9):
            async with anyio.create_task_group() as group:

                async def giving_up(after: int = after, scope: anyio.CancelScope = group.cancel_scope) -> None:
                    for _ in range(after):
                        await anyio.lowlevel.checkpoint()
                    scope.cancel()

                group.start_soon(giving_up)
                await listed(book)
            assert group.cancel_scope.cancel_called
        assert await listed(book) == MANY


async def test_long_response_with_too_many_objects_is_refused() -> None:
    body = b'{"responsestatus":"OK","contacts":[' + b'{"a":"aaaaaaaaa"},' * 1_000_001 + b"{}]}"
    async with book_over("filemail", FakeTransport(reply(body)), max_attempts=1) as book:
        with pytest.raises(ResponseTooLargeError, match="1,000,000"):
            await listed(book)


@pytest.mark.parametrize(("more", "kind"), [(0, InvalidResponseError), (1, ResponseTooLargeError)])
async def test_values_of_an_answer_are_bounded(more: int, kind: type[Exception]) -> None:
    """The limit is 100,000 values, and one more for each 10 bytes."""
    values = 120_000 + more
    body = b"," * values + b" " * (200_000 - values)
    async with book_over("filemail", FakeTransport(reply(body)), max_attempts=1) as book:
        with pytest.raises(InvalidResponseError) as caught:
            await listed(book)
    assert type(caught.value) is kind


async def test_long_response_that_mismatches_names_the_row() -> None:
    found = rows(MANY)
    found[MANY - 2]["groups"] = [{"contactgroupid": {}}]
    content = json.dumps({"responsestatus": "OK", "contacts": found}).encode()
    assert len(content) > LONG
    async with book_over("filemail", FakeTransport(reply(content)), max_attempts=1) as book:
        with pytest.raises(InvalidResponseError, match=rf"\$\.contacts\[{MANY - 2}\]\.groups\[0\]"):
            await listed(book)
