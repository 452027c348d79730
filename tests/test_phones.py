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


@pytest.mark.parametrize(
    ("text", "region", "normal"),
    [
        # A spreadsheet or a data frame made a decimal number of it.
        ("3012345678.0", "DE", "+493012345678"),
        ("48500600700.00", "PL", "+48500600700"),
        ("500600700,0", "PL", "+48500600700"),
        ("+48500600700.0", "DE", "+48500600700"),
        ("500600700.", "PL", "+48500600700"),
        ("3.012345678E9", "DE", "+493012345678"),
        ("3,012345678E+09", "DE", "+493012345678"),
        ("4.8500600724e10", "PL", "+48500600724"),
        ("48500600724E0", "PL", "+48500600724"),
        ("48,500,600,700", "PL", "+48500600700"),
        ("48.500.600.700", "PL", "+48500600700"),
        # A trunk prefix after the country code, or in a country that has none any more.
        ("+480501234567", None, "+48501234567"),
        ("+48 (0) 500 600 700", None, "+48500600700"),
        ("+48(0)500600700", "AU", "+48500600700"),
        ("0500600700", "PL", "+48500600700"),
        ("0 (22) 123 45 67", "PL", "+48221234567"),
        ("+49 (0)30 123456", None, "+4930123456"),
        ("+4402079460018", "PL", "+442079460018"),
        ("+7 8 912 345 67 89", None, "+79123456789"),
        ("+789123456789", None, "+79123456789"),
        ("8 912 345 67 89", "RU", "+79123456789"),
        ("+3606201234567", None, "+36201234567"),
        ("06 20 123 4567", "HU", "+36201234567"),
        ("+1 1 650 253 0000", None, "+16502530000"),
        ("+5215512345678", None, "+525512345678"),
        # Italy's zero is a part of the number.
        ("+390612345678", None, "+390612345678"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("+39 (0)6 12345678", None, "+390612345678"),
        ("+39 (0) 333 1234567", None, "+393331234567"),
        # Ways to write the country code.
        ("00 48 500 600 700", None, "+48500600700"),
        ("0048500600700", "AU", "+48500600700"),
        ("(0048) 500600700", "AU", "+48500600700"),
        ("+00 48 500 600 700", "PL", "+48500600700"),
        ("(+48) 500 600 700", "DE", "+48500600700"),
        ("+(48) 500600700", None, "+48500600700"),
        # German mobile numbers in digits, which libphonenumber reads as numbers in the area 491 (Leer).
        ("4915123020522", "DE", "+4915123020522"),
        ("491701234567", "DE", "+491701234567"),
        ("49 151 23020522", "DE", "+4915123020522"),
        ("4.915123020522E12", "DE", "+4915123020522"),
        ("0491 512302", "DE", "+49491512302"),
        ("491512302", "DE", "+49491512302"),
        ("4930123456", "DE", "+4930123456"),
        ("393331234567", "IT", "+393331234567"),
        # Italian landlines, whose 0 is a part of the number. libphonenumber reads the first as a mobile number, 390 …
        ("3906123456", "IT", "+3906123456"),
        ("39 02 12345678", "IT", "+390212345678"),
        ("3911234567", "IT", "+393911234567"),
        # Signs that are not seen, or are not ASCII.
        ("500\u2009600\u202f700", "PL", "+48500600700"),
        ("500\u00a0600\u00a0700", "PL", "+48500600700"),
        ("\u202a+48 500\u200b600700\u202c", "PL", "+48500600700"),
        ("+48 500\u2013600\u2212700\ufeff", "PL", "+48500600700"),
        ("５００６００７００", "PL", "+48500600700"),
        ("＋４８　５００６００７００", None, "+48500600700"),
        ("٥٠٠٦٠٠٧٠٠", "PL", "+48500600700"),
        ("'500600700", "PL", "+48500600700"),
        ("’+48500600700", "AU", "+48500600700"),
        ("Tel. 500 600 700", "PL", "+48500600700"),
        ("500/600/700", "PL", "+48500600700"),
        ("030/123456", "DE", "+4930123456"),
        ("06/12/34/56/78", "FR", "+33612345678"),
    ],
)
def test_odd_spellings_are_read(text: str, region: str | None, normal: str) -> None:
    assert _phones.normalize(text, region) == normal
    assert _phones.match_key(text, region) == normal


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("4.85006e+10", "PL"),  # digits are lost
        ("3.0123E9", "DE"),
        ("3E9", "DE"),
        ("3012345678.5", "DE"),
        ("3.012345678", "DE"),
        ("030 1234567 Anna", "DE"),  # libphonenumber reads letters as the digits of a keypad
        ("030 1234567/68", "DE"),
        ("030 12345, 030 12346", "DE"),
        ("0301234567;68", "DE"),
        ("+48500600700 +48500600701", "PL"),
        ("500600700²", "PL"),
        ("5006007oo", "PL"),
        ("22 123 45 67 w. 12", "PL"),
        ("301 23 45", "PL"),
        ("+48 301 23 45", None),
        ("3012345", "PL"),
        ("12 191 23", "PL"),
        ("641234", "PL"),
    ],
)
def test_no_number_is_guessed(text: str, region: str | None) -> None:
    """These have no match key, in no release of phonenumbers: a key that comes and goes would double contacts."""
    assert _phones.normalize(text, region) == text
    assert _phones.match_key(text, region) is None


def test_invalid_e164_is_unchanged() -> None:
    """Vendors hold such numbers, also of ranges that are newer than libphonenumber's data."""
    for number in ("+483012345", "+9991234567", "+480999999999", "+390333123456", "+4815"):
        assert _phones.normalize(number, "PL") == number


def test_numbers_of_every_country_are_keys() -> None:
    """The shortest usual length of a country's numbers excludes no usual number."""
    import phonenumbers

    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                key = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                for form in (0, 1, 2, 3):
                    assert _phones.match_key(phonenumbers.format_number(number, form), region) == key


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
