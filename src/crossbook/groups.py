"""`book.groups`: the methods for groups, which are the same for every vendor."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Generic, Literal, Unpack

from crossbook import _validation
from crossbook._pagination.pager import Pager, count_items
from crossbook._resource_base import Resource, batch_method
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import UnsupportedError
from crossbook.models import Group, RawT

if TYPE_CHECKING:
    from crossbook._batch.assemble import BatchOptions, Items
    from crossbook._batch.batch import Batch
    from crossbook._batch.operations import OnOptedOut


class Groups(Resource, Generic[RawT]):
    """The methods for the groups of one account, as `book.groups`. Atom calls its groups address books."""

    resource = "groups"

    @cached_property
    def with_raw_response(self) -> GroupsWithRawResponse[RawT]:
        """The same methods, except for batches. Each returns a `RawResponse`, whose `parse()` returns the result.

        Example:
            ```python
            raw = await book.groups.with_raw_response.list()
            print(raw.status, len(raw.parse().items))
            ```
        """
        return GroupsWithRawResponse(self)

    @hide_internal_frames
    def list(
        self, *, limit: int | None = None, page_size: int | None = None, after: str | None = None
    ) -> Pager[Group[RawT]]:
        """List the groups of the account.

        Args:
            limit: the largest number of groups in total; by default all. The cursor of the last page is then None.
            page_size: groups in a page, not in total; the default depends on the vendor.
            after: the cursor of a page: the list starts after that page.

        Returns:
            A `Pager`: `async for` yields groups, `await` returns one `Page`, `.pages()` yields every page.

        Raises:
            InvalidInputError: the cursor is of another list, or the limit or page size is out of range.

        Example:
            ```python
            names = [group.name async for group in book.groups.list()]
            ```
        """
        self._require("groups.list")
        size = _validation.check_page_size(self._profile.group_paging, page_size)
        return self._list(lambda size: self._adapter.list_groups(size), size, after, limit=limit)

    @hide_internal_frames
    async def count(self) -> int:
        """Count the groups of the account. No vendor returns this number, so the list is read, in large pages.

        Example:
            ```python
            print(await book.groups.count())
            ```
        """
        return await count_items(self.list(page_size=self._profile.group_paging.max_size))

    @hide_internal_frames
    async def get(self, id: str) -> Group[RawT]:
        """Return the group with this id.

        Args:
            id: the vendor's id, as text.

        Raises:
            NotFoundError: the group does not exist.
            InvalidInputError: the id is not one of this vendor.

        Example:
            ```python
            group = await book.groups.get(friends.id)
            ```
        """
        self._require("groups.get")
        return await self._adapter.get_group(_validation.check_id(self._profile, "group", id))

    @hide_internal_frames
    async def create(self, name: str, *, description: str | None = None, external_id: str | None = None) -> Group:
        """Create a group.

        Args:
            name: its name; at SerwerSMS at most 100 characters (documented).
            description: a description (Vercom).
            external_id: your own key (Vercom, which requires one: by default it is random).

        Returns:
            The group as it was sent, with its new id.

        Raises:
            InvalidInputError: the name is empty or too long.
            UnsupportedError: the vendor's groups have no description or no external id.

        Example:
            ```python
            friends = await book.groups.create("Friends")
            ```
        """
        self._require("groups.create")
        profile = self._profile
        for field, value in (("description", description), ("external_id", external_id)):
            if value is not None and profile.capability(f"groups.create:{field}").support == "unsupported":
                raise UnsupportedError(
                    f"a group of {profile.title} has no {field}: leave it out", field=field, vendor=profile.vendor
                )
            if value is not None:
                _validation.check_text(profile, field, value)
        id = await self._adapter.create_group(_validation.check_group_name(profile, name), description, external_id)
        return Group(id=id, name=name, description=description, external_id=external_id)

    @hide_internal_frames
    async def rename(self, id: str, name: str) -> None:
        """Rename a group.

        Args:
            id: the group's id at the vendor.
            name: the new name, as in `create`.

        Raises:
            NotFoundError: the group does not exist.
            InvalidInputError: the id is not one of this vendor, or the name is empty or too long.

        Example:
            ```python
            await book.groups.rename(friends.id, "Old friends")
            ```
        """
        self._require("groups.rename")
        id = _validation.check_id(self._profile, "group", id)
        await self._adapter.rename_group(id, _validation.check_group_name(self._profile, name))

    @hide_internal_frames
    async def delete(self, id: str, *, with_contacts: bool = False) -> None:
        """Delete a group.

        Args:
            id: the group's id at the vendor.
            with_contacts: whether to delete its contacts too (SerwerSMS, Atom). By default they stay. Atom's contacts
                need a group, so there a group with contacts is refused by default.

        Raises:
            NotFoundError: the group does not exist.
            UnsupportedError: the vendor does not support `with_contacts=True`.
            InvalidInputError: an Atom group has contacts, and `with_contacts` is False.

        Example:
            ```python
            await book.groups.delete(friends.id)
            ```
        """
        self._require("groups.delete")
        _validation.check_flag(self._profile, "with_contacts", with_contacts)
        if with_contacts:
            self._require("groups.delete:with_contacts")
        id = _validation.check_id(self._profile, "group", id)
        await self._delete(self._adapter.delete_group(id, with_contacts=with_contacts))

    @hide_internal_frames
    async def add(self, group: str, contact: str, *, on_opted_out: Literal["error", "unsubscribe"] = "error") -> None:
        """Add a contact to a group. The contact stays in its other groups.

        A book with a suppression list reads the contact first.

        Args:
            group: the group's id at the vendor.
            contact: the contact's id at the vendor.
            on_opted_out: what to do if the book's suppression list has the contact. "error" refuses the call,
                "unsubscribe" opts the contact out first (Vercom, SerwerSMS).

        Raises:
            NotFoundError: the group or the contact does not exist.
            InvalidInputError: the suppression list has the contact.
            UnsupportedError: Atom, where this would move the contact: use `contacts.update(id, groups=[group])`.

        Example:
            ```python
            await book.groups.add(friends.id, created.id)
            ```
        """
        self._require("groups.add")
        group = _validation.check_id(self._profile, "group", group)
        contact = _validation.check_id(self._profile, "id", contact)
        if self._suppressions is not None:
            from crossbook._batch.consent import Consent

            await Consent(self._suppressions, self._adapter, on_opted_out).check_member(contact)
        await self._adapter.add_to_group(group, contact)

    @hide_internal_frames
    async def remove(self, group: str, contact: str) -> None:
        """Remove a contact from a group. The contact itself is not deleted.

        Args:
            group: the group's id at the vendor.
            contact: the contact's id at the vendor.

        Raises:
            NotFoundError: the group or the contact does not exist.
            UnsupportedError: Atom, where a contact is in exactly one group: use `contacts.update(id, groups=[other])`.

        Example:
            ```python
            await book.groups.remove(friends.id, created.id)
            ```
        """
        self._require("groups.remove")
        group = _validation.check_id(self._profile, "group", group)
        await self._adapter.remove_from_group(group, _validation.check_id(self._profile, "id", contact))

    @hide_internal_frames
    @batch_method
    def delete_many(
        self, ids: Items[str] | Pager[Group], *, with_contacts: bool = False, **options: Unpack[BatchOptions]
    ) -> Batch[str]:
        """Delete many groups by their ids, or every group of a list.

        The ids of a list are read to the end before the first group is deleted.

        Args:
            ids: the vendor's ids, or a list of groups of this book.
            with_contacts: as in `delete`. Groups are then deleted one by one.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `deleted`, `failed`, or `uncertain` if the outcome is unknown. Where one call
            deletes many groups (SerwerSMS, Vercom), an id that did not exist before may be `deleted` too.

        Raises:
            UnsupportedError: the vendor does not support `with_contacts=True`.
            InvalidInputError, JournalMismatchError, JournalBusyError: as in `contacts.update_many`.

        Example:
            ```python
            await book.groups.delete_many([friends.id]).run()
            ```
        """
        from crossbook._batch.assemble import build_batch, get_bulk_method
        from crossbook._batch.operations import IdOperation

        _validation.check_flag(self._profile, "with_contacts", with_contacts)
        operation = "groups.delete:with_contacts" if with_contacts else "groups.delete"
        context = self._batch_context(operation, options.get("max_wait"))
        adapter = context.adapter
        delete = IdOperation(
            operation, adapter, "deleted", partial(adapter.delete_group, with_contacts=with_contacts),
            get_bulk_method(adapter, "delete_groups", {}), read=adapter.get_group, kind="group",
        )  # fmt: skip
        name = "groups.delete_many.with_contacts" if with_contacts else "groups.delete_many"
        return build_batch(context, delete, ids, options, operation=name)

    @hide_internal_frames
    @batch_method
    def add_many(
        self, pairs: Items[tuple[str, str]], *, on_opted_out: OnOptedOut = "skip", **options: Unpack[BatchOptions]
    ) -> Batch[tuple[str, str]]:
        """Add many contacts to groups: each input is a pair of a group id and a contact id.

        Args:
            pairs: items `(group, contact)`, both ids at the vendor.
            on_opted_out: as in `add`. "skip" (default) leaves the pair out (`skipped`).
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `done`, `failed`, or `uncertain` if the outcome is unknown.

        Raises:
            UnsupportedError: Atom, as in `groups.add`.
            InvalidInputError, JournalMismatchError, JournalBusyError: as in `contacts.update_many`.

        Example:
            ```python
            await book.groups.add_many([(friends.id, created.id)]).run()
            ```
        """
        return self._change_members("groups.add", pairs, options, "add_to_group", "add_all_to_group", on_opted_out)

    @hide_internal_frames
    @batch_method
    def remove_many(self, pairs: Items[tuple[str, str]], **options: Unpack[BatchOptions]) -> Batch[tuple[str, str]]:
        """Remove many contacts from groups: each input is a pair of a group id and a contact id.

        Read a list to its end first, as in the example: a list that shrinks while it is read skips contacts.

        Args:
            pairs: as in `add_many`.
            options: see `BatchOptions`.

        Returns:
            As `add_many`.

        Raises:
            UnsupportedError, InvalidInputError, JournalMismatchError, JournalBusyError: as in `add_many`.

        Example:
            ```python
            pairs = [(friends.id, contact.id) async for contact in book.contacts.list(group=friends.id)]
            await book.groups.remove_many(pairs).run()
            ```
        """
        return self._change_members("groups.remove", pairs, options, "remove_from_group", "remove_all_from_group")

    def _change_members(
        self,
        operation: str,
        pairs: Items[tuple[str, str]],
        options: BatchOptions,
        one: str,
        many: str,
        on_opted_out: OnOptedOut | None = None,
    ) -> Batch[tuple[str, str]]:
        from crossbook._batch.assemble import build_batch, get_bulk_method
        from crossbook._batch.operations import Membership

        context = self._batch_context(operation, options.get("max_wait"))
        adapter = context.adapter
        change = Membership(operation, adapter, getattr(adapter, one), get_bulk_method(adapter, many, {}))
        if on_opted_out is not None and context.suppressions is not None:
            from crossbook._batch.consent import Consent

            change.check_consent = Consent(context.suppressions, adapter, on_opted_out).check_members
        return build_batch(context, change, pairs, options, operation=f"{operation}_many")


class GroupsWithRawResponse(Generic[RawT]):
    """The methods of `book.groups`, each with a `RawResponse` as its result."""

    def __init__(self, groups: Groups[RawT]) -> None:
        from crossbook._http.raw_response import to_raw

        self.list = to_raw(groups.list)
        self.count = to_raw(groups.count)
        self.get = to_raw(groups.get)
        self.create = to_raw(groups.create)
        self.rename = to_raw(groups.rename)
        self.delete = to_raw(groups.delete)
        self.add = to_raw(groups.add)
        self.remove = to_raw(groups.remove)
