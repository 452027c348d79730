"""Encode and decode cursors. Cursors of the vendors' lists are tested by the contract."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook import InvalidInputError
from crossbook._pagination import cursor

POSITIONS = st.recursive(
    st.integers(0, 2**53) | st.text(max_size=20), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=4
)
MINE = cursor.hash_filters("vercom", "contacts", "all")
OTHER = cursor.hash_filters("vercom", "contacts", "friends")


@given(POSITIONS)
def test_position_round_trip(position: Any) -> None:
    written = cursor.encode(position, MINE)
    assert written.isascii()
    assert written.isprintable()
    assert not set(written) & set(" =+/&?#%")
    assert cursor.decode(written, MINE) == position
    with pytest.raises(InvalidInputError):
        cursor.decode(written, OTHER)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_=-]{0,30}", fullmatch=True))
def test_invalid_cursor_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        cursor.decode(text, MINE)
    assert caught.value.field == "after"
    assert len(text) < 3 or text not in str(caught.value)


def test_filters_hash_stable_and_short() -> None:
    assert cursor.hash_filters("vercom", "contacts", "all") == MINE
    assert MINE != OTHER
    assert len(MINE) <= 4, "too short to find again what was filtered by"
