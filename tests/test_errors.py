"""Errors: their messages, pickles and base classes."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import crossbook
from crossbook import AmbiguousMatchError, CrossbookError, RateLimitError, errors

KINDS = [kind for name in errors.__all__ if isinstance(kind := getattr(errors, name), type)]
FACTS: dict[str, Any] = {
    "vendor": "vercom", "operation": "createContacts", "status": 422, "code": "E-1-001", "field": "phone",
    "request_id": "00d928f759", "retry_after": 7.5, "sent": "maybe", "cause": "ReadTimeout", "id": "123",
    "cursor": "abc", "attempts": 3,
}  # fmt: skip


def made(kind: type[CrossbookError], **facts: Any) -> CrossbookError:
    more = {"candidates": ("1", "2")} if issubclass(kind, AmbiguousMatchError) else {}
    return kind("it went wrong", **more, **facts)


@pytest.mark.parametrize("kind", KINDS)
def test_pickled_error_is_equal(kind: type[CrossbookError]) -> None:
    for error in (made(kind), made(kind, **FACTS)):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            back = pickle.loads(pickle.dumps(error, protocol))
            assert back == error
            assert (type(back), str(back), back.args, vars(back)) == (kind, str(error), error.args, vars(error))
        assert copy.copy(error) == copy.deepcopy(error) == error
        assert hash(pickle.loads(pickle.dumps(error))) == hash(error)


@pytest.mark.parametrize("kind", KINDS)
def test_error_has_the_root_and_every_attribute(kind: type[CrossbookError]) -> None:
    error = made(kind, **FACTS)
    assert isinstance(error, CrossbookError)
    assert {name: getattr(error, name) for name in FACTS} == FACTS
    assert getattr(crossbook, kind.__name__) is kind


def test_message_has_known_facts_only() -> None:
    assert str(CrossbookError("no")) == "no"
    assert str(CrossbookError("no", vendor="atom")) == "atom: no"
    assert str(CrossbookError("no", vendor="atom", operation="getContact")) == "atom.getContact: no"
    said = str(made(CrossbookError, **FACTS))
    assert said == (
        "vercom.createContacts: it went wrong (status 422, code E-1-001, field phone, id 123, cause ReadTimeout, "
        "request id 00d928f759, retry after 7.5 s, sent maybe, attempts 3)"
    )
    assert "abc" not in said, "a cursor is for programs"
    assert repr(made(CrossbookError)) == "CrossbookError('it went wrong')"
    assert "sent" not in str(CrossbookError("no", sent="yes"))


def test_errors_that_differ_are_not_equal() -> None:
    error = made(CrossbookError, **FACTS)
    for name in FACTS:
        other = made(CrossbookError, **{**FACTS, name: 9 if name in ("retry_after", "attempts", "status") else "no"})
        assert other != error, name
    assert made(crossbook.NotFoundError) != made(crossbook.AuthError)
    assert made(CrossbookError) != ValueError("it went wrong")
    assert len({made(CrossbookError), made(CrossbookError), made(crossbook.NotFoundError)}) == 2


def test_some_errors_extend_builtin_errors() -> None:
    assert issubclass(crossbook.InvalidInputError, ValueError)
    assert issubclass(crossbook.UsageError, RuntimeError)
    assert issubclass(crossbook.ResponseTooLargeError, crossbook.InvalidResponseError)


def test_note_does_not_change_equality() -> None:
    error = made(CrossbookError)
    error.add_note("while importing")
    assert error == made(CrossbookError)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (119.5, "119.5 s"), (120, "2.0 minutes"), (7199, "120.0 minutes"), (7200, "2.0 hours"),
        (172800, "2.0 days"), (1e9, "31.7 years"),
    ],
)  # fmt: skip
def test_retry_after_is_shown_in_readable_units(seconds: float, text: str) -> None:
    assert str(RateLimitError("wait", retry_after=seconds)) == f"wait (retry after {text})"
