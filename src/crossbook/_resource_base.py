"""The base class of `book.contacts`, `book.groups` and the vendors' own resources: checks before a call, and lists."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from crossbook import _validation
from crossbook._http.session import Session
from crossbook._pagination import cursor
from crossbook._pagination.pager import HasId, Pager
from crossbook.errors import NotFoundError
from crossbook.vendor import Fetch, VendorAdapter

if TYPE_CHECKING:
    from crossbook._batch.assemble import BatchContext
    from crossbook.suppressions import SuppressionList

T = TypeVar("T", bound=HasId)
F = TypeVar("F", bound=Callable[..., Any])


def batch_method(function: F) -> F:
    """Decorate a bulk method: the batch that it returns knows the call, so that a fleet can make it again."""

    @functools.wraps(function)
    def call(self: Any, source: Any, *args: Any, **options: Any) -> Any:
        from crossbook._batch.batch import BatchCall

        batch = function(self, source, *args, **options)
        method = f"{self.resource}.{function.__name__}"
        settings = {"default_region": self._adapter.region, "default_group": getattr(self, "_default_group", None)}
        batch.call = BatchCall(self._session.account_key, method, args, options, settings)
        return batch

    return cast(F, call)


class Resource:
    """The base class of objects such as `book.contacts`, whose methods concern one kind of record."""

    resource: ClassVar[str]

    def __init__(
        self,
        adapter: VendorAdapter,
        session: Session,
        make_batch_context: Callable[[float | None], BatchContext] | None = None,
        suppressions: SuppressionList | None = None,
    ) -> None:
        self._adapter = adapter
        self._profile = adapter.profile
        self._session = session
        self._make_batch_context = make_batch_context
        self._suppressions = suppressions

    def _require(self, method: str) -> None:
        """Raise UnsupportedError if the vendor does not support this method, or UsageError if the book is not open."""
        if self._profile.capability(method).support == "unsupported":
            raise self._adapter.unsupported(method)
        if self._session.task_group is None:  # an open book's event loop is checked by the request itself
            self._session.check_open()

    def _batch_context(self, method: str, max_wait: float | None) -> BatchContext:
        self._require(method)
        self._session.check_open()
        assert self._make_batch_context is not None
        return self._make_batch_context(max_wait)

    def _list(
        self,
        fetch: Callable[[int], Fetch[T]],
        size: int,
        after: str | None,
        *filters: object,
        limit: int | None = None,
        unique: bool = False,
        prefetch: int = 1,
    ) -> Pager[T]:
        """Return a pager over the pages of this size that `fetch` gets. Cursors work only with the same `filters`."""
        _validation.check_limit(limit, prefetch)
        self._session.check_open()
        bound = cursor.hash_filters(self._profile.vendor, self.resource, *filters)
        position = cursor.decode(after, bound) if after is not None else None
        return Pager(
            fetch, size, self._session.start_task, bound, position,
            limit=limit, unique=unique, prefetch=prefetch,
            vendor=self._profile.vendor, operation=f"{self.resource}.list",
        )  # fmt: skip

    async def _delete(self, deletion: Awaitable[None]) -> None:
        try:
            await deletion
        except NotFoundError as error:
            # After a lost response, "not found" means that an earlier request of this call deleted the record.
            if error.earlier != "maybe":
                raise
