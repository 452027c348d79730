"""Check responses against the claims of a spec: presence, type and bounds of fields, and keys unknown to the spec."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from attrs import Factory, define

from crossbook._http.request import TransportResponse
from crossbook_verify import masking
from crossbook_verify.claims import Claims, Evidence, Field, Shape
from crossbook_verify.report import Finding, UnknownKey, sort_findings

try:
    from jsonschema import Draft202012Validator
except ModuleNotFoundError as missing:
    raise ImportError("crossbook_verify needs jsonschema: pip install 'crossbook[cli]'") from missing

MAX_ROWS = 1000
"""Rows of one list that are checked."""
_MAX_OBSERVED = 5  # values of one claim
_MAX_KEYS = 40  # of one object; an object with more keys is a map of data
_MAX_DEPTH = 4
_MAX_VALUES = 200_000
_MAX_DIGITS = 300
_MAX_DOUBLE_KEYS = 10
_ANY_KEY = "*"
_KINDS = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip
Json = dict[str, Any]


@define
class ClaimResult:
    """The result of one claim of the spec: how often the claim was checked, and how often it was wrong."""

    id: str
    claim: str
    evidence: Evidence
    note: str = ""
    seen: int = 0
    wrong: int = 0
    observed: list[str] = Factory(list[str])
    where: dict[bool, set[str]] = Factory(lambda: {True: set[str](), False: set[str]()})
    kinds: Counter[str] = Factory(Counter[str])

    def record(self, passed: bool, operation: str, observed: str = "") -> None:
        """Count one check of the claim; `observed` is what a wrong response had instead, masked."""
        self.seen += 1
        self.where[passed].add(operation)
        if not passed:
            self.wrong += 1
            if observed and observed not in self.observed and len(self.observed) < _MAX_OBSERVED:
                self.observed.append(observed)

    def to_finding(self) -> Finding:
        return Finding(
            id=self.id,
            claim=self.claim,
            evidence=self.evidence,
            note=self.note,
            verdict="refuted" if self.wrong else "confirmed" if self.seen else "not seen",
            seen=self.seen,
            wrong=self.wrong,
            observed=tuple(self.observed),
            where=tuple(sorted(self.where[not self.wrong])),
            kinds=dict(self.kinds),
        )


@define
class UnknownKeyTree:
    """A key of responses that the spec does not have: the kinds of its values, a masked sample, the keys below."""

    seen: int = 0
    kinds: Counter[str] = Factory(Counter[str])
    sample: str = ""
    below: dict[str, UnknownKeyTree] = Factory(dict[str, "UnknownKeyTree"])

    def record(self, value: Any, depth: int = 1) -> None:
        self.seen += 1
        self.kinds[masking.describe_kind(value)] += 1
        if isinstance(value, dict):
            if depth < _MAX_DEPTH:
                # One key more than the limit, so that `to_list` recognises a map of data.
                for key, each in list(value.items())[: _MAX_KEYS + 1]:  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
                    self.child(str(key)).record(each, depth + 1)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, list):
            if depth < _MAX_DEPTH:
                for each in value[:_MAX_KEYS]:  # pyright: ignore[reportUnknownVariableType]
                    self.child("[]").record(each, depth + 1)
        elif value is not None and not self.sample:
            self.sample = masking.mask_value(value)

    def child(self, key: str) -> UnknownKeyTree:
        """Return the entry of a key below this key. Keys beyond the limit share one entry, because they are data."""
        if key not in self.below and len(self.below) >= _MAX_KEYS:
            key = _ANY_KEY
        return self.below.setdefault(key, UnknownKeyTree())

    def to_list(self, path: str, masker: masking.Masker) -> list[UnknownKey]:
        """Return the report's entries for this key and all keys below this key. Keys that may be data are masked."""
        kinds = tuple(kind for kind, _ in self.kinds.most_common())
        found = [UnknownKey(path=path, kinds=kinds, sample=self.sample, seen=self.seen)] if self.seen else []
        is_map = len(self.below) > _MAX_KEYS
        by_name: dict[str, UnknownKeyTree] = {}
        for key, each in self.below.items():
            name = key if key in ("[]", _ANY_KEY) else _ANY_KEY if is_map else masker.mask_key(key)
            if name in by_name:
                by_name[name]._merge(each)
            else:
                by_name[name] = each
        for name, each in by_name.items():
            found += each.to_list(f"{path}[]" if name == "[]" else f"{path}.{name}", masker)
        return found

    def _merge(self, other: UnknownKeyTree) -> None:
        self.seen += other.seen
        self.kinds += other.kinds
        self.sample = self.sample or other.sample
        for key, each in other.below.items():
            if key in self.below:
                self.below[key]._merge(each)
            else:
                self.below[key] = each


class InvalidJsonError(Exception):
    """The error for a response body that is not JSON. The message gives the reason and quotes nothing of the body."""


