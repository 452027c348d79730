"""Turn the inputs of a batch into bytes and back, and the results of a chunk too."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from crossbook import errors
from crossbook._batch.results import Result
from crossbook.journal import JournalEntry
from crossbook.models import Contact, ExternalId

_encode = msgspec.msgpack.Encoder().encode
_decode_contacts = msgspec.msgpack.Decoder(list[Contact]).decode
_decode = msgspec.msgpack.Decoder().decode
_CONTACTS = ("contacts.create_many", "contacts.upsert_many")
_PAIRS = ("groups.add_many", "groups.remove_many")
_CHANGES = "contacts.update_many"
_UNSTORABLE = TypeError, ValueError, AttributeError, OverflowError, msgspec.MsgspecError


def encode_inputs(method: str, values: Sequence[Any], first: int) -> bytes:
    """Return the inputs of one chunk as compressed bytes. The first of them has the number `first` in its run.

    Raises:
        InvalidInputError: a worker would not get an input as it is here.
    """
    try:
        return zlib.compress(_encode_checked(method, values), 1)
    except _UNSTORABLE:
        for number, value in enumerate(values, first):
            try:
                _encode_checked(method, [value])
            except _UNSTORABLE as error:
                raise errors.InvalidInputError(
                    f"a fleet cannot store input {number:,} ({error}): pass contacts, ids, and changes of text, whole "
                    "numbers, lists and times with a zone",
                    field="source",
                ) from None
        raise


def _make_plain(value: Any) -> Any:
    """Return a tuple as the list as which it is decoded, and any other value as it is."""
    return [*value] if isinstance(value, tuple) else value


def _encode_checked(method: str, values: Sequence[Any]) -> bytes:
    """Encode inputs. Raise an error if they decode to other values."""
    plain = list(values)
    if method == _CHANGES:
        plain = [
            [
                [id.value] if isinstance(id, ExternalId) else id,
                dict(zip(changes, map(_make_plain, changes.values()), strict=True)),
            ]
            for id, changes in values
        ]  # fmt: skip
    elif method in _PAIRS:
        plain = [list(value) for value in values]
    raw = _encode(plain)
    if method in _CONTACTS:
        _decode_contacts(raw)
    elif _decode(raw) != plain:
        raise TypeError("it has a value of another type")
    return raw


def decode_inputs(method: str, data: bytes) -> list[Any]:
    """Return the inputs that `encode_inputs` was given."""
    raw = zlib.decompress(data)
    if method in _CONTACTS:
        return list(_decode_contacts(raw))
    values: list[Any] = _decode(raw)
    if method == _CHANGES:
        return [(id if isinstance(id, str) else ExternalId(id[0]), changes) for id, changes in values]
    return list(map(tuple, values)) if method in _PAIRS else values


def encode_results(entries: Mapping[int, JournalEntry]) -> bytes:
    """Return what a finished run keeps of a chunk: status, id and error of each input, and a hash of the input."""
    rows = [
        [each.status, each.id, each.attempts, each.error, each.dropped_fields, each.write_only_fields,
         bytes.fromhex(each.fingerprint)[:8]]
        for _, each in sorted(entries.items())
    ]  # fmt: skip
    return zlib.compress(_encode(rows), 6)


def decode_results(data: bytes, first: int) -> list[Result]:
    """Return the results of a chunk whose first input has this index in its run."""
    return [
        Result(
            index=first + position, status=status, id=id, attempts=attempts,
            error=None if error is None else errors.from_record(error),
            dropped_fields=tuple(dropped), write_only_fields=tuple(write_only), replayed=True,
        )
        for position, (status, id, attempts, error, dropped, write_only, _) in enumerate(_decode(zlib.decompress(data)))
    ]  # fmt: skip
