"""What only Vercom has: the account's additional fields and its segments."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from crossbook_wire.vercom import Api, models

from crossbook._http.session import Session
from crossbook._pagination import cursor
from crossbook._pagination.pager import Pager
from crossbook._tracebacks import hide_internal_frames, hide_internal_frames_sync
from crossbook.errors import InvalidInputError, InvalidResponseError, NotFoundError
from crossbook.vendors.decoding import M, parse_int, parse_rows, parse_str
from crossbook.vendors.vercom.profile import PAGING, PROFILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """An additional field of the account: a name that `Contact.fields` can use.

    Args:
        id: the vendor's id, where it tells one.
        name: the key in `Contact.fields`.
    """

    id: str = ""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A saved selection of contacts.

    Args:
        id: the vendor's id.
        name: its name in the panel.
        count: how many contacts it has; only `segments.get` tells.
    """

    id: str
    name: str = ""
    count: int | None = None


T = TypeVar("T", Field, Segment)


class Fields:
    """`book.fields`: the additional fields of the account."""

    resource = "fields"

    def __init__(self, api: Api, session: Session) -> None:
        self._api = api
        self._session = session

    @hide_internal_frames_sync
    def list(self, *, after: str | None = None) -> Pager[Field]:
        """Lists the names that `Contact.fields` uses in this account.

        Args:
            after: a cursor: begins where that page ended.

        Returns:
            A `Pager` of `Field`.

        Raises:
            InvalidInputError: a cursor of another list.

        Source: documented; what an item holds is inferred.

        Example:
            ```python
            names = [field.name async for field in book.fields.list()]
            ```
        """
        return _pager(self._session, "fields", self._api.contacts.list_fields, models.Field, _field, after)


class Segments:
    """`book.segments`: saved selections of contacts, made in the vendor's panel."""

    resource = "segments"

    def __init__(self, api: Api, session: Session) -> None:
        self._api = api
        self._session = session

    @hide_internal_frames_sync
    def list(self, *, after: str | None = None) -> Pager[Segment]:
        """Lists the segments of the account, without their counts.

        Args:
            after: a cursor: begins where that page ended.

        Returns:
            A `Pager` of `Segment`.

        Raises:
            InvalidInputError: a cursor of another list.

        Source: documented; what an item holds is inferred.

        Example:
            ```python
            async for segment in book.segments.list():
                print(segment.name)
            ```
        """
        return _pager(self._session, "segments", self._api.segments.list_segments, models.Segment, _segment, after)

    @hide_internal_frames
    async def get(self, id: str) -> Segment:
        """Counts a segment. The vendor may take a while: it is asked again until it is done, within the call's time.

        Args:
            id: the segment's id, as text.

        Returns:
            The segment with its `count`.

        Raises:
            InvalidInputError: no id.
            NotFoundError: there is none with this id.
            VendorUnavailableError: it is still being counted when the call's time is over.

        Source: documented; the name of the count is inferred.

        Example:
            ```python
            print((await book.segments.get("1")).count)
            ```
        """
        if type(id) is not str or not PROFILE.group_id.fullmatch(id):
            raise InvalidInputError("a segment's id is text of digits", field="id", vendor=PROFILE.vendor)
        answer = await self._api.segments.get_segment(id)
        for row in parse_rows(answer.data, models.CountedSegment) or ():
            if row is not None:
                return Segment(id=parse_str(row.id) or id, name=parse_str(row.name) or "", count=parse_int(row.count))
        raise NotFoundError("there is no such segment", vendor=PROFILE.vendor, operation="getSegment", sent="yes")


def _pager(
    session: Session,
    what: str,
    call: Callable[..., Coroutine[Any, Any, Any]],
    kind: type[M],
    read: Callable[[M], T],
    after: str | None,
) -> Pager[T]:
    session.check_open()

    async def page(offset: int, limit: int) -> Sequence[M | None]:
        answer = await call(offset=offset, limit=limit)
        found = parse_rows(answer.data, kind)
        if found is None:
            raise InvalidResponseError(
                "the answer lacks data", vendor=PROFILE.vendor, operation=f"{what}.list", sent="yes"
            )
        return found

    bound = cursor.hash_filters(PROFILE.vendor, what)
    position = cursor.decode(after, bound) if after is not None else None
    return Pager(
        lambda: PAGING.over(page, PAGING.default_size, read), session.start_task, bound, position,
        vendor=PROFILE.vendor, operation=f"{what}.list",
    )  # fmt: skip


def _field(row: models.Field) -> Field:
    return Field(id=parse_str(row.id) or "", name=parse_str(row.name) or "")


def _segment(row: models.Segment) -> Segment:
    return Segment(id=parse_str(row.id) or "", name=parse_str(row.name) or "")
