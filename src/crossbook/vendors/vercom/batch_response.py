"""Who is meant: an answer to many at once, each row and each error of it mapped back to the item it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from crossbook_wire.vercom import models
from msgspec import Struct, to_builtins

from crossbook import _redaction
from crossbook.errors import CrossbookError, NotFoundError, RejectedError
from crossbook.vendor import parse_object
from crossbook.vendors.decoding import parse_str
from crossbook.vendors.vercom.profile import PROFILE, complaint

SuccessResponse = models.WrittenContacts | models.WrittenGroups
_ROWS = (models.WrittenContact, models.WrittenGroup)


class Names(Struct, frozen=True, eq=False):
    """What an answer may call one item: rows say its id and external id, errors say any of its names."""

    id: str | None = None
    external: str | None = None
    others: frozenset[str] = frozenset()

    @classmethod
    def of(cls, external: object, *others: object) -> Names:
        texts = [name if isinstance(name, str) and name else None for name in (external, *others)]
        return cls(external=texts[0], others=frozenset(name for name in texts[1:] if name))

    @property
    def all(self) -> set[str]:
        return {name for name in (self.id, self.external, *self.others) if name is not None}


class MultiStatusResponse:
    """One answer about these items. What it does not say without a doubt is not guessed, and of what was `sent` of
    each it shows nothing.

    `silent` tells that it names nobody at all: then a success is everybody's.
    """

    def __init__(
        self, answer: SuccessResponse, operation: str, items: Sequence[Names], sent: Sequence[object] = ()
    ) -> None:
        self._items = items
        self._sent = dict(zip(items, sent, strict=False))
        rows = answer.data if isinstance(answer.data, list) else ()
        self._rows = [(parse_str(row.id), parse_str(row.externalId)) for row in rows if isinstance(row, _ROWS)]
        problems = [to_builtins(problem) for problem in answer.errors] if isinstance(answer.errors, list) else []
        self.silent = not self._rows and not problems
        self._ids = self._by_name()
        self._refusals = self._named(problems, operation)
        self._doubtful = len(self._refusals) < len(problems) or len(self._rows) < len(rows)

    def _by_name(self) -> dict[Names, list[str]]:
        """The ids of the rows that name an item; where several have one external id, only if there is one for each."""
        known = {id for id, _ in self._rows}
        rows: dict[str, list[str]] = {}
        for id, external in self._rows:
            if id is not None and external is not None:
                rows.setdefault(external, []).append(id)
        alike = Counter(item.external for item in self._items)
        found: dict[Names, list[str]] = {}
        for item in self._items:
            if item.id is not None:
                found[item] = [item.id] if item.id in known else []
            elif item.external is not None:
                ids = rows.get(item.external, [])
                if alike[item.external] == 1:
                    found[item] = ids
                elif alike[item.external] == len(ids):
                    alike[item.external] -= 1
                    found[item] = [ids.pop(0)]
        return {item: ids for item, ids in found.items() if ids}

    def _named(self, problems: Sequence[Any], operation: str) -> dict[Names, CrossbookError]:
        """The errors by item; where several bear the name that an error says, only if all of them were refused."""
        bearers: dict[str, list[Names]] = {}
        for item in self._items:
            if item not in self._ids:
                for name in item.all:
                    bearers.setdefault(name, []).append(item)
        by_source: dict[str, list[Any]] = {}
        for problem in problems:
            by_source.setdefault(_source(problem), []).append(problem)
        return {
            item: refusal(problem, operation, [self._sent.get(bearer) for bearer in bearers[source]])
            for source, said in by_source.items()
            if len(said) == len(bearers.get(source, ()))
            for item, problem in zip(bearers[source], said, strict=True)
        }

    def ids(self, item: Names) -> Sequence[str]:
        """The ids of the rows that name it."""
        return self._ids.get(item, ())

    def refusal(self, item: Names) -> CrossbookError | None:
        return self._refusals.get(item)

    def in_order(self, outcomes: Sequence[str | CrossbookError | None]) -> list[str | CrossbookError | None]:
        """The nameless rows to the items without an outcome, in order (inferred), where that leaves no doubt."""
        told = [outcome for outcome in outcomes if isinstance(outcome, str)]
        known = set(told)
        ids = [id for id, _ in self._rows if id is not None]
        nameless = [id for id in ids if id not in known]
        in_order = [id for id in ids if id in known] == told
        if (
            self._doubtful
            or not in_order
            or len(set(ids)) < len(self._rows)
            or len(nameless) != sum(outcome is None for outcome in outcomes)
        ):
            return list(outcomes)
        left = iter(nameless)
        return [next(left) if outcome is None else outcome for outcome in outcomes]


def _source(problem: Any) -> str:
    source = parse_object(parse_object(problem).get("meta")).get("source")
    return "" if source is None else str(source)


def refusal(problem: Any, operation: str, sent: object, meta: Any = None) -> CrossbookError:
    """What the vendor said against an item, without what was `sent` of it: such an answer quotes it too."""
    said = complaint(problem, meta)
    values = tuple(_redaction.texts(to_builtins(sent)))

    def shown(text: str | None) -> str | None:
        return text and _redaction.text(_redaction.without(text, values))

    # That a missing one is told by such a title is inferred.
    kind = NotFoundError if "not found" in said.message.lower() else RejectedError
    return kind(
        shown(said.message) or "",
        vendor=PROFILE.vendor, operation=operation, status=207, code=shown(said.code), field=shown(said.field),
        request_id=said.request_id and _redaction.label(_redaction.without(said.request_id, values)), sent="yes",
    )  # fmt: skip
