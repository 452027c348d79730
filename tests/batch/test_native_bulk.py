"""Test Vercom's bulk calls: each row and error of a response goes to its item, and missing rows are not guessed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from batch_helpers import people, person, run_batch, statuses
from fakes import Answer, FakeTransport, book_over, reply
from local_vendor import LocalVendor

from crossbook import AuthError, Contact, ExternalId, NotFoundError, RejectedError
from crossbook._batch.results import Result
from crossbook._http.request import PreparedRequest, TransportFailure
from crossbook.vendors.vercom.profile import PROFILE

pytestmark = pytest.mark.anyio

BY_EXTERNAL = [Contact(external_id=f"crm-{number}", email=f"p{number}@example.com") for number in range(4)]
BY_EMAIL = [Contact(email=f"p{number}@example.com") for number in range(4)]


def row(id: int, external: str | None = None) -> dict[str, Any]:
    return {"id": str(id), "externalId": external}


def problem(source: str | None, title: str = "Validation error") -> dict[str, Any]:
    return {"title": title, "message": "no", "code": "E-1-001", "meta": {"parameter": "email", "source": source}}


def written(*data: Any, errors: Sequence[Any] = (), status: int = 200) -> Answer:
    return reply({"meta": {}, "data": data, **({"errors": errors} if errors else {})}, status)


async def created(contacts: Sequence[Contact], *answers: Any) -> tuple[list[Result], FakeTransport]:
    transport = FakeTransport(*answers)
    async with book_over("vercom", transport) as book:
        return await run_batch(book.contacts.create_many(contacts, ordered=True)), transport


def list_ids(results: Sequence[Result]) -> list[str]:
    return [result.id or result.status for result in results]


async def test_rows_are_matched_by_external_id() -> None:
    rows = [row(10 + number, f"crm-{number}") for number in (2, 0, 3, 1)]
    results, transport = await created(BY_EXTERNAL, written(*rows))
    assert list_ids(results) == ["10", "11", "12", "13"]
    assert len(transport.sent) == 1


async def test_rows_without_identity_are_matched_by_order() -> None:
    results, _ = await created(BY_EMAIL, written(*(row(10 + number) for number in range(4))))
    assert list_ids(results) == ["10", "11", "12", "13"]


async def test_207_errors_go_to_their_items() -> None:
    answer = written(
        row(10), row(12), errors=[problem("p1@example.com"), problem("p3@example.com", "Not found")], status=207
    )
    results, _ = await created(BY_EMAIL, answer)
    assert list_ids(results) == ["10", "failed", "12", "failed"]
    assert [type(result.error) for result in results] == [type(None), RejectedError, type(None), NotFoundError]
    assert results[1].error is not None
    assert (results[1].error.field, results[1].error.status, results[1].error.sent) == ("email", 207, "yes")


async def test_207_error_contains_no_credential() -> None:
    secret = 'fake/"key"'
    quoting = {**problem("p1@example.com"), "message": f"not for {secret}", "code": secret}
    content = written(row(10), row(12), row(13), errors=[quoting], status=207).content.replace(b"/", rb"\/")
    transport = FakeTransport(reply(content, 207))
    async with book_over("vercom", transport, application_key=secret) as book:
        results = await run_batch(book.contacts.create_many(BY_EMAIL, ordered=True))
    assert list_ids(results) == ["10", "failed", "12", "13"]
    assert results[1].error is not None
    assert (results[1].error.message, results[1].error.code) == ("Validation error. not for ***", "***")


SHARED = [Contact(phone="+48500600700", first_name=name) for name in ("Anna", "Ewa")]


@pytest.mark.parametrize(
    ("contacts", "answer"),
    [
        pytest.param(BY_EMAIL, written(*(row(10 + n) for n in range(3))), id="fewer rows"),
        pytest.param(BY_EMAIL, written(*(row(10 + n) for n in range(5))), id="more rows"),
        pytest.param(BY_EMAIL, written(row(10), row(10), row(11), row(12)), id="an id twice"),
        pytest.param(BY_EMAIL, written(row(10), None, row(11), row(12)), id="a null row"),
        pytest.param(BY_EMAIL, written(row(10), {}, row(11), row(12)), id="a row without an id"),
        pytest.param(BY_EMAIL, written(), id="no rows"),
        pytest.param(BY_EMAIL, written(row(10), errors=[problem(None)], status=207), id="an error without identity"),
        pytest.param(
            BY_EMAIL,
            written(row(1), row(2), row(3), errors=[problem("stranger@example.com")], status=207),
            id="an error of a stranger",
        ),
        pytest.param(
            BY_EMAIL,
            written(row(1), row(2), row(3), row(4), errors=[problem("stranger@example.com")], status=207),
            id="a row for each, and an error of a stranger",
        ),
        pytest.param(BY_EMAIL, written(row(10), None, row(11), row(12), row(13)), id="a row for each, and a null one"),
        pytest.param(SHARED, written(row(10), errors=[problem("+48500600700")], status=207), id="an error of either"),
    ],
)
async def test_items_missing_from_response_are_uncertain(contacts: Sequence[Contact], answer: Answer) -> None:
    results, transport = await created(contacts, answer)
    assert list_ids(results) == ["uncertain"] * len(contacts)
    assert len(transport.sent) == 1


async def test_rows_out_of_order_leave_others_uncertain() -> None:
    contacts = [BY_EXTERNAL[0], BY_EMAIL[1], BY_EXTERNAL[2], BY_EMAIL[3]]
    answer = written(row(12, "crm-2"), row(11), row(10, "crm-0"), row(13))
    results, _ = await created(contacts, answer)
    assert list_ids(results) == ["10", "uncertain", "12", "uncertain"]


async def test_error_of_shared_identity_goes_to_both() -> None:
    results, _ = await created(SHARED, written(errors=[problem("+48500600700")] * 2, status=207))
    assert list_ids(results) == ["failed", "failed"]
    twins = [Contact(external_id="crm-1", email=f"p{number}@example.com") for number in range(2)]
    results, _ = await created(twins, written(row(10, "crm-1"), row(11, "crm-1")))
    assert list_ids(results) == ["10", "11"]
    results, _ = await created(twins, written(row(10, "crm-1"), status=207))
    assert list_ids(results) == ["uncertain", "uncertain"]


async def test_refused_bulk_call_is_split() -> None:
    def answer(call: PreparedRequest) -> Answer:
        sent = json.loads(call.body)
        if any(each["email"] == "p2@example.com" for each in sent):
            return reply({"errors": [problem(None)], "meta": {}}, 422)
        return written(*(row(int(each["email"][1]) + 10) for each in sent))

    results, transport = await created(BY_EMAIL, answer)
    assert list_ids(results) == ["10", "11", "failed", "13"]
    assert [len(json.loads(call.body)) for call in transport.sent] == [4, 2, 2, 1, 1]


def refuse(_: PreparedRequest) -> Answer:
    return reply({"errors": [problem(None)], "meta": {}}, 422)


def accept(call: PreparedRequest) -> Answer:
    return written(*(row(int(each["email"][1:-12]) + 10) for each in json.loads(call.body)))


@pytest.mark.parametrize(("options", "failed"), [({"max_failures": 3}, 3), ({"on_error": "stop"}, 1)])
async def test_split_ends_with_last_allowed_failure(options: Any, failed: int) -> None:
    """Each item of a refused array costs two requests, so that an array of 200 cost 399."""
    source = [Contact(email=f"p{number}@example.com") for number in range(200)]
    transport = FakeTransport(refuse)
    async with book_over("vercom", transport) as book:
        batch = book.contacts.create_many(source, ordered=True, **options)
        results = await run_batch(batch)
    assert [result.status for result in results] == ["failed"] * failed + ["cancelled"] * (200 - failed)
    assert len(transport.sent) <= 9 + 2 * failed
    assert batch.summary.stopped is not None
    assert {result.attempts for result in results} == {1}


async def test_item_of_ended_split_is_created_by_next_run(tmp_path: Path) -> None:
    """The refusal of the array proves that the item was not written, so it is not looked up and not uncertain."""
    source = [Contact(email=f"p{number}@example.com") for number in range(4)]
    for answer, expected in ((refuse, ["failed", "cancelled"]), (accept, ["failed", "created"])):
        async with book_over("vercom", FakeTransport(answer)) as book:
            batch = book.contacts.create_many(
                source, ordered=True, max_failures=1, journal=tmp_path / "run.sqlite", same_account=True
            )
            results = await run_batch(batch)
        assert [result.status for result in results] == [expected[0], *[expected[1]] * 3]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (TransportFailure("lost", "maybe", "ReadTimeout"), "uncertain"),
        (reply({"errors": [problem(None)], "meta": {}}, 503), "uncertain"),
        (reply({"errors": [problem(None)], "meta": {}}, 401), "failed"),
        (reply(b"<html>", 502), "uncertain"),
        (reply(b'{"meta":{},"da'), "uncertain"),
    ],
)
async def test_lost_bulk_create_is_not_sent_again(answer: Answer, status: str) -> None:
    results, transport = await created(BY_EMAIL, answer)
    assert list_ids(results) == [status] * 4
    assert len(transport.sent) == 1
    assert (status == "failed") == all(isinstance(result.error, AuthError) for result in results)


async def test_unsent_bulk_call_is_sent_again() -> None:
    failure = TransportFailure("connect", "no", "ConnectError")
    results, transport = await created(BY_EMAIL, failure, written(*(row(10 + number) for number in range(4))))
    assert list_ids(results) == ["10", "11", "12", "13"]
    assert len(transport.sent) == 2


async def deleted(*answers: Any) -> tuple[list[str], list[list[int]]]:
    transport = FakeTransport(*answers)
    async with book_over("vercom", transport) as book:
        results = await run_batch(book.contacts.delete_many(["1", "2", "3"], ordered=True))
    return [result.status for result in results], [body["id"] for body in transport.bodies]


GONE = {"errors": [problem(None, "Not found")], "meta": {}}


async def test_ids_share_one_delete_call() -> None:
    assert await deleted(written(row(1), row(2), row(3))) == (["deleted"] * 3, [[1, 2, 3]])
    assert await deleted(written()) == (["deleted"] * 3, [[1, 2, 3]])
    named = written(row(1), row(3), errors=[problem("2", "Not found")], status=207)
    assert await deleted(named) == (["deleted", "failed", "deleted"], [[1, 2, 3]])


async def test_groups_share_one_delete_call() -> None:
    named = written(row(1), row(3), errors=[problem("2", "Not found")], status=207)
    transport = FakeTransport(named)
    async with book_over("vercom", transport) as book:
        results = await run_batch(book.groups.delete_many(["1", "2", "3"], ordered=True))
    assert [result.status for result in results] == ["deleted", "failed", "deleted"]
    assert [body["id"] for body in transport.bodies] == [[1, 2, 3]]


async def test_unclear_bulk_delete_is_repeated_one_by_one() -> None:
    nameless = written(row(1), errors=[problem(None, "Not found")], status=207)
    done, gone = written(), reply(GONE, 404)
    # The first call deleted the second contact, or it never existed. Either way it is gone.
    assert await deleted(nameless, gone, done) == (["deleted"] * 3, [[1, 2, 3], [2], [3]])
    assert await deleted(written(row(1)), done, done) == (["deleted"] * 3, [[1, 2, 3], [2], [3]])


async def test_delete_of_missing_ids_fails() -> None:
    assert (await deleted(reply(GONE, 404)))[0] == ["failed"] * 3
    lost = TransportFailure("lost", "maybe", "ReadError")
    assert (await deleted(lost, reply(GONE, 404)))[0] == ["deleted"] * 3


async def test_updates_by_different_ids_use_separate_calls() -> None:
    rows = [row(7, "7000"), row(8, "7"), row(9, "crm")]
    transport = FakeTransport(written(*rows))
    changes: list[Any] = [(id, {"company": "ABC"}) for id in ("7", ExternalId("crm"), ExternalId("7"))]
    async with book_over("vercom", transport) as book:
        results = await run_batch(book.contacts.update_many(changes, ordered=True))
    assert list_ids(results) == ["7", "9", "8"]
    assert len(transport.sent) == 1


async def test_update_missing_from_response_is_repeated_alone() -> None:
    transport = FakeTransport(written(row(7)), written(row(8)))
    async with book_over("vercom", transport) as book:
        results = await run_batch(
            book.contacts.update_many([(id, {"company": "ABC"}) for id in ("7", "8")], ordered=True)
        )
    assert list_ids(results) == ["7", "8"]
    assert [len(json.loads(call.body)) for call in transport.sent] == [2, 1]


async def test_bulk_calls_are_filled() -> None:
    local_vendor = LocalVendor("vercom")
    async with local_vendor.book() as book:
        results = await run_batch(book.contacts.create_many(people(PROFILE, 2500), concurrency=1))
        assert statuses(results) == {"created": 2500}
        assert local_vendor.count["createContacts"] == 3
        assert statuses(await run_batch(book.contacts.delete_many(result.id or "" for result in results))) == {
            "deleted": 2500
        }
        assert local_vendor.count["deleteContacts"] == 3


async def test_each_group_has_its_own_call() -> None:
    local_vendor = LocalVendor("vercom")
    async with local_vendor.book() as book:
        groups = [(await book.groups.create(name)).id for name in ("Friends", "Family")]
        ids = [
            result.id or "" for result in await run_batch(book.contacts.create_many(people(PROFILE, 4), ordered=True))
        ]
        pairs = [(groups[number % 2], id) for number, id in enumerate(ids)]
        assert statuses(await run_batch(book.groups.add_many(pairs))) == {"done": 4}
        for number, group in enumerate(groups):
            assert [contact.id async for contact in book.contacts.list(group=group)] == ids[number::2]
        assert local_vendor.count["addGroupContacts"] == 2


async def test_group_changes_are_sent_one_by_one() -> None:
    local_vendor = LocalVendor("vercom")
    async with local_vendor.book() as book:
        group = (await book.groups.create("Friends")).id
        ids = [
            result.id or ""
            for result in await run_batch(book.contacts.create_many([person(PROFILE, n) for n in range(3)]))
        ]
        changes = [(id, {"company": "ABC", **({"groups": [group]} if id == ids[0] else {})}) for id in ids]
        assert statuses(await run_batch(book.contacts.update_many(changes))) == {"updated": 3}
        assert [contact.id async for contact in book.contacts.list(group=group)] == [ids[0]]
        assert local_vendor.count["updateContacts"] == 2
