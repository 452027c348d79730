"""`book.groups`: our verbs for groups, the same for every vendor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Unpack

from crossbook import _validation
from crossbook._http.session import Session
from crossbook._pagination import cursor
from crossbook._pagination.pager import Pager
from crossbook._tracebacks import hide_internal_frames, hide_internal_frames_sync
from crossbook.errors import NotFoundError, UnsupportedError
from crossbook.models import Group
from crossbook.vendor import VendorAdapter

if TYPE_CHECKING:
    from crossbook._batch.batch import Batch
    from crossbook._batch.builder import BatchContext, BatchOptions, Items


class Groups:
    """The groups of one account (Atom calls them address books). Get it as `book.groups`."""

    resource = "groups"

    def __init__(
        self, adapter: VendorAdapter, session: Session, context: Callable[[float | None], BatchContext]
    ) -> None:
        self._adapter = adapter
        self._session = session
        self._make_shop = context

    def _ask(self, verb: str) -> None:
        if self._adapter.profile.capability(verb).support == "unsupported":
            raise self._adapter.unsupported(verb)
        if self._session.task_group is None:  # which event loop this is, the request asks
            self._session.check_open()

    def _batch_context(self, verb: str, max_wait: float | None) -> BatchContext:
        self._ask(verb)
        self._session.check_open()
        return self._make_shop(max_wait)

    @hide_internal_frames_sync
    def list(self, *, page_size: int | None = None, after: str | None = None) -> Pager[Group]:
        """Lists the groups.

        Args:
            page_size: groups a page; by default what suits the vendor.
            after: a cursor: begins where that page ended.

        Returns:
            A `Pager`: `async for` gives groups, `await` one `Page`, `.pages()` every page.

        Raises:
            InvalidInputError: a cursor of another list, a page size out of range.

        Example:
            ```python
            names = [group.name async for group in book.groups.list()]
            ```
        """
        self._ask("groups.list")
        self._session.check_open()
        profile = self._adapter.profile
        size = _validation.check_page_size(profile.group_paging, page_size)
        bound = cursor.hash_filters(profile.vendor, "groups")
        position = cursor.decode(after, bound) if after is not None else None
        return Pager(
            lambda: self._adapter.list_groups(size), self._session.start_task, bound, position,
            vendor=profile.vendor, operation="groups.list",
        )  # fmt: skip

    @hide_internal_frames
    async def get(self, id: str) -> Group:
        """Reads one group.

        Args:
            id: the vendor's id, as text.

        Raises:
            NotFoundError: there is none with this id.
            InvalidInputError: no id of this vendor.

        Example:
            ```python
            group = await book.groups.get(friends.id)
            ```
        """
        self._ask("groups.get")
        return await self._adapter.get_group(_validation.check_id(self._adapter.profile, "group", id))

    @hide_internal_frames
    async def create(self, name: str, *, description: str | None = None, external_id: str | None = None) -> Group:
        """Makes a group.

        Args:
            name: its name; at SerwerSMS at most 100 characters (documented).
            description: what it is for (Vercom).
            external_id: your own key (Vercom, which demands one: a random one is made where you give none).

        Returns:
            The group as it was sent, under its id.

        Raises:
            InvalidInputError: no name, or one that is too long.
            UnsupportedError: a description or an external id where the vendor has none.

        Example:
            ```python
            friends = await book.groups.create("Friends")
            ```
        """
        self._ask("groups.create")
        profile = self._adapter.profile
        for field, value in (("description", description), ("external_id", external_id)):
            if value is not None and profile.capability(f"groups.create:{field}").support == "unsupported":
                raise UnsupportedError(f"a group of {profile.title} has no {field}", field=field, vendor=profile.vendor)
            if value is not None:
                _validation.check_text(profile, field, value)
        id = await self._adapter.create_group(_validation.check_group_name(profile, name), description, external_id)
        return Group(id=id, name=name, description=description, external_id=external_id)

    @hide_internal_frames
    async def rename(self, id: str, name: str) -> None:
        """Gives a group another name.

        Args:
            id: the group, by the vendor's id.
            name: the new name, as in `create`.

        Raises:
            NotFoundError: there is none with this id.
            InvalidInputError: no id of this vendor, no name, or one that is too long.

        Example:
            ```python
            await book.groups.rename(friends.id, "Old friends")
            ```
        """
        self._ask("groups.rename")
        profile = self._adapter.profile
        await self._adapter.rename_group(
            _validation.check_id(profile, "group", id), _validation.check_group_name(profile, name)
        )

    @hide_internal_frames
    async def delete(self, id: str, *, with_contacts: bool = False) -> None:
        """Deletes a group.

        Args:
            id: the group.
            with_contacts: whether its contacts are deleted too (SerwerSMS, Atom). Without it they stay; on Atom,
                where a contact cannot be without a group, a group that is not empty is then refused.

        Raises:
            NotFoundError: there is none with this id.
            UnsupportedError: `with_contacts=True` where the vendor cannot.
            InvalidInputError: an Atom group that is not empty, without `with_contacts=True`.

        Example:
            ```python
            await book.groups.delete(friends.id)
            ```
        """
        self._ask("groups.delete")
        _validation.check_flag(self._adapter.profile, "with_contacts", with_contacts)
        if with_contacts:
            self._ask("groups.delete:with_contacts")
        id = _validation.check_id(self._adapter.profile, "group", id)
        try:
            await self._adapter.delete_group(id, with_contacts=with_contacts)
        except NotFoundError as error:
            # Gone by an attempt of this very call whose answer was lost.
            if error.earlier != "maybe":
                raise

    @hide_internal_frames
    async def add(self, group: str, contact: str) -> None:
        """Puts a contact into a group; its other groups stay.

        Args:
            group: the group, by the vendor's id.
            contact: the contact, by the vendor's id.

        Raises:
            NotFoundError: there is no such group, or no such contact.
            UnsupportedError: Atom, where it would move the contact: `contacts.update(id, groups=[group])` says so.

        Example:
            ```python
            await book.groups.add(friends.id, created.id)
            ```
        """
        self._ask("groups.add")
        profile = self._adapter.profile
        await self._adapter.add_to_group(
            _validation.check_id(profile, "group", group), _validation.check_id(profile, "id", contact)
        )

    @hide_internal_frames
    async def remove(self, group: str, contact: str) -> None:
        """Takes a contact out of a group; the contact itself stays.

        Args:
            group: the group, by the vendor's id.
            contact: the contact, by the vendor's id.

        Raises:
            NotFoundError: there is no such group, or no such contact.
            UnsupportedError: Atom, where a contact is in exactly one group: `contacts.update(id, groups=[other])`.

        Example:
            ```python
            await book.groups.remove(friends.id, created.id)
            ```
        """
        self._ask("groups.remove")
        profile = self._adapter.profile
        await self._adapter.remove_from_group(
            _validation.check_id(profile, "group", group), _validation.check_id(profile, "id", contact)
        )

    @hide_internal_frames_sync
    def add_many(self, pairs: Items[tuple[str, str]], **options: Unpack[BatchOptions]) -> Batch[tuple[str, str]]:
        """Puts many contacts into groups.

        Args:
            pairs: items `(group, contact)`, both by the vendor's ids.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `done` or `failed`, and `uncertain` where nobody can tell.

        Raises:
            UnsupportedError: Atom, as in `groups.add`.
            InvalidInputError, JournalMismatchError, JournalBusyError: as in `contacts.update_many`.

        Example:
            ```python
            await book.groups.add_many([(friends.id, created.id)]).run()
            ```
        """
        return self._members("groups.add", pairs, options, "add_to_group", "add_all_to_group")

    @hide_internal_frames_sync
    def remove_many(self, pairs: Items[tuple[str, str]], **options: Unpack[BatchOptions]) -> Batch[tuple[str, str]]:
        """Takes many contacts out of groups.

        Read a list to its end first, as below: the list of a group that shrinks while it is read skips some.

        Args:
            pairs: as in `add_many`.
            options: see `BatchOptions`.

        Returns:
            As `add_many`.

        Raises:
            UnsupportedError, InvalidInputError, JournalMismatchError, JournalBusyError: as in `add_many`.

        Example:
            ```python
            gone = [(friends.id, contact.id) async for contact in book.contacts.list(group=friends.id)]
            await book.groups.remove_many(gone).run()
            ```
        """
        return self._members("groups.remove", pairs, options, "remove_from_group", "remove_all_from_group")

    def _members(
        self, verb: str, pairs: Items[tuple[str, str]], options: BatchOptions, one: str, many: str
    ) -> Batch[tuple[str, str]]:
        from crossbook._batch.builder import batch, bulk_method
        from crossbook._batch.operations import Membership

        context = self._batch_context(verb, options.get("max_wait"))
        step = Membership(verb, context.adapter, getattr(context.adapter, one), bulk_method(context.adapter, many, {}))
        return batch(context, step, pairs, options, operation=f"{verb}_many")
