"""Numbers in normal form, as keys, and as vendors may have stored them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook import _phones

TEXTS = st.text(alphabet="+0123456789 -()abc", max_size=20) | st.text(max_size=20)
REGIONS = st.sampled_from(["PL", "AU", None])


@pytest.mark.parametrize(
    ("text", "region", "normal"),
    [
        ("500600700", "PL", "+48500600700"),
        ("500-600-700", "PL", "+48500600700"),
        ("48500600700", "PL", "+48500600700"),
        ("0048 500 600 700", "PL", "+48500600700"),
        ("+48500600700", "AU", "+48500600700"),
        ("+48 500 600 700", None, "+48500600700"),
        ("0491 570 006", "AU", "+61491570006"),
        ("61491570006", "AU", "+61491570006"),
        ("(02) 5550 1030", "AU", "+61255501030"),
        ("1234567890", "AU", "1234567890"),  # possible, but not valid
        ("0491 570 006", None, "0491 570 006"),  # of an unknown country
        ("0491 570 006", "PL", "0491 570 006"),
        ("500600700 ext. 5", "PL", "500600700 ext. 5"),
        ("500600", "PL", "500600"),
        ("reception", "AU", "reception"),
        ("", "PL", ""),
    ],
)
def test_normal_form(text: str, region: str | None, normal: str) -> None:
    assert _phones.normalize(text, region) == normal
    assert _phones.match_key(text, region) == (normal if normal[:1] == "+" else None)


@given(TEXTS, REGIONS)
def test_normal_form_is_stable_and_key_is_e164(text: str, region: str | None) -> None:
    normal = _phones.normalize(text, region)
    assert _phones.normalize(normal, region) == normal
    key = _phones.match_key(text, region)
    assert key is None or (key == normal and key[0] == "+" and key[1:].isascii() and key[1:].isdigit())


def test_empty_phone_has_no_key() -> None:
    assert _phones.match_key(None, "PL") is None


@pytest.mark.parametrize(
    ("number", "spellings"),
    [
        ("+48500600700", ["+48500600700", "48500600700", "500600700"]),
        ("+61491570006", ["+61491570006", "61491570006", "0491570006"]),
        ("+9991234567", ["+9991234567", "9991234567"]),  # of no country
    ],
)
def test_spellings(number: str, spellings: list[str]) -> None:
    assert _phones.list_spellings(number) == spellings


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_any_key_can_be_spelled(number: str) -> None:
    found = _phones.list_spellings(number)
    assert found[0] == number
    assert all(each and len(each) < 40 for each in found)
