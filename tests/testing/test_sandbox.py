"""What a test can store in the sandbox and read from it."""

from __future__ import annotations

import os

import pytest

import crossbook
from crossbook import Contact, UsageError, _phones
from crossbook_testing import BookFactory, Sandbox, VendorName

pytestmark = pytest.mark.anyio


async def test_seed_stores_the_same_people(
    crossbook_sandbox: Sandbox, crossbook_book: BookFactory, vendor: str
) -> None:
    seeded = crossbook_sandbox.seed(vendor, contacts=50, groups=("Friends", "Family"))
    with Sandbox() as other:
        assert other.seed(vendor, contacts=50, groups=2).contacts[7].phone == seeded.contacts[7].phone
    assert len({contact.phone for contact in seeded.contacts}) == 50
    assert all(_phones.match_key(contact.phone, None) for contact in seeded.contacts)
    async with crossbook_book(vendor) as book:
        read = {contact.id: contact async for contact in book.contacts.list(full=book.profile.single_group)}
        assert sorted(read) == [contact.id for contact in seeded.contacts]
        for contact in seeded.contacts:
            found = read[contact.id]
            for name in found.known_fields - {"fields", "archived", "opted_out", "created_at"}:
                assert getattr(found, name) == getattr(contact, name), name
        friends = [contact.id async for contact in book.contacts.list(group=seeded.groups[0].id)]
    assert friends == [contact.id for contact in seeded.contacts[::2]]
    assert {contact.groups for contact in seeded.contacts[::2]} == {(seeded.groups[0].id,)}
    more = crossbook_sandbox.seed(vendor, contacts=3, groups=("Friends",))
    assert more.groups == seeded.groups[:1]
    assert not {contact.phone for contact in more.contacts} & {contact.phone for contact in seeded.contacts}


async def test_seed_without_group(crossbook_sandbox: Sandbox, vendor: str) -> None:
    seeded = crossbook_sandbox.seed(vendor, contacts=1)
    assert [group.name for group in seeded.groups] == (["Seeds"] if vendor == "atom" else [])
    assert len(seeded.contacts[0].groups or ()) == len(seeded.groups)


async def test_contacts_has_write_only_fields(crossbook_sandbox: Sandbox, crossbook_book: BookFactory) -> None:
    async with crossbook_book("filemail") as book:
        group = await book.groups.create("Friends")
        created = await book.contacts.create(
            Contact(name="Anna", email="anna@example.com", phone="+12025550143", groups=(group.id,))
        )
    (stored,) = crossbook_sandbox.contacts("filemail")
    assert (stored.id, stored.phone, stored.groups) == (created.id, "+12025550143", (group.id,))
    assert crossbook_sandbox.groups("filemail") == (group,)


async def test_opt_out(crossbook_sandbox: Sandbox, crossbook_book: BookFactory) -> None:
    (contact,) = crossbook_sandbox.seed("serwersms", contacts=1).contacts
    crossbook_sandbox.opt_out("serwersms", contact.id, "sms")
    async with crossbook_book("serwersms") as book:
        assert (await book.contacts.get(contact.id)).opted_out == {"sms"}
        await book.contacts.resubscribe(contact.id, "sms")
        assert crossbook_sandbox.contacts("serwersms")[0].opted_out == frozenset()
        await book.contacts.unsubscribe(contact.id, "sms")
    assert crossbook_sandbox.contacts("serwersms")[0].opted_out == {"sms"}


async def test_calls_have_no_credentials(crossbook_sandbox: Sandbox, crossbook_book: BookFactory, vendor: str) -> None:
    async with crossbook_book(vendor) as book:
        group = await book.groups.create("Friends")
        values = {"name": "Anna A"} if vendor == "filemail" else {"first_name": "Anna"}
        if "email" in book.profile.contact_fields:
            values["email"] = "anna@example.com"
        await book.contacts.create(Contact(phone="+12025550143", groups=(group.id,), **values))
    (call,) = crossbook_sandbox.calls(vendor, "create")
    assert (call.vendor, call.operation, call.status, call.fault) == (
        vendor,
        book.profile.capability("contacts.create").operation,
        200,
        None,
    )
    assert "Anna" in f"{call.body}{call.query}"
    secrets = [secret for secret in crossbook_sandbox.credentials[vendor].values() if secret != "redlink"]
    for each in crossbook_sandbox.calls(vendor):
        assert not [secret for secret in secrets if secret in repr(each)]
    crossbook_sandbox.assert_called("groups.create", vendor=vendor, times=1)
    crossbook_sandbox.assert_called("create")
    crossbook_sandbox.assert_called(call.operation, times=1)
    crossbook_sandbox.assert_called("delete", times=0)
    crossbook_sandbox.reset()
    assert crossbook_sandbox.calls() == []
    assert crossbook_sandbox.contacts(vendor) == ()


