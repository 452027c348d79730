"""FieldSupport answers against the claims: which fields are there, of which type, within which bounds; what else came."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from attrs import Factory, define

from crossbook._http.request import TransportResponse
from crossbook_verify import masking
from crossbook_verify.claims import Claims, Evidence, Field, Shape
from crossbook_verify.report import Finding, UnknownKey, ordered

# What was seen of one claim, counted, and of one unknown key; both become part of the report at the end.

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
        self.kinds[masking.kind(value)] += 1
        if isinstance(value, dict):
            if depth < DEEPEST:
                for key, each in list(value.items())[: MOST_KEYS + 1]:  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
                    self.child(str(key)).met(each, depth + 1)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, list):
            if depth < DEEPEST:
                for each in value[:MOST_KEYS]:  # pyright: ignore[reportUnknownVariableType]
                    self.child("[]").met(each, depth + 1)
        elif value is not None and not self.sample:
            self.sample = masking.shape(value)

    def child(self, key: str) -> Strange:
        """The place of a key; one place for all where there are so many that they must be data."""
        if key not in self.below and len(self.below) >= MOST_KEYS:
            key = _ANY
        return self.below.setdefault(key, Strange())

    def listed(self, path: str, words: masking.Words) -> list[UnknownKey]:
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


try:
    from jsonschema import Draft202012Validator
except ModuleNotFoundError as missing:
    raise ImportError("crossbook_verify needs jsonschema: pip install 'crossbook[cli]'") from missing

MOST_ROWS = 1000
"""Rows of one list that are looked at: the ten thousandth tells nothing new."""
_MOST_VALUES = 200_000
_LONGEST_NUMBER = 300
_MOST_TWICE = 10
Json = dict[str, Any]


class Unreadable(Exception):
    """A body that is no JSON; the message says why, and shows nothing of it."""


def decoded(content: bytes) -> tuple[Any, list[str]]:
    """The value of a JSON text, and the keys that stand twice in an object of it."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> Json:
        made = dict(found)
        if len(made) < len(found) and len(twice) < _MOST_TWICE:
            twice.extend(name for name, times in Counter(name for name, _ in found).items() if times > 1)
        return made

    try:
        text = content.decode()
        value = json.loads(text, object_pairs_hook=pairs, parse_int=_whole, parse_constant=_refused)
    except RecursionError:
        raise Unreadable("nested too deep") from None
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    except ValueError:
        raise Unreadable("no JSON" if content.strip() else "empty") from None
    return value, twice


def _whole(text: str) -> int | float:
    # Python refuses to read whole numbers of some thousand digits.
    return int(text) if len(text) <= _LONGEST_NUMBER else float(text)


def _refused(constant: str) -> Any:
    raise ValueError(constant)


