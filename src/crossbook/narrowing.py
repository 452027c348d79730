"""What a list of contacts is narrowed and ordered by, held against the vendor's card before anything is asked."""

from __future__ import annotations

from msgspec.structs import replace

from crossbook.core import checks
from crossbook.core.card import Card
from crossbook.errors import InvalidInput, Unsupported
from crossbook.vendors.base import Query

_TEXTS = ("search", "phone", "email", "external_id")
_FILTERS = ("group", *_TEXTS, "archived", "opted_out")


def narrowed(card: Card, query: Query, region: str | None) -> Query:
    """The query as the vendor is asked: its phone in normal form. Unsupported or InvalidInput names what cannot be."""
    for name in _FILTERS:
        value = getattr(query, name)
        if value is None:
            continue
        _filter(card, name)
        if value == "":
            raise InvalidInput(f"{name} is empty: leave it out to list all", field=name, vendor=card.vendor)
        if name in _TEXTS:
            checks.clean(card, name, value)
    if query.full:
        _filter(card, "full")
    _ordered(card, query.sort, query.descending)
    if query.opted_out is not None and not checks.is_one_of(query.opted_out, card.channels):
        known = ", ".join(sorted(card.channels))
        raise InvalidInput(f"opted_out is one of {known}", field="opted_out", vendor=card.vendor)
    if query.archived is not None:
        checks.check_flag(card, "archived", query.archived)
    if query.group == "none":
        if "group:none" not in card.filters:
            raise Unsupported(f"{card.title} cannot list the contacts in no group", field="group", vendor=card.vendor)
    elif query.group is not None:
        checks.check_id(card, "group", query.group)
    return query if query.phone is None else replace(query, phone=checks.normal_phone(card, query.phone, region))


def _filter(card: Card, name: str) -> None:
    if card.filters.get(name, "unsupported") == "unsupported":
        raise Unsupported(f"{card.title} cannot list by {name}", field=name, vendor=card.vendor)


def _ordered(card: Card, sort: str | None, descending: bool) -> None:
    if (sort is not None or descending) and not card.sorts:
        raise Unsupported(f"{card.title} cannot sort", field="sort", vendor=card.vendor)
    if sort is not None and not checks.is_one_of(sort, card.sorts):
        can = ", ".join(sorted(card.sorts))
        raise Unsupported(f"{card.title} sorts by {can} only", field="sort", vendor=card.vendor)
