"""Personal data and secrets are masked in texts."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook import _redaction

PHONES = st.from_regex(r"\+?[1-9][0-9]{5,14}", fullmatch=True)
EMAILS = st.from_regex(r"[a-z][a-z0-9.+-]{2,20}@[a-z]{2,10}\.(com|org)", fullmatch=True)
WORDS = st.text(alphabet="abc xyz:,.'\"()<>", max_size=20)


def test_mask_keeps_enough_to_recognise() -> None:
    assert _redaction.mask_phone("+48500600700") == "+48******00"
    assert _redaction.mask_phone("12345") == "*****"
    assert _redaction.mask_email("anna@example.com") == "a***@e***"


@given(before=WORDS, phone=PHONES, after=WORDS)
def test_mask_text_hides_numbers(before: str, phone: str, after: str) -> None:
    digits = re.sub(r"\D", "", phone)
    for spelling in (phone, " ".join(phone), "-".join((phone[:5], phone[5:]))):
        shown = _redaction.mask_text(f"{before} {spelling} {after}")
        assert digits not in re.sub(r"\D", "", shown)


@given(before=WORDS, email=EMAILS, after=WORDS)
def test_mask_text_hides_addresses(before: str, email: str, after: str) -> None:
    for spelling in (email, email.upper(), email.replace("@", "@@"), f"<{email}>", f"'{email}'"):
        shown = _redaction.mask_text(f"{before} {spelling} {after}")
        assert email.lower() not in shown.lower()
        assert email.partition("@")[2].lower() not in shown.lower()


@pytest.mark.parametrize("secret", ["kowalska.kowalska@example.com", "<kowalska@example.com>", "+48 500 600 700"])
@pytest.mark.parametrize("before", ["no " * 100, "?q=" + "x" * 1190, "?q=" + "x" * 1150 + " and then "])
def test_mask_text_hides_cut_values(before: str, secret: str) -> None:
    """It holds for every position of the cut, and any number of masks before it."""
    for place in range(60):
        shown = _redaction.mask_text(f"{before[: len(before) - place]} {secret} and more of it{' and more' * 200}")
        assert not re.search(r"kowal|owalska|\+48 5|500|600", shown), shown
        assert len(shown) <= _redaction.MESSAGE_LENGTH + 1


@pytest.mark.parametrize(
    "plain",
    ["", "Incorrect login or password", "Parameter 'email' is not valid", "status 404", "limit 1000", "E-0-004"],
)
def test_mask_text_keeps_words_and_short_numbers(plain: str) -> None:
    assert _redaction.mask_text(plain) == plain


@pytest.mark.parametrize("id", ["req-17", "426614174000a", "123e4567-e89b-12d3-a456-426614174000"])
def test_mask_id_shows_ids(id: str) -> None:
    """A UUID may have as many digits in a row as a phone."""
    assert _redaction.mask_id(id) == (id if id != "426614174000a" else "***")


@given(st.text(max_size=5000))
def test_mask_text_is_short_and_one_line(text: str) -> None:
    shown = _redaction.mask_text(text)
    assert len(shown) <= _redaction.MESSAGE_LENGTH + 1
    assert not re.search(r"[\x00-\x1f\x7f]", shown)


def test_secret_has_no_telling_repr() -> None:
    secret = _redaction.Secret("fake-token")
    assert secret.reveal() == "fake-token"
    assert "fake-token" not in f"{secret!r}{secret!s}{secret}"
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000, "%4" * 150_000, "1" * 300_000, "+" * 300_000, "12345" + "-" * 300_000,
        "12345" + "%20" * 100_000, "12345x" * 50_000, "1 " * 150_000, "a@" * 150_000, "?" * 300_000,
    ],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_find_identifiers_is_linear(text: str) -> None:
    """A quadratic search would need many minutes for this length."""
    assert len(_redaction.find_identifiers(text)) < 1_000_000


def test_find_identifiers_finds_phones_and_addresses_only() -> None:
    said = "Anna anna@example.com, b%40example.com; +48 500 600 700 and 500600701, anna@example.com, 12345, 1%20%202345"
    assert _redaction.find_identifiers(said) == "a***@e***, b***@***, +48******00, 500******01"


@pytest.mark.parametrize(
    "between",
    [
        "\u2011",
        "\u2013",
        "\u200b",
        "\u2212",
        "\xa0",
        ",",
        "%2D",
        "%20",
        "%252D",
        "%25252d",
        "%E2%80%93",
        "%C2%A0",
        ".%20",
    ],
)
def test_mask_text_hides_spaced_numbers(between: str) -> None:
    number = between.join(("48", "500", "600", "733"))
    assert _redaction.mask_text(f"no {number}, {number}!") == "no {0}, {0}!".format(_redaction.mask_phone(number))
    assert _redaction.find_identifiers(f"no {number}!") == _redaction.mask_phone(number)
    cut = _redaction.mask_text("?q=" + "x" * 1170 + f" {number * 5}")
    assert "500" not in cut


@pytest.mark.parametrize(
    "text", ["%25" * 100_000, "1%" + "25" * 150_000, "1,2" * 100_000, "1\u200b" * 150_000, "1," * 9]
)
def test_mask_text_of_odd_numbers_is_linear(text: str) -> None:
    assert len(_redaction.find_identifiers(text)) < 1_000_000
    assert len(_redaction.mask_text(text)) <= _redaction.MESSAGE_LENGTH + 1


@pytest.mark.parametrize(
    "spelling", ["kowalska\uff20example.com", "kowalska%2540example.com", "kowalska%252540example.com"]
)
def test_mask_text_hides_address_with_odd_at(spelling: str) -> None:
    assert _redaction.mask_text(f"no {spelling}, no") == "no k***@***, no"


@pytest.mark.parametrize("spelling", ["kowalska%40example.com", "%40kowalska", "kowalska%40", "a%40b%40kowalska"])
def test_mask_text_hides_percent_encoded_address(spelling: str) -> None:
    shown = _redaction.mask_text(f"no such address: {spelling}, is it?")
    assert "kowalska" not in shown
    assert "example" not in shown
    assert "***@" in shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("call 500%20600%2B700%20, or 12345%20", "call 500******00%20, or 12345%20"),
        ("+500-600 (x)", "+50******00 (x)"),
        ("12345 x 123456 x", "12345 x 123******56 x"),
        ("GET /a?phone=Anna failed", "GET /a?*** failed"),
        ("is it a?b or c=d", "is it a?b or c=d"),
        ("why? a=b", "why? a=b"),
        ("'/a?b?c=Anna'", "'/a?***'"),
        ("a=b?c", "a=b?c"),
    ],
)
def test_mask_text_hides_numbers_and_queries(said: str, shown: str) -> None:
    assert _redaction.mask_text(said) == shown