async def test_assert_called_lists_calls_on_failure(crossbook_sandbox: Sandbox, crossbook_book: BookFactory) -> None:
    with pytest.raises(AssertionError, match="No call reached the sandbox"):
        crossbook_sandbox.assert_called("create")
    crossbook_sandbox.inject_fault("list", kind=503)
    async with crossbook_book("vercom") as book:
        await book.with_options(max_attempts=2).contacts.list()
    with pytest.raises(AssertionError) as caught:
        crossbook_sandbox.assert_called("create", vendor="vercom", times=2)
    assert str(caught.value) == (
        "vercom: create should have reached the sandbox twice, but did never.\n"
        "All calls:\n"
        "  1. vercom.listContacts → 503 (status)\n"
        "  2. vercom.listContacts → 404"
    )


async def test_unknown_names_are_refused(crossbook_sandbox: Sandbox, crossbook_book: BookFactory) -> None:
    with pytest.raises(UsageError, match=r"take a verb .*contacts\.create"):
        crossbook_sandbox.assert_called("destroy", times=0)
    with pytest.raises(UsageError, match="no vendor 'twilio': take one of serwersms"):
        crossbook_sandbox.seed("twilio", contacts=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown switch"):
        crossbook_sandbox.configure(vercom_mood="bad")  # type: ignore[call-arg]


async def test_switches(crossbook_sandbox: Sandbox, crossbook_book: BookFactory) -> None:
    crossbook_sandbox.configure(filemail_api_key_required=True)
    async with crossbook_book("filemail") as book:
        assert (await book.groups.list()).items == ()  # it has the key
    crossbook_sandbox.configure(rates={"vercom": 1})
    with Sandbox(rates={"atom": 1}) as limited:
        async with limited.book("atom", rate=1e6, max_attempts=1) as book:
            for _ in range(2):
                await book.groups.list()
            with pytest.raises(Exception, match="status 429"):
                await book.groups.list()


async def test_added_account_is_separate(
    crossbook_sandbox: Sandbox, crossbook_book: BookFactory, vendor: VendorName
) -> None:
    first = crossbook_sandbox.seed(vendor, contacts=1).contacts
    account = crossbook_sandbox.add_account("eu-2", vendor)
    assert (account.name, account.vendor, account.contacts()) == ("eu-2", vendor, ())
    seeded = account.seed(contacts=2, groups=("Friends",))
    async with crossbook_book(vendor) as book, crossbook.open("eu-2") as other:
        listed = [item.id async for item in other.groups.list()]
        assert seeded.groups[0].id in listed
        assert "Friends" not in [item.name async for item in book.groups.list()]
        created = await other.groups.create("Family")
    assert [call.account for call in crossbook_sandbox.calls(vendor, "groups.create")] == ["eu-2"]
    assert [str(call) for call in account.calls("groups.create")] == [
        str(call) for call in crossbook_sandbox.calls(vendor, "groups.create")
    ]
    assert "(eu-2)" in str(account.calls("groups.create")[0])
    assert created.id in [group.id for group in account.groups()]
    assert account.contacts() == seeded.contacts
    assert crossbook_sandbox.contacts(vendor) == first
    crossbook_sandbox.reset()
    assert (account.contacts(), crossbook_sandbox.contacts(vendor)) == ((), ())
    async with account.book() as other:
        assert other.profile.vendor == vendor


async def test_added_account_opt_out(crossbook_sandbox: Sandbox) -> None:
    account = crossbook_sandbox.add_account("eu", "vercom")
    (contact,) = account.seed(contacts=1).contacts
    account.opt_out(contact.id, "sms")
    assert account.contacts()[0].opted_out == {"sms"}
    assert repr(account) == "<SandboxAccount eu of vercom>"


@pytest.mark.parametrize(("name", "vendor", "said"), [("EU", "atom", "small letters"), ("eu", "vercom", "is one of")])
async def test_invalid_account_name_refused(
    crossbook_sandbox: Sandbox, name: str, vendor: VendorName, said: str
) -> None:
    crossbook_sandbox.add_account("eu", "filemail")
    with pytest.raises(UsageError, match=said):
        crossbook_sandbox.add_account(name, vendor)


async def test_variables_of_account_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of the environment come back, also those without a vendor."""
    monkeypatch.setenv("CROSSBOOK_EU_TOKEN", "real")
    with Sandbox() as sandbox:
        account = sandbox.add_account("eu", "atom")
        assert os.environ["CROSSBOOK_EU_TOKEN"] == sandbox.env["CROSSBOOK_EU_TOKEN"] == account.credentials["token"]
    assert {name: value for name, value in os.environ.items() if name.startswith("CROSSBOOK_EU_")} == {
        "CROSSBOOK_EU_TOKEN": "real"
    }
