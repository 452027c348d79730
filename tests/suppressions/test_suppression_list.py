"""Test the suppression list: keys, channels, the order of events, and its stores."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook import Contact, CrossbookError, InvalidInputError, SuppressionList
from crossbook.suppressions import MemorySuppressions, SqliteSuppressions, SuppressionEntry

pytestmark = pytest.mark.anyio
PHONE = "+48500600700"
DAY = timedelta(days=1)
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECRET = "a secret of the test suite"


@pytest.fixture(params=["memory", "sqlite"])
def make_list(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., SuppressionList]:
    """Return a function that makes a list; each call with SQLite opens the same file."""
    store: Any = MemorySuppressions()

    def make(**options: Any) -> SuppressionList:
        return SuppressionList(store if request.param == "memory" else tmp_path / "list.sqlite", **options)

    return make


@pytest.fixture
async def suppressions(make_list: Callable[..., SuppressionList]) -> AsyncIterator[SuppressionList]:
    async with make_list() as made:
        yield made


async def channels(suppressions: SuppressionList, **keys: Any) -> str:
    return " ".join(sorted((await suppressions.check(Contact(**keys))).channels))


async def test_opt_out_is_found_by_each_key(suppressions: SuppressionList) -> None:
    await suppressions.add(phone=PHONE, channel="sms", reason="STOP", source="webhook", time=START)
    await suppressions.add(email=" Anna@Example.com ", channel="email")
    await suppressions.add(external_id="CRM-1")
    assert await channels(suppressions, phone="500 600 700", email="b@example.com") == "sms"
    assert await channels(suppressions, email="anna@example.COM") == "email"
    assert await channels(suppressions, external_id="CRM-1") == "email push sms"
    assert await channels(suppressions, external_id="crm-1", phone="+48500600701", email="c@example.com") == ""
    assert await channels(suppressions, phone=PHONE, email="anna@example.com") == "email sms"
    status = await suppressions.check(Contact(phone=PHONE))
    assert str(status) == "sms since 2026-01-01 12:00 UTC by phone (STOP, from webhook)"
    assert (bool(status), str(await suppressions.check(Contact(phone="+48500600701")))) == (True, "not listed")
    assert PHONE[1:] not in repr(status)


@pytest.mark.parametrize(
    ("added", "region", "checked"),
    [
        ("0500600700", "PL", PHONE),
        ("0048 500-600-700", "PL", PHONE),
        ("48500600700", "PL", PHONE),
        ("+48 0 500 600 700", "PL", PHONE),
        ("0491 570 006", "AU", "+61491570006"),
        ("12", "PL", "12"),
        ("+48 12", "PL", "0048-12"),
        ("phone 77/88", "PL", "77 88"),
    ],
)
async def test_spellings_of_phone_are_one_key(
    suppressions: SuppressionList, added: str, region: str, checked: str
) -> None:
    """The key is all digits after parsing, valid or not."""
    await suppressions.add(phone=added, region=region, channel="sms")
    assert await channels(suppressions, phone=checked) == "sms"


async def test_entry_survives_other_phone_library(
    suppressions: SuppressionList, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release that reads a number differently finds the entry by its digits, but not in another country."""
    from crossbook import _phones

    await suppressions.add(phone="500 600 700", channel="sms")

    def list_digits(text: str, region: str | None) -> tuple[str, str]:
        return "99", f"{region}:500600700"

    monkeypatch.setattr(_phones, "list_digits", list_digits)
    assert await channels(suppressions, phone="500-600-700") == "sms"
    assert not await suppressions.check(Contact(phone="500-600-700"), region="DE")


async def test_later_subscription_ends_opt_out(suppressions: SuppressionList) -> None:
    await suppressions.add(phone=PHONE, channel="sms")
    await suppressions.remove(phone=PHONE, channel="sms", reason="asked again")
    assert await channels(suppressions, phone=PHONE) == ""
    await suppressions.add(phone=PHONE, channel="all")
    assert await channels(suppressions, phone=PHONE) == "email push sms"
    await suppressions.remove(phone=PHONE, channel="email", reason="newsletter only")
    assert await channels(suppressions, phone=PHONE) == "push sms"
    history = await suppressions.history(Contact(phone=PHONE))
    assert [(entry.action, entry.channel) for entry in history] == [
        ("opt_out", "sms"), ("resubscribe", "sms"), ("opt_out", "all"), ("resubscribe", "email"),
    ]  # fmt: skip


