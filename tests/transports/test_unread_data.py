"""A connection is not kept if the library lacks the attributes that we check."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from crossbook._transports.connections import has_unread_data

NOTHING_MORE = SimpleNamespace(trailing_data=(b"", False))


@pytest.mark.parametrize("secure", [False, True])
def test_unread_data_without_parser_attribute(secure: bool) -> None:
    assert has_unread_data(SimpleNamespace(), secure=secure)


def test_unread_data_without_stream_attribute() -> None:
    connection = SimpleNamespace(_h11_state=NOTHING_MORE)
    assert has_unread_data(connection, secure=True)
    assert not has_unread_data(connection, secure=False)
