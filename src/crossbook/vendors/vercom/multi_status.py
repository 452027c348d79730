"""Match the rows and errors of the response to a bulk request (207 Multi-Status) to the items of that request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from crossbook_wire.vercom import models
from msgspec import Struct, to_builtins

from crossbook import _redaction
from crossbook.errors import CrossbookError, InvalidResponseError, NotFoundError, RejectedError
from crossbook.vendor import parse_int, parse_list, parse_model, parse_object, parse_str
from crossbook.vendors.vercom.profile import PROFILE, parse_error

WriteResponse = models.WrittenContacts | models.WrittenGroups
_ROWS = (models.WrittenContact, models.WrittenGroup)
_MAX_MESSAGES = 20  # different messages of a response that one error lists


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
    batch looks it up or reports it as uncertain. Error messages show no values of the request (`sent`).

    Args:
        response: the decoded body.
        operation: the spec's operationId.
        items: the identities of the sent items.
        sent: the items as they were sent.

    Attributes:
        hides_refusal: whether the response is a success that does not confirm the write: it has neither rows nor
            errors, or it counts more errors than it lists.
    """

    def __init__(
        self, response: WriteResponse, operation: str, items: Sequence[ItemIdentity], sent: Sequence[object] = ()
    ) -> None:
        self._items = items
        self._operation = operation
        self._sent = dict(zip(items, sent, strict=False))
        self._meta = read_meta(response)
        self._listed = parse_list(response.data)
        self._rows = [(parse_str(row.id), parse_str(row.externalId)) for row in self._listed if isinstance(row, _ROWS)]
        self._problems = read_errors(response)
        self.hides_refusal = not (self._rows or self._problems) or count_errors(response) > len(self._problems)
        self._ids = self._match_rows()
        self._errors = self._match_errors()
        self._has_unmatched = len(self._errors) < len(self._problems) or len(self._rows) < len(self._listed)

    def _match_rows(self) -> dict[ItemIdentity, list[str]]:
        """Match the rows of the response to the items of the request. Return item → ids in the rows of this item.

        Several items with one external id are matched in order, but only if there is one row for each. If there are
        errors, each such row has another id: a repeated row leaves open which item was written.
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
                elif remaining[item.external_id] == len(ids) == len(set(ids) if self._problems else ids):
                    remaining[item.external_id] -= 1
                    found[item] = [ids.pop(0)]
        return {item: ids for item, ids in found.items() if ids}

    def _match_errors(self) -> dict[ItemIdentity, CrossbookError]:
        """Match the response's errors to items, by the value that an error names as `source`. Return item → error.

        Items that share this value get an error only if all of them failed.
        """
        items: dict[str, list[ItemIdentity]] = {}
        for item in self._items:
            if item not in self._ids:
                for value in item.all:
                    items.setdefault(value, []).append(item)
        by_source: dict[str, list[Any]] = {}
        for error in self._problems:
            by_source.setdefault(_source(error), []).append(error)
        return {
            item: self._make_error(error, items[source])
            for source, group in by_source.items()
            if len(group) == len(items.get(source, ()))
            for item, error in zip(items[source], group, strict=True)
        }

    def _make_error(self, problem: Any, items: Sequence[ItemIdentity]) -> CrossbookError:
        sent = [self._sent.get(item) for item in items]
        return make_error(problem, self._operation, sent, self._meta)

    def eliminate(self) -> None:
        """Give the errors that name no item to the items without a row, if they can belong to no other item.

        The vendor's errors may have no `meta`, so that they name no item. They are decided by elimination if all of
        this holds:

        - the sent external ids are distinct, and each row names a different sent item by its external id;
        - the number of rows plus the number of errors is the number of sent items;
        - `numberOfData` and `numberOfErrors`, if present, are the numbers of rows and errors.

        A single such error belongs to the only unnamed item. With several errors all unnamed items failed, but it is
        unknown which message is whose: each item gets an error that lists all messages.
        """
        sent = Counter(item.external_id for item in self._items if item.external_id is not None)
        named = [external_id for id, external_id in self._rows if id is not None and external_id in sent]
        counted = {"numberOfData": len(self._listed), "numberOfErrors": len(self._problems)}
        nameless = [error for error in self._problems if not _source(error)]
        unnamed = [item for item in self._items if item not in self._ids and item not in self._errors]
        if (
            not nameless
            or sent.total() > len(sent)
            or not len(set(named)) == len(named) == len(self._listed)
            or len(named) + len(self._problems) != len(self._items)
            or len(nameless) != len(unnamed)
            or any(parse_int(self._meta.get(name)) not in (None, number) for name, number in counted.items())
        ):
            return
        if len(unnamed) == 1:
            self._errors[unnamed[0]] = self._make_error(nameless[0], unnamed)
        else:
            self._errors |= dict.fromkeys(unnamed, self._make_group_error(nameless, unnamed))
        self._has_unmatched = len(self._rows) < len(self._listed)

    def _make_group_error(self, problems: Sequence[Any], items: Sequence[ItemIdentity]) -> CrossbookError:
        """Return one error for several items: it lists the messages, since it is unknown which message is whose."""
        error = self._make_error(problems[0], items)
        codes = {str(parse_object(problem).get("code")) for problem in problems}
        error.code, error.field = error.code if len(codes) == 1 else None, None
        messages = self._list_messages(problems, items)
        error.message = f"the vendor refused {len(items)} items of this request, and does not say which for what reason"
        error.message += f": {messages}"
        return error

    def _list_messages(self, problems: Sequence[Any], items: Sequence[ItemIdentity]) -> str:
        different = list({parse_error(problem).message: problem for problem in problems}.values())
        shown = dict.fromkeys(self._make_error(problem, items).message for problem in different[:_MAX_MESSAGES])
        more = f"; and {len(different) - _MAX_MESSAGES} more" if len(different) > _MAX_MESSAGES else ""
        return "; ".join(message for message in shown if message) + more

    def make_doubt(self) -> CrossbookError:
        """Return the error of the items for which a 207 has neither a row nor an error, with all messages of the 207.

        Its status tells a batch that these creates were answered, so that they are never sent again.
        """
        unnamed = [item for item in self._items if item not in self._ids and item not in self._errors]
        messages = self._list_messages([error for error in self._problems if not _source(error)], unnamed)
        return InvalidResponseError(
            "the response does not say whether this item was written" + (f": {messages}" if messages else ""),
            vendor=PROFILE.vendor, operation=self._operation, status=207, sent="yes",
        )  # fmt: skip

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


def read_meta(response: WriteResponse) -> dict[str, Any]:
    """Return the `meta` of a response as a dict; empty if it has none."""
    return parse_object(to_builtins(parse_model(response.meta, models.Meta)))


def read_errors(response: WriteResponse) -> list[Any]:
    """Return the `errors` of a response as JSON values; empty if it has none."""
    return [to_builtins(error) for error in response.errors] if isinstance(response.errors, list) else []


def count_errors(response: WriteResponse) -> int:
    """Return the number of errors in a response: as many as it lists or, if that is more, as many as it counts."""
    return max(len(read_errors(response)), parse_int(read_meta(response).get("numberOfErrors")) or 0)


def make_error(problem: Any, operation: str, sent: object, meta: Any = None) -> CrossbookError:
    """Return an error of a 207 (Multi-Status) as an exception, with the values that were `sent` masked in it."""
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
