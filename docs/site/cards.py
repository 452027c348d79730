"""What a vendor can and cannot, from its card."""

from __future__ import annotations

from collections.abc import Iterator

import crossbook
from crossbook._pagination.strategies import Offset, PageNumber, PerGroup, Whole
from crossbook.registry import VENDORS
from crossbook.registry import vendor as vendor_class
from crossbook.vendor import Card, Retry, Verb
from docs.grid import SIGNS
from docs.site.markup import code, table

_WORDS = {"native": "the vendor's own call", "emulated": "composed from other calls", "unsupported": "`Unsupported`"}
_ACCESS = {"rw": "read and written", "r": "read", "w": "written, never shown again"}
_HOW = {"filter": "the vendor filters", "search": "the vendor searches", "snapshot": "looked up in the whole list"}

_CLASSES = {
    Retry.SAFE: "a read: repeated",
    Retry.IDEMPOTENT: "twice is as good as once: repeated",
    Retry.CREATE_WITH_LOOKUP: "twice makes two, a lookup tells: repeated only if nothing can have happened",
    Retry.CREATE_NO_LOOKUP: "twice makes two, nobody can tell: repeated only if nothing can have happened",
}


def verbs(vendor: str) -> str:
    """Every verb and what it costs."""
    card = _card(vendor)
    rows = [
        (f"{SIGNS[verb.support]}&nbsp;`{name.replace(':', ' ')}`", _WORDS[verb.support], _cost(card, name), verb.note)
        for name, verb in _all(card)
    ]
    return table(("verb", "how", "requests", "worth knowing"), rows)


def holds(vendor: str) -> str:
    """Every field of a contact that the vendor can hold, and how."""
    card = _card(vendor)
    rows = [(f"`{name}`", _ACCESS[held.access], _longest(held.longest), _needed(card, name)) for name, held in
            card.holds.items()]  # fmt: skip
    if card.named_fields is None:
        rows.append(("`fields`", _ACCESS["rw"], "", "any names"))
    for name, longest in (card.named_fields or {}).items():
        rows.append((f"`fields`: `{name}`", _ACCESS["rw"], _longest(longest), ""))
    return table(("field", "access", "longest", "needed"), rows)


def facts(vendor: str) -> str:
    """The other rows of the card."""
    return table(("fact", "value"), _facts(_card(vendor)))


def _facts(card: Card) -> Iterator[tuple[str, str]]:
    yield "address", ", ".join(code(url) for url in card.base_urls.values()) or "the account's own: `base_url=`"
    paging = {Offset: "by offset", PageNumber: "by number", Whole: "none: the whole list at once",
              PerGroup: "none: group by group"}[type(card.contact_paging)]  # fmt: skip
    sized = isinstance(card.contact_paging, Offset | PageNumber)
    size = f", {card.contact_paging.default} a page, at most {card.contact_paging.longest:,}" if sized else ""
    yield "pages of contacts", paging + size
    yield "found by", ", ".join(f"`{key}` ({_HOW[how]})" for key, how in card.match_keys.items())
    yield (
        "filters of `contacts.list`",
        ", ".join(f"`{name}`" + (" (emulated)" if how == "emulated" else "") for name, how in card.filters.items()),
    )
    yield "sorted by", ", ".join(f"`{name}`" for name in sorted(card.sorts)) or "nothing"
    yield "subscriptions", ", ".join(f"`{name}`" for name in sorted(card.channels)) or "none"
    rate = card.rate
    yield "rate", f"{rate.per_second:g} requests a second, {rate.burst} at once" if rate else "not known: learned"
    yield "region of phones", f"`{card.default_region}`" if card.default_region else "none: give `default_region=`"
    yield "ids of contacts", code(card.contact_id.pattern)
    yield "a field is emptied with", {"null": "`null`", "empty": "an empty text"}.get(card.clears, "nothing: it cannot")
    yield "largest answer", f"{card.max_body // 2**20} MiB"


def credentials(vendor: str) -> str:
    """The variables that `from_env` reads."""
    card = _card(vendor)
    return table(("argument", "variable"), ((f"`{name}`", f"`{variable}`") for name, variable in
                                            card.environment.items()))  # fmt: skip


def _card(vendor: str) -> Card:
    card: Card = vendor_class(vendor).card
    return card


def _all(card: Card) -> Iterator[tuple[str, Verb]]:
    for name, row in crossbook.capabilities().items():
        yield name, row[card.vendor]


def _cost(card: Card, name: str) -> str:
    verb = card.verb(name)
    if verb.support == "unsupported":
        return ""
    each = f"{verb.bulk:,} items a request in batches" if verb.bulk > 1 else ""
    return each or (str(verb.calls) if verb.calls > 1 else "")


def _longest(longest: int | None) -> str:
    return f"{longest} characters" if longest else ""


def _needed(card: Card, name: str) -> str:
    if card.holds[name].required:
        return "required"
    return f"one of {', '.join(card.needs_one_of)} is required" if name in card.needs_one_of else ""


def retries() -> str:
    """How each operation of each vendor may be repeated."""
    cards = [_card(name) for name in VENDORS]
    rows = [
        (
            words,
            *(
                ", ".join(
                    f"[`{name}`](../wire/{card.vendor}.md#{card.vendor}-{name})"
                    for name, operation in card.operations.items()
                    if operation.retry is kind
                )
                for card in cards
            ),
        )
        for kind, words in _CLASSES.items()
    ]
    return table(("kind", *(card.title for card in cards)), rows)
