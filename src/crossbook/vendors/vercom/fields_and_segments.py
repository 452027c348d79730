"""`book.fields` and `book.segments`, which only Vercom has: the account's additional fields and its segments."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from crossbook_wire.vercom import Api, models

from crossbook._http.session import Session
from crossbook._pagination.pager import Pager
from crossbook._resource_base import Resource
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import InvalidInputError
from crossbook.vendor import M, VendorAdapter, parse_int, parse_rows, parse_str
from crossbook.vendors.vercom.profile import PAGING, PROFILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """An additional field that the account defines. Its name can be a key of `Contact.fields`.

    Args:
        id: the vendor's id, if the vendor returns one.
        name: the key in `Contact.fields`.
    """

    id: str = ""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A saved selection of contacts.

    Args:
        id: the vendor's id.
        name: its name in the vendor's panel.
        count: the number of its contacts; only `segments.get` returns it.
    """

    id: str
    name: str = ""
    count: int | None = None


T = TypeVar("T", Field, Segment)


class _VercomResource(Resource):
    def __init__(self, api: Api, adapter: VendorAdapter, session: Session) -> None:
        super().__init__(adapter, session)
        self._api = api

    def _list_rows(
        self, call: Callable[..., Coroutine[Any, Any, Any]], model: type[M], read: Callable[[M], T], after: str | None
    ) -> Pager[T]:
        async def page(offset: int, limit: int) -> Sequence[M | None]:
            response = await call(offset=offset, limit=limit)
            return self._adapter.require_rows(response.data, model, f"{self.resource}.list", "data")

        return self._list(lambda: PAGING.over(page, PAGING.default_size, read), after)


class Fields(_VercomResource):
    """The methods for the account's additional fields, as `book.fields`."""

    resource = "fields"

    @hide_internal_frames
    def list(self, *, after: str | None = None) -> Pager[Field]:
        """List the additional fields of the account. Their names can be keys of `Contact.fields`.

        Args:
            after: the cursor of a page: the list starts after that page.

        Returns:
            A `Pager` of `Field`.

        Raises:
            InvalidInputError: the cursor is of another list.

        Source: documented; the members of an item are inferred.

        Example:
            ```python
            names = [field.name async for field in book.fields.list()]
            ```
        """

        def read(row: models.Field) -> Field:
            return Field(id=parse_str(row.id) or "", name=parse_str(row.name) or "")

        return self._list_rows(self._api.contacts.list_fields, models.Field, read, after)


class Segments(_VercomResource):
    """The methods for segments, as `book.segments`: selections of contacts that were saved in the vendor's panel."""

    resource = "segments"

    @hide_internal_frames
    def list(self, *, after: str | None = None) -> Pager[Segment]:
        """List the segments of the account, without the number of their contacts.

        Args:
            after: the cursor of a page: the list starts after that page.

        Returns:
            A `Pager` of `Segment`.

        Raises:
            InvalidInputError: the cursor is of another list.

        Source: documented; the members of an item are inferred.

        Example:
            ```python
            async for segment in book.segments.list():
                print(segment.name)
            ```
        """

        def read(row: models.Segment) -> Segment:
            return Segment(id=parse_str(row.id) or "", name=parse_str(row.name) or "")

        return self._list_rows(self._api.segments.list_segments, models.Segment, read, after)

    @hide_internal_frames
    async def get(self, id: str) -> Segment:
        """Return a segment with the number of its contacts. Repeat the request until the vendor has counted them.

        Args:
            id: the segment's id, as text.

        Returns:
            The segment with its `count`.

        Raises:
            InvalidInputError: the id is not one of this vendor.
            NotFoundError: the segment does not exist.
            VendorUnavailableError: the vendor is still counting when the call's time is over.

        Source: documented; the name of the count is inferred.

        Example:
            ```python
            print((await book.segments.get("1")).count)
            ```
        """
        if type(id) is not str or not PROFILE.group_id.fullmatch(id):
            raise InvalidInputError("invalid Vercom segment id: expected digits", field="id", vendor=PROFILE.vendor)
        response = await self._api.segments.get_segment(id)
        for row in parse_rows(response.data, models.CountedSegment) or ():
            if row is not None:
                self._adapter.check_same_id(row.id, id, "getSegment", "data.id")
                return Segment(id=parse_str(row.id) or id, name=parse_str(row.name) or "", count=parse_int(row.count))
        raise self._adapter.not_found("segment", "getSegment")