async def test_stated_time_decides_not_order(suppressions: SuppressionList) -> None:
    """Events arrive late and in another order. At an equal time the opt-out wins."""
    await suppressions.add(phone=PHONE, channel="sms", time=START + DAY)
    await suppressions.remove(phone=PHONE, channel="sms", time=START, reason="an older form")
    assert await channels(suppressions, phone=PHONE) == "sms"
    await suppressions.remove(phone=PHONE, channel="sms", time=START + DAY, reason="the same moment")
    assert await channels(suppressions, phone=PHONE) == "sms"
    await suppressions.remove(phone=PHONE, channel="sms", time=START + 2 * DAY, reason="a later form")
    assert await channels(suppressions, phone=PHONE) == ""
    await suppressions.add(phone=PHONE, channel="sms", time=START + DAY, reason="repeated")
    assert await channels(suppressions, phone=PHONE) == "", "an event from before the subscription"
    await suppressions.add(phone=PHONE, channel="sms")
    assert await channels(suppressions, phone=PHONE) == "sms", "an opt-out without a time counts from its receipt"


async def test_future_event_counts_from_receipt(suppressions: SuppressionList) -> None:
    future = datetime.now(UTC) + DAY
    await suppressions.remove(phone=PHONE, reason="a wrong clock", time=future)
    await suppressions.add(phone=PHONE, channel="sms")
    assert await channels(suppressions, phone=PHONE) == "sms"
    await suppressions.add(email="a@example.com", time=future)
    await suppressions.remove(email="a@example.com", reason="asked again")
    assert await channels(suppressions, email="a@example.com") == ""


@given(
    st.lists(
        st.tuples(st.sampled_from(["opt_out", "back"]), st.sampled_from(["sms", "email", "all"]), st.integers(0, 4))
    )
)
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_latest_event_decides(events: list[tuple[str, Any, int]]) -> None:
    """Compare with a model: a channel is off if it has an opt-out, and no subscription that is later than each."""
    async with SuppressionList() as suppressions:
        for action, channel, day in events:
            time = START + day * DAY
            if action == "opt_out":
                await suppressions.add(phone=PHONE, channel=channel, time=time)
            else:
                await suppressions.remove(phone=PHONE, channel=channel, time=time, reason="asked")
        found = (await suppressions.check(Contact(phone=PHONE))).channels
        for channel in ("sms", "email", "push"):
            days = [(action, day) for action, on, day in events if on in (channel, "all")]
            off = max((day for action, day in days if action == "opt_out"), default=-1)
            back = max((day for action, day in days if action == "back"), default=-1)
            assert (channel in found) == (off >= 0 and off >= back)


async def test_receipt_is_accepted_once(make_list: Callable[..., SuppressionList]) -> None:
    for expected in (True, False):
        async with make_list() as suppressions:
            assert await suppressions.add(phone=PHONE, channel="sms", receipt="request-1") is expected
    async with make_list() as suppressions:
        assert len([entry async for entry in suppressions.entries()]) == 1


async def test_hashed_list_holds_no_address(tmp_path: Path) -> None:
    path = tmp_path / "list.sqlite"
    async with SuppressionList(path, key=SECRET) as suppressions:
        await suppressions.add(phone="500 600 700", email="anna@example.com", external_id="CRM-1", channel="sms")
        assert await channels(suppressions, phone=PHONE) == "sms"
        assert await channels(suppressions, external_id="CRM-1") == "sms"
        assert suppressions.is_hashed
    content = path.read_bytes()
    assert not [text for text in (b"500600700", b"anna", b"CRM-1") if text in content]
    for key in (None, "another secret of the suite"):
        with pytest.raises(InvalidInputError, match="another key"):
            await SuppressionList(path, key=key).check(Contact(phone=PHONE))


