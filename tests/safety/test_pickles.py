"""Objects with credentials cannot be pickled; errors and contacts can, and are equal afterwards."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import canaries
import pytest
from fakes import VENDORS, FakeTransport, book_over
from sinks import unpicklable

import crossbook
from crossbook._http.request import Credentials
from crossbook._redaction import Secret

ERRORS = [getattr(crossbook, name) for name in crossbook.__all__ if isinstance(getattr(crossbook, name), type)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_book_and_its_credentials_cannot_be_pickled(vendor: str) -> None:
    book = book_over(vendor, FakeTransport())
    session: Any = book._session
    assert unpicklable(book)
    for inside in (book.contacts, book.groups, book.wire, session, session.auth):  # type: ignore[attr-defined]
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            pickle.dumps(inside)


@pytest.mark.parametrize("credential", [Secret(canaries.SECRETS[0]), Credentials(query=canaries.SECRETS[0])])
def test_a_credential_cannot_be_pickled(credential: object) -> None:
    assert unpicklable(credential)


@pytest.mark.parametrize("kind", [kind for kind in ERRORS if issubclass(kind, crossbook.CrossbookError)])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_come_back_equal(kind: type[crossbook.CrossbookError], protocol: int) -> None:
    facts: dict[str, Any] = {"candidates": ("1", "2")} if kind is crossbook.AmbiguousMatchError else {}
    error = kind(
        "no", vendor="atom", operation="createContact", status=429, code="1", field="phone", request_id="7",
        retry_after=1.5, sent="maybe", cause="ReadError", id="5", cursor="abc", attempts=3, **facts,
    )  # fmt: skip
    for back in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert back == error
        assert (type(back), str(back), back.args, vars(back)) == (kind, str(error), error.args, vars(error))
