"""Match the rows and errors of the response to a bulk request (207 Multi-Status) to the items of that request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from crossbook_wire.vercom import models
from msgspec import Struct, to_builtins

from crossbook import _redaction
from crossbook.errors import CrossbookError, NotFoundError, RejectedError
from crossbook.vendor import parse_object, parse_str
from crossbook.vendors.vercom.profile import PROFILE, parse_error

WriteResponse = models.WrittenContacts | models.WrittenGroups
_ROWS = (models.WrittenContact, models.WrittenGroup)


class ItemIdentity(Struct, frozen=True, eq=False):
    """The values by which a response may name an item: a row gives its id or external id, an error any value."""

    id: str | None = None
    external_id: str | None = None
    others: frozenset[str] = frozenset()

    @classmethod
    def of(cls, external_id: object, *others: object) -> ItemIdentity:
        texts = [value if isinstance(value, str) and value else None for value in (external_id, *others)]
        return cls(external_id=texts[0], others=frozenset(value for value in texts[1:] if value))

    @property
    def all(self) -> set[str]:
        return {value for value in (self.id, self.external_id, *self.others) if value is not None}


class MultiStatusResponse:
    """The response to a bulk request, with its rows and errors matched to the items of the request.

    Invariant: an item gets a row or an error only if no other item could have it. An item in doubt gets none, and the
    batch reports it as uncertain. Error messages show no values of the request (`sent`).

    Attributes:
        is_empty: whether the response has neither rows nor errors. A success then counts for every item.
    """

    def __init__(
        self, response: WriteResponse, operation: str, items: Sequence[ItemIdentity], sent: Sequence[object] = ()
    ) -> None:
        self._items = items
        self._sent = dict(zip(items, sent, strict=False))
        rows = response.data if isinstance(response.data, list) else ()
        self._rows = [(parse_str(row.id), parse_str(row.externalId)) for row in rows if isinstance(row, _ROWS)]
        errors = [to_builtins(error) for error in response.errors] if isinstance(response.errors, list) else []
        self.is_empty = not self._rows and not errors
        self._ids = self._match_rows()
        self._errors = self._match_errors(errors, operation)
        self._has_unmatched = len(self._errors) < len(errors) or len(self._rows) < len(rows)

    def _match_rows(self) -> dict[ItemIdentity, list[str]]:
        """Match the rows of the response to the items of the request. Return item → ids in the rows of this item.

        Several items with one external id are matched in order, but only if there is one row for each.
        """
        known = {id for id, _ in self._rows}
        rows: dict[str, list[str]] = {}
        for id, external_id in self._rows:
            if id is not None and external_id is not None:
                rows.setdefault(external_id, []).append(id)
        remaining = Counter(item.external_id for item in self._items)
        found: dict[ItemIdentity, list[str]] = {}
        for item in self._items:
            if item.id is not None:
                found[item] = [item.id] if item.id in known else []
            elif item.external_id is not None:
                ids = rows.get(item.external_id, [])
                if remaining[item.external_id] == 1:
                    found[item] = ids
                elif remaining[item.external_id] == len(ids):
                    remaining[item.external_id] -= 1
                    found[item] = [ids.pop(0)]
        return {item: ids for item, ids in found.items() if ids}

    def _match_errors(self, errors: Sequence[Any], operation: str) -> dict[ItemIdentity, CrossbookError]:
        """Match the response's errors to items, by the value that an error names as `source`. Return item → error.

        Items that share this value get an error only if all of them failed.
        """
        items: dict[str, list[ItemIdentity]] = {}
        for item in self._items:
            if item not in self._ids:
                for value in item.all:
                    items.setdefault(value, []).append(item)
        by_source: dict[str, list[Any]] = {}
        for error in errors:
            by_source.setdefault(_source(error), []).append(error)
        return {
            item: make_error(error, operation, [self._sent.get(other) for other in items[source]])
            for source, group in by_source.items()
            if len(group) == len(items.get(source, ()))
            for item, error in zip(items[source], group, strict=True)
        }

    def ids(self, item: ItemIdentity) -> Sequence[str]:
        """Return the ids in the rows that match this item; usually one."""
        return self._ids.get(item, ())

    def error(self, item: ItemIdentity) -> CrossbookError | None:
        """Return the error that matches this item, or None."""
        return self._errors.get(item)

    def fill_in_order(self, outcomes: Sequence[str | CrossbookError | None]) -> list[str | CrossbookError | None]:
        """Match unmatched rows by order to the items without an outcome, if there is no doubt. Return all outcomes.

        That the rows are in the order of the items is inferred. There is no doubt if every row and error was
        understood, the matched rows are in the items' order, no id repeats, there are as many such rows as such items,
        and no such row has another external id than its item.
        """
        matched = [outcome for outcome in outcomes if isinstance(outcome, str)]
        known = set(matched)
        ids = [id for id, _ in self._rows if id is not None]
        unmatched = [(id, external_id) for id, external_id in self._rows if id is not None and id not in known]
        items = [item for item, outcome in zip(self._items, outcomes, strict=True) if outcome is None]
        if (
            self._has_unmatched
            or [id for id in ids if id in known] != matched
            or len(set(ids)) < len(self._rows)
            or len(unmatched) != len(items)
            or any(
                external_id is not None and item.external_id not in (None, external_id)
                for (_, external_id), item in zip(unmatched, items, strict=True)
            )
        ):
            return list(outcomes)
        remaining = iter([id for id, _ in unmatched])
        return [next(remaining) if outcome is None else outcome for outcome in outcomes]


def _source(error: Any) -> str:
    source = parse_object(parse_object(error).get("meta")).get("source")
    return "" if source is None else str(source)


def make_error(problem: Any, operation: str, sent: object, meta: Any = None) -> CrossbookError:
    """Return one element of a response's `errors` as an exception, with the values that were `sent` masked in it."""
    info = parse_error(problem, meta)
    values = tuple(_redaction.iter_texts(to_builtins(sent)))

    def redact(text: str | None) -> str | None:
        return text and _redaction.mask_text(_redaction.mask_values(text, values))

    # That this title means a missing contact is inferred.
    kind = NotFoundError if "not found" in info.message.lower() else RejectedError
    return kind(
        redact(info.message) or "",
        vendor=PROFILE.vendor, operation=operation, status=207, code=redact(info.code), field=redact(info.field),
        request_id=info.request_id and _redaction.mask_id(_redaction.mask_values(info.request_id, values)), sent="yes",
    )  # fmt: skip