async def test_file_is_private_and_shared(tmp_path: Path) -> None:
    """Two lists over one file, as in two processes: what one adds, the other finds."""
    path = tmp_path / "list.sqlite"
    async with SuppressionList(path) as first, SuppressionList(path) as second:
        await first.add(phone=PHONE, channel="sms")
        assert await channels(second, phone=PHONE) == "sms"
        await second.remove(phone=PHONE, reason="asked again")
        assert await channels(first, phone=PHONE) == ""
        names = [path.with_name(f"list.sqlite{suffix}") for suffix in ("", "-wal", "-shm")]
        assert [stat.S_IMODE(each.stat().st_mode) for each in names] == [0o600] * 3
    with sqlite3.connect(path) as db:
        assert db.execute("pragma journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("content", [b"no database, but some text that is long enough" * 9, None])
async def test_other_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "list.sqlite"
    if content is None:
        with sqlite3.connect(path) as db:
            db.execute("create table other (id)")
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(InvalidInputError, match="of another program"):
            await SuppressionList(path).add(phone=PHONE)
    assert path.read_bytes() == before
    with pytest.raises(InvalidInputError, match="cannot be opened"):
        await SuppressionList(tmp_path / "missing" / "list.sqlite").check(Contact(phone=PHONE))


async def test_many_contacts_are_checked_at_once(suppressions: SuppressionList) -> None:
    for number in range(0, 300, 3):
        await suppressions.add(phone=f"+48500600{number:03}", channel="sms")
    people = [Contact(phone=f"+48500600{number:03}", email=f"{number}@example.com") for number in range(300)]
    found = await suppressions.check_many(people)
    assert [bool(status) for status in found] == [number % 3 == 0 for number in range(300)]
    assert await suppressions.check_many([]) == []
    assert not await suppressions.check(Contact())


INVALID: list[tuple[dict[str, Any], str]] = [
    ({}, "phone"),
    ({"phone": ""}, "phone"),
    ({"phone": "call me"}, "phone"),
    ({"phone": "4.85E+10"}, "phone"),
    ({"email": " "}, "email"),
    ({"phone": 48500600700}, "phone"),
    ({"phone": PHONE, "channel": "fax"}, "channel"),
    ({"phone": PHONE, "time": datetime(2026, 1, 1)}, "time"),  # noqa: DTZ001
    ({"phone": PHONE, "reason": 5}, "reason"),
]


@pytest.mark.parametrize(("arguments", "field"), INVALID)
async def test_invalid_entry_is_refused(suppressions: SuppressionList, arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await suppressions.add(**arguments)
    assert caught.value.field == field
    assert [entry async for entry in suppressions.entries()] == []


async def test_invalid_options_are_refused() -> None:
    options: list[dict[str, Any]] = [{"key": "short"}, {"region": "Poland"}, {"store": 5}]
    for each in options:
        with pytest.raises(InvalidInputError) as caught:
            SuppressionList(**each)
        assert caught.value.field in each
    with pytest.raises(InvalidInputError, match="reason"):
        await SuppressionList().remove(phone=PHONE, reason=" ")


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize("key", [None, SECRET])
async def test_exported_list_can_be_imported(tmp_path: Path, format: Any, key: str | None) -> None:
    path = tmp_path / f"list.{format}"
    async with SuppressionList(key=key) as first, SuppressionList(key=key) as second:
        await first.add(phone="500 600 700", channel="sms", reason="=STOP", source="webhook", time=START)
        await first.add(phone="12", channel="sms", time=START)
        await first.add(email="anna@example.com", external_id="CRM-1", reason='a, "b"\nc')
        await first.remove(external_id="CRM-1", reason="asked again")
        assert await first.export_file(path) == 5
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [await second.import_file(path) for _ in range(2)] == [5, 0]
        people: list[dict[str, Any]] = [
            {"phone": PHONE},
            {"phone": "12"},
            {"email": "anna@example.com"},
            {"external_id": "CRM-1"},
        ]
        for keys in people:
            assert (await second.check(Contact(**keys))).channels == (await first.check(Contact(**keys))).channels

        def essence(entry: SuppressionEntry) -> tuple[Any, ...]:
            return entry.kind, entry.key, entry.raw, entry.channel, entry.action, entry.time, entry.reason, entry.source

        entries = [essence(entry) async for entry in first.entries()]
        assert [essence(entry) async for entry in second.entries()] == entries
    if key is not None:
        with pytest.raises(InvalidInputError, match=r"line [12]"):
            await SuppressionList(key="another secret of the suite").import_file(path)


async def test_list_of_another_tool_is_imported(suppressions: SuppressionList, tmp_path: Path) -> None:
    path = tmp_path / "stop.csv"
    path.write_text("\ufeffPhone,email\n500600700,\n,anna@example.com\n500600700,\n\n", encoding="utf-8")
    assert await suppressions.import_file(path, channel="sms", source="old tool") == 2
    assert await suppressions.import_file(path, channel="sms") == 0
    status = await suppressions.check(Contact(phone=PHONE))
    assert [entry.source for entry in status.entries.values()] == ["old tool"]
    assert await channels(suppressions, email="anna@example.com") == "sms"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\nAnna\n", "no column phone"),
        ("phone,age\n500600700,5\n", "column 2"),
        ("phone\n500600700\nnobody\n", "line 3"),
        ("phone,action\n500600700,resubscribe\n", "line 2.*time and a reason"),
        ("phone,time\n500600700,2026-01-01\n", "line 2: time"),
        ("phone,time\n500600700,yesterday\n", "line 2: time"),
        ("phone,channel\n500600700,fax\n", "line 2: channel"),
        ("phone,channel\n500600700\n", "line 2"),
    ],
)
async def test_invalid_file_adds_nothing(
    suppressions: SuppressionList, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "stop.csv"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        await suppressions.import_file(path)
    with pytest.raises(InvalidInputError, match="format"):
        await suppressions.import_file(tmp_path / "stop.txt")
    assert [entry async for entry in suppressions.entries()] == []


async def test_closed_store_is_opened_again(make_list: Callable[..., SuppressionList]) -> None:
    suppressions = make_list()
    await suppressions.add(phone=PHONE, channel="sms")
    await suppressions.close()
    assert await channels(suppressions, phone=PHONE) == "sms"
    await suppressions.close()
    with pytest.raises(TypeError, match="pickled"):
        suppressions.__reduce__()


async def test_full_disk_is_reported(tmp_path: Path) -> None:
    async with SuppressionList(store := SqliteSuppressions(tmp_path / "list.sqlite")) as suppressions:
        await suppressions.add(phone=PHONE)
        store._writer.execute("pragma max_page_count = 1")  # type: ignore[union-attr]  # pyright: ignore
        with pytest.raises(CrossbookError, match="disk is full"):
            await suppressions.import_file(_many(tmp_path))
        assert len([entry async for entry in suppressions.entries()]) == 1


def _many(folder: Path) -> Path:
    path = folder / "many.csv"
    path.write_text("phone\n" + "".join(f"+48500{number:06}\n" for number in range(900)))
    return path


async def test_tombstone_ends_only_by_removal_of_all(suppressions: SuppressionList, tmp_path: Path) -> None:
    """A tombstone blocks its keys and is no opt-out. It survives an export."""
    assert await suppressions.add_tombstone(phone=PHONE, email="anna@example.com", source="erase") == 2
    status = await suppressions.check(Contact(phone="500600700"))
    assert status.erased is not None
    assert (bool(status), status.channels, str(status)[:12]) == (True, frozenset(), "erased since")
    assert not await suppressions.check(Contact(phone="+48500600701"))
    await suppressions.remove(phone=PHONE, channel="sms", reason="asked")
    assert (await suppressions.check(Contact(phone=PHONE))).erased
    await suppressions.export_file(tmp_path / "list.csv")
    async with SuppressionList() as other:
        await other.import_file(tmp_path / "list.csv")
        assert (await other.check(Contact(email="anna@example.com"))).erased
    await suppressions.remove(phone=PHONE, reason="came back")
    assert not await suppressions.check(Contact(phone=PHONE))
    assert await suppressions.add_tombstone(phone=PHONE) == 1
