"""What was seen of one claim, counted, and of one unknown key; both become part of the report at the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from attrs import Factory, define

from crossbook.verify import mask
from crossbook.verify.claims import Evidence
from crossbook.verify.report import Finding, UnknownKey

MOST_CAME = 5
MOST_KEYS = 40
DEEPEST = 4
_ANY = "*"


@define
class Tally:
    """One claim, and how often it was seen and was different."""

    id: str
    claim: str
    evidence: Evidence
    note: str = ""
    seen: int = 0
    wrong: int = 0
    came: list[str] = Factory(list[str])
    where: dict[bool, set[str]] = Factory(lambda: {True: set[str](), False: set[str]()})
    forms: Counter[str] = Factory(Counter[str])

    def saw(self, held: bool, where: str, came: str = "") -> None:
        """Counts one sight; `came` says what stood in the place of what was claimed, masked."""
        self.seen += 1
        self.where[held].add(where)
        if not held:
            self.wrong += 1
            if came and came not in self.came and len(self.came) < MOST_CAME:
                self.came.append(came)

    def finding(self) -> Finding:
        return Finding(
            id=self.id,
            claim=self.claim,
            evidence=self.evidence,
            note=self.note,
            verdict="refuted" if self.wrong else "confirmed" if self.seen else "not seen",
            seen=self.seen,
            wrong=self.wrong,
            came=tuple(self.came),
            where=tuple(sorted(self.where[not self.wrong])),
            forms=dict(self.forms),
        )


@define
class Strange:
    """What came under a key that the spec does not have, and below it."""

    seen: int = 0
    kinds: Counter[str] = Factory(Counter[str])
    sample: str = ""
    below: dict[str, Strange] = Factory(dict[str, "Strange"])

    def met(self, value: Any, depth: int = 1) -> None:
        self.seen += 1
        self.kinds[mask.kind(value)] += 1
        if isinstance(value, dict):
            if depth < DEEPEST:
                for key, each in list(value.items())[: MOST_KEYS + 1]:  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
                    self.child(str(key)).met(each, depth + 1)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, list):
            if depth < DEEPEST:
                for each in value[:MOST_KEYS]:  # pyright: ignore[reportUnknownVariableType]
                    self.child("[]").met(each, depth + 1)
        elif value is not None and not self.sample:
            self.sample = mask.shape(value)

    def child(self, key: str) -> Strange:
        """The place of a key; one place for all where there are so many that they must be data."""
        if key not in self.below and len(self.below) >= MOST_KEYS:
            key = _ANY
        return self.below.setdefault(key, Strange())

    def listed(self, path: str, words: mask.Words) -> list[UnknownKey]:
        """It and what is below it, the names of the keys masked where they may be data."""
        kinds = tuple(kind for kind, _ in self.kinds.most_common())
        found = [UnknownKey(path=path, kinds=kinds, sample=self.sample, seen=self.seen)] if self.seen else []
        crowded = len(self.below) > MOST_KEYS
        named: dict[str, list[Strange]] = {}
        for key, each in self.below.items():
            name = key if key in ("[]", _ANY) else _ANY if crowded else words.key(key)
            named.setdefault(name, []).append(each)
        for name, alike in named.items():
            place = f"{path}[]" if name == "[]" else f"{path}.{name}"
            found += _merged(alike).listed(place, words)
        return found


def _merged(alike: list[Strange]) -> Strange:
    first, *others = alike
    for other in others:
        first.seen += other.seen
        first.kinds += other.kinds
        first.sample = first.sample or other.sample
        for key, each in other.below.items():
            mine = first.below.get(key)
            first.below[key] = each if mine is None else _merged([mine, each])
    return first
