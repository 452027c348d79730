"""Whether a connection may be kept, where the library below names its parts otherwise."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from crossbook._transports.connections import said_more

NOTHING_MORE = SimpleNamespace(trailing_data=(b"", False))


@pytest.mark.parametrize("secure", [False, True])
def test_said_more_without_the_parser(secure: bool) -> None:
    assert said_more(SimpleNamespace(), secure=secure)


def test_said_more_without_the_stream() -> None:
    connection = SimpleNamespace(_h11_state=NOTHING_MORE)
    assert said_more(connection, secure=True)
    assert not said_more(connection, secure=False)