def decode_json(content: bytes) -> tuple[Any, list[str]]:
    """Decode a JSON text; return its value, and the keys that occur twice in one object."""
    double: list[str] = []

    def build_object(pairs: list[tuple[str, Any]]) -> Json:
        found = dict(pairs)
        if len(found) < len(pairs) and len(double) < _MAX_DOUBLE_KEYS:
            double.extend(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        return found

    def parse_int(text: str) -> int | float:
        # Python refuses to parse integers of more than 4,300 digits.
        return int(text) if len(text) <= _MAX_DIGITS else float(text)

    def refuse_constant(constant: str) -> Any:
        raise ValueError(constant)

    try:
        text = content.decode()
        value = json.loads(text, object_pairs_hook=build_object, parse_int=parse_int, parse_constant=refuse_constant)
    except RecursionError:
        raise InvalidJsonError("nested too deep") from None
    except UnicodeDecodeError:
        raise InvalidJsonError("not UTF-8") from None
    except ValueError:
        raise InvalidJsonError("not JSON" if content.strip() else "empty") from None
    return value, double


class SpecChecker:
    """Checks the responses of a vendor against the claims of its spec, and collects the results.

    Args:
        spec: the claims of the spec.

    Attributes:
        claims: the result of each claim, by id. Probes add claims that no schema can express.
        masker: decides which keys and codes a report may show.
    """

    def __init__(self, spec: Claims) -> None:
        self._spec = spec
        self.masker = masking.Masker(spec.vocabulary())
        self.claims: dict[str, ClaimResult] = {result.id: result for result in _list_claims(spec)}
        self._validators: dict[str, Any] = {}
        self._unknown: dict[str, UnknownKeyTree] = {}
        self._codes: dict[str, set[str]] = {}

    def check_response(self, operation: str, response: TransportResponse) -> Any:
        """Check a response; return its decoded body, or None if it is not JSON or may come from a gateway."""
        known = self._spec.operations[operation].answers.get(str(response.status))
        if known is None and (response.status == 429 or response.status >= 500):
            return None  # perhaps from a gateway, not from the vendor
        media_type = masking.mask_media_type(response.headers.get("content-type", ""))
        self.claims[f"{operation}.others"].record(
            known is not None, operation, f"status {response.status}, {media_type}"
        )
        result = self.claims.get(f"{operation}.{response.status}")
        if known is not None and result is not None and known.shape is None:
            result.record(not response.content, operation, f"{len(response.content):,} bytes, {media_type}")
            return None
        try:
            body, double = decode_json(response.content)
        except InvalidJsonError as error:
            if result is not None:
                result.record(False, operation, f"{media_type}, {error}")
            return None
        self._add_values(body)
        if known is None or result is None:
            return body
        faults = [f"a key twice: `{self.masker.mask_key(name)}`" for name in double[:_MAX_DOUBLE_KEYS]]
        if media_type != "application/json":
            faults.append(f"content type {media_type}")
        if not isinstance(body, dict):
            faults.append(f"{masking.describe_kind(body)} instead of an object")
        faults += [
            f"no header {name}" for name, required in known.headers.items() if required and name not in response.headers
        ]
        result.record(not faults, operation, "; ".join(faults))
        if isinstance(body, dict) and known.shape is not None:
            self._check_object(body, known.shape, operation, operation)  # pyright: ignore[reportUnknownArgumentType]
        return body  # pyright: ignore[reportUnknownVariableType]

    def check_error_code(self, operation: str, status: int, code: str, title: str | None) -> None:
        """Check an error code of a response, its title and the status of the response against the spec."""
        known = self._spec.codes.get(code)
        if known is None:
            self._codes.setdefault(f"{self.masker.mask_code(code)} with status {status}", set()).add(operation)
            return
        passed = (title is None or title == known.title) and known.status in (None, status)
        self.claims[f"code.{code}"].record(passed, operation, f"status {status}, {self.masker.mask_term(title)}")

    def findings(self) -> tuple[Finding, ...]:
        return sort_findings(result.to_finding() for result in self.claims.values())

    def unknown_keys(self) -> tuple[UnknownKey, ...]:
        found = [key for path, unknown in self._unknown.items() for key in unknown.to_list(path, self.masker)]
        return tuple(sorted(found, key=lambda key: key.path))

    def unknown_codes(self) -> tuple[str, ...]:
        return tuple(f"{code}: {', '.join(sorted(operations))}" for code, operations in sorted(self._codes.items()))

    def _check_object(self, value: Json, name: str, path: str, operation: str) -> None:
        shape = self._spec.shapes[name]
        for key, field in shape.fields.items():
            if field.required:
                self.claims[f"{name}.{key}.there"].record(key in value, operation, "absent")
            if key in value:
                self._check_value(value[key], field, f"{name}.{key}", f"{path}.{key}", operation)
        if f"{name}.rule" in self.claims:
            flat = {key: _flatten(value[key]) for key in shape.fields if key in value}
            passed = self._validator(name, shape.rule).is_valid(flat)
            self.claims[f"{name}.rule"].record(passed, operation, "violated")
        if not shape.open and any(key not in shape.fields for key in value):
            unknown = self._unknown.setdefault(path, UnknownKeyTree())
            for key in value:
                if key not in shape.fields:
                    unknown.child(key).record(value[key])

    def _check_value(self, value: Any, field: Field, id: str, path: str, operation: str) -> None:
        flat = [_flatten(each) for each in value[:MAX_ROWS]] if isinstance(value, list) else _flatten(value)  # pyright: ignore[reportUnknownVariableType]
        kind = masking.describe_kind(value)
        errors = list(self._validator(id, field.rule).iter_errors(flat))
        has_wrong_type = any(error.validator == "type" and not error.absolute_path for error in errors)
        if isinstance(value, (dict, list)) or field.secret:
            shown = ""
        elif "enum" in field.rule:
            shown = self.masker.mask_term(value)
        else:
            shown = masking.mask_value(value)
        if result := self.claims.get(f"{id}.type"):
            result.kinds[kind] += 1
            result.record(not has_wrong_type, operation, f"{kind} {shown}".strip())
        if (result := self.claims.get(f"{id}.bounds")) and not has_wrong_type:
            result.record(not errors, operation, shown or kind)
        if field.shape is None:
            return
        if not field.listed:
            rows: list[Any] = [value]
        else:
            rows = value[:MAX_ROWS] if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]
        for row in rows:
            if field.listed:
                self.claims[f"{id}.rows"].record(isinstance(row, dict), operation, masking.describe_kind(row))
            if isinstance(row, dict):
                self._check_object(row, field.shape, f"{path}[]" if field.listed else path, operation)  # pyright: ignore[reportUnknownArgumentType]

    def _validator(self, id: str, rule: Json) -> Any:
        if id not in self._validators:
            self._validators[id] = Draft202012Validator(rule)
        return self._validators[id]

    def _add_values(self, body: Any) -> None:
        """Add the values of a body to the masker, up to a limit, so that no key or code equal to a value is shown."""
        stack, left = [body], _MAX_VALUES
        while stack and left:
            left -= 1
            value = stack.pop()
            if isinstance(value, dict):
                stack.extend(value.values())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            elif isinstance(value, list):
                stack.extend(value)  # pyright: ignore[reportUnknownArgumentType]
            else:
                self.masker.add_value(value)


def _flatten(value: Any) -> Any:
    """Return an empty object or list instead of a full one, because the validator prints the values that it refuses."""
    return {} if isinstance(value, dict) else [] if isinstance(value, list) else value


def _list_claims(spec: Claims) -> Iterator[ClaimResult]:
    for name, operation in spec.operations.items():
        for status, answer in operation.answers.items():
            text = f"`{name}` responds with {status} and {'no body' if answer.shape is None else 'a JSON object'}"
            yield ClaimResult(f"{name}.{status}", text, answer.evidence, answer.note)
        text = f"`{name}` responds with no other status than {', '.join(operation.answers)}"
        yield ClaimResult(f"{name}.others", text, operation.evidence, operation.note)
    for name, shape in spec.shapes.items():
        yield from _list_shape_claims(name, shape)
    for code, row in spec.codes.items():
        status = f" with status {row.status}" if row.status else ""
        yield ClaimResult(f"code.{code}", f"the error `{code}` is {row.title}{status}: {row.meaning}", row.evidence)


def _list_shape_claims(name: str, shape: Shape) -> Iterator[ClaimResult]:
    for key, field in shape.fields.items():
        id, subject = f"{name}.{key}", f"`{name}.{key}`"
        if field.required:
            yield ClaimResult(f"{id}.there", f"{subject} is always present", field.evidence, field.note)
        if "type" in field.rule:
            types = field.rule["type"]
            kinds = " or ".join(_KINDS[each] for each in ([types] if isinstance(types, str) else types))
            yield ClaimResult(f"{id}.type", f"{subject} is {kinds}", field.evidence, field.note)
        if bounds := {key: value for key, value in field.rule.items() if key not in ("type", "format")}:
            text = ", ".join(f"{key} `{json.dumps(value, ensure_ascii=False)}`" for key, value in bounds.items())
            yield ClaimResult(f"{id}.bounds", f"{subject} keeps {text}", field.evidence, field.note)
        if field.listed:
            yield ClaimResult(f"{id}.rows", f"each row of {subject} is an object", field.evidence, field.note)
    if set(shape.rule) - {"type"}:
        text = json.dumps({key: value for key, value in shape.rule.items() if key != "type"}, ensure_ascii=False)
        yield ClaimResult(f"{name}.rule", f"`{name}` keeps the rule `{text}`", shape.evidence, shape.note)