class Ledger:
    """Every claim of a spec with what was seen of it.

    Args:
        claims: the claims.
    """

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self.words = masking.Words(claims.vocabulary())
        self._tallies: dict[str, Tally] = {tally.id: tally for tally in _from_spec(claims)}
        self._validators: dict[str, Any] = {}
        self._strange: dict[str, Strange] = {}
        self._codes: dict[str, set[str]] = {}

    def add(self, tally: Tally) -> None:
        """One more claim, which no spec can say."""
        self._tallies[tally.id] = tally

    def row(self, id: str) -> Tally:
        return self._tallies[id]

    def read(self, operation: str, reply: TransportResponse) -> Any:
        """Takes an answer in, and returns its body; None if it has none that can be read."""
        answers = self._claims.operations[operation].answers
        status = str(reply.status)
        known = answers.get(status)
        others = self._tallies[f"{operation}.others"]
        if known is None and (reply.status == 429 or reply.status >= 500):
            return None  # a gateway's word, perhaps, and none of the vendor's
        others.saw(
            known is not None,
            operation,
            f"status {status}, {masking.media_type(reply.headers.get('content-type', ''))}",
        )
        try:
            body, twice = decoded(reply.content)
        except Unreadable as error:
            if known is not None:
                kind = masking.media_type(reply.headers.get("content-type", ""))
                self._tallies[f"{operation}.{status}"].saw(False, operation, f"{kind}, {error}")
            return None
        self._meet(body)
        if known is None:
            return body
        tally = self._tallies[f"{operation}.{status}"]
        faults = [f"a key twice: `{self.words.key(name)}`" for name in twice[:_MOST_TWICE]]
        kind = masking.media_type(reply.headers.get("content-type", ""))
        if kind != "application/json":
            faults.append(f"content type {kind}")
        if not isinstance(body, dict):
            faults.append(f"{masking.kind(body)} instead of an object")
        faults += [
            f"no header {name}" for name, needed in known.headers.items() if needed and name not in reply.headers
        ]
        tally.saw(not faults, operation, "; ".join(faults))
        if isinstance(body, dict):
            self._object(body, known.shape, operation, operation)  # pyright: ignore[reportUnknownArgumentType]
        return body  # pyright: ignore[reportUnknownVariableType]

    def said(self, operation: str, status: int, code: str, title: str | None) -> None:
        """Takes an error code in, and the title that came beside it."""
        known = self._claims.codes.get(code)
        if known is None:
            self._codes.setdefault(f"{self.words.code(code)} with status {status}", set()).add(operation)
            return
        right = (title is None or title == known.title) and known.status in (None, status)
        self._tallies[f"code.{code}"].saw(right, operation, f"status {status}, {self.words.term(title)}")

    def findings(self) -> tuple[Finding, ...]:
        return ordered(tally.finding() for tally in self._tallies.values())

    def unknown(self) -> tuple[UnknownKey, ...]:
        found = [key for path, strange in self._strange.items() for key in strange.listed(path, self.words)]
        return tuple(sorted(found, key=lambda key: key.path))

    def codes(self) -> tuple[str, ...]:
        return tuple(f"{code}: {', '.join(sorted(operations))}" for code, operations in sorted(self._codes.items()))

    def _object(self, value: Json, name: str, path: str, operation: str) -> None:
        shape = self._claims.shapes[name]
        for key, field in shape.fields.items():
            if field.required:
                self._tallies[f"{name}.{key}.there"].saw(key in value, operation, "absent")
            if key in value:
                self._value(value[key], field, f"{name}.{key}", f"{path}.{key}", operation)
        if f"{name}.rule" in self._tallies:
            flat = {key: _flat(value[key]) for key in shape.fields if key in value}
            self._tallies[f"{name}.rule"].saw(
                self._validator(name, shape.rule).is_valid(flat), operation, "it does not"
            )
        if not shape.open and any(key not in shape.fields for key in value):
            strange = self._strange.setdefault(path, Strange())
            for key in value:
                if key not in shape.fields:
                    strange.child(key).met(value[key])

    def _value(self, value: Any, field: Field, id: str, path: str, operation: str) -> None:
        flat = [_flat(each) for each in value[:MOST_ROWS]] if isinstance(value, list) else _flat(value)  # pyright: ignore[reportUnknownVariableType]
        errors = list(self._validator(id, field.rule).iter_errors(flat))
        mistyped = any(error.validator == "type" and not error.absolute_path for error in errors)
        shown = "" if isinstance(value, (dict, list)) or field.secret else self._shown(value, field)
        if f"{id}.type" in self._tallies:
            tally = self._tallies[f"{id}.type"]
            tally.forms[masking.kind(value)] += 1
            tally.saw(not mistyped, operation, f"{masking.kind(value)} {shown}".strip())
        if f"{id}.bounds" in self._tallies and not mistyped:
            self._tallies[f"{id}.bounds"].saw(not errors, operation, shown or masking.kind(value))
        if field.shape is None:
            return
        for row in self._rows(value, field.listed):
            if field.listed:
                self._tallies[f"{id}.rows"].saw(isinstance(row, dict), operation, masking.kind(row))
            if isinstance(row, dict):
                self._object(row, field.shape, f"{path}[]" if field.listed else path, operation)  # pyright: ignore[reportUnknownArgumentType]

    def _rows(self, value: Any, listed: bool) -> list[Any]:
        if listed:
            return value[:MOST_ROWS] if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]
        return [value] if isinstance(value, dict) else []

    def _shown(self, value: Any, field: Field) -> str:
        fixed = "enum" in field.rule or "const" in field.rule
        return self.words.term(value) if fixed else masking.shape(value)

    def _validator(self, id: str, rule: Json) -> Any:
        if id not in self._validators:
            self._validators[id] = Draft202012Validator(rule)
        return self._validators[id]

    def _meet(self, body: Any) -> None:
        waiting, left = [body], _MOST_VALUES
        while waiting and left:
            left -= 1
            value = waiting.pop()
            if isinstance(value, dict):
                waiting.extend(value.values())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            elif isinstance(value, list):
                waiting.extend(value)  # pyright: ignore[reportUnknownArgumentType]
            else:
                self.words.met(value)


def _flat(value: Any) -> Any:
    """A value without what is in it: the validator prints what it refuses, and that may be huge, or deep."""
    return {} if isinstance(value, dict) else [] if isinstance(value, list) else value


def _from_spec(claims: Claims) -> Iterator[Tally]:
    for name, operation in claims.operations.items():
        for status, answer in operation.answers.items():
            text = f"`{name}` answers {status} as a JSON object"
            yield Tally(f"{name}.{status}", text, answer.evidence, answer.note)
        statuses = ", ".join(operation.answers)
        yield Tally(
            f"{name}.others",
            f"`{name}` answers with no other status than {statuses}",
            operation.evidence,
            operation.note,
        )
    for name, shape in claims.shapes.items():
        yield from _from_shape(name, shape)
    for code, row in claims.codes.items():
        status = f" with status {row.status}" if row.status else ""
        yield Tally(f"code.{code}", f"the error `{code}` is {row.title}{status}: {row.meaning}", row.evidence)


def _from_shape(name: str, shape: Shape) -> Iterator[Tally]:
    for key, field in shape.fields.items():
        id, about = f"{name}.{key}", f"`{name}.{key}`"
        if field.required:
            yield Tally(f"{id}.there", f"{about} is always there", field.evidence, field.note)
        if "type" in field.rule:
            named = field.rule["type"]
            kinds = " or ".join(_KINDS[each] for each in ([named] if isinstance(named, str) else named))
            yield Tally(f"{id}.type", f"{about} is {kinds}", field.evidence, field.note)
        if bounds := {key: value for key, value in field.rule.items() if key not in ("type", "format")}:
            said = ", ".join(f"{key} `{json.dumps(value, ensure_ascii=False)}`" for key, value in bounds.items())
            yield Tally(f"{id}.bounds", f"{about} keeps {said}", field.evidence, field.note)
        if field.listed:
            yield Tally(f"{id}.rows", f"each row of {about} is an object", field.evidence, field.note)
    if set(shape.rule) - {"type"}:
        said = json.dumps({key: value for key, value in shape.rule.items() if key != "type"}, ensure_ascii=False)
        yield Tally(f"{name}.rule", f"`{name}` keeps the rule `{said}`", shape.evidence, shape.note)


_KINDS = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip
