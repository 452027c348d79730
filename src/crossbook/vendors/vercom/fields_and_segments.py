"""`book.fields` and `book.segments`, which only Vercom has: the account's additional fields and its segments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from crossbook_wire.vercom import Api, models

from crossbook._http.session import Session
from crossbook._pagination.pager import Pager
from crossbook._resource_base import Resource
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import InvalidInputError
from crossbook.vendor import VendorAdapter, parse_int, parse_rows, parse_str
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
RequestPage = Callable[..., Awaitable[models.FieldList | models.SegmentList]]


class _NamedResource(Resource, Generic[T]):
    """The base class of resources whose items have an id and a name, and can be listed."""

    _item: type[T]
    _model: type[models.Field | models.Segment]

    def __init__(self, request_page: RequestPage, adapter: VendorAdapter, session: Session) -> None:
        super().__init__(adapter, session)
        self._request_page = request_page

    @hide_internal_frames
    def list(self, *, limit: int | None = None, after: str | None = None) -> Pager[T]:
        """List the account's items with their ids and names. A segment's number of contacts needs `segments.get`.

        Args:
            limit: the largest number of items in total; by default all.
            after: the cursor of a page: the list starts after that page.

        Returns:
            A `Pager` of `Field` or `Segment`.

        Raises:
            InvalidInputError: the cursor is of another list, or the limit is out of range.

        Source: documented; the members of an item are inferred.

        Example:
            ```python
            async for segment in book.segments.list():
                print(segment.name)
            ```
        """

        async def page(offset: int, limit: int) -> Sequence[models.Field | models.Segment | None]:
            response = await self._request_page(offset=offset, limit=limit)
            return self._adapter.require_rows(response.data, self._model, f"{self.resource}.list", "data")

        def read(row: models.Field | models.Segment) -> T:
            return self._item(id=parse_str(row.id) or "", name=parse_str(row.name) or "")

        return self._list(lambda size: PAGING.over(page, size, read), PAGING.default_size, after, limit=limit)


class Fields(_NamedResource[Field]):
    """The account's additional fields, as `book.fields`. Their names can be keys of `Contact.fields`."""

    resource = "fields"
    _item = Field
    _model = models.Field

    def __init__(self, api: Api, adapter: VendorAdapter, session: Session) -> None:
        super().__init__(api.contacts.list_fields, adapter, session)


class Segments(_NamedResource[Segment]):
    """The account's segments, as `book.segments`: selections of contacts that were saved in the vendor's panel."""

    resource = "segments"
    _item = Segment
    _model = models.Segment

    def __init__(self, api: Api, adapter: VendorAdapter, session: Session) -> None:
        super().__init__(api.segments.list_segments, adapter, session)
        self._api = api

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
