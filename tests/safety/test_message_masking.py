"""A vendor's message that quotes the request is masked, in every spelling."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

import canaries
import pytest
from crossbook_wire.http import Request

from crossbook._redaction import mask_request_values, mask_secrets, mask_values

BODY = {"contacts": [{"firstName": canaries.FIRST, "externalData": {"a": [canaries.NOTE]}}], "lastName": canaries.LAST}
REQUEST = Request("createContact", "POST", "/", urlencode({"q": canaries.COMPANY}), json.dumps(BODY).encode())


@pytest.mark.parametrize("value", [canaries.FIRST, canaries.LAST, canaries.NOTE, canaries.COMPANY, *canaries.SECRETS])
def test_each_spelling_of_a_value_is_masked(value: str) -> None:
    for said in (value, json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value), urlencode({"v": value})):
        shown = mask_request_values(f"no: {said}, really", REQUEST, canaries.SECRETS)
        assert "***" in shown
        assert canaries.Detector().hits(shown) == set()


def test_harmless_text_stays() -> None:
    request = Request(
        "updateContact", "PUT", "/", "limit=100&id=7", b'[{"id": 7, "data": {"sort": "asc", "on": true}}]'
    )
    said = "id 7: limit must be at most 100 (asc or desc), see the manual"
    assert (
        mask_request_values(said, request, ("pw",)) == "id 7: limit must be at most 100 (asc or desc), see the manual"
    )


def test_longer_value_is_masked_first() -> None:
    request = Request("createContact", "GET", "/", urlencode({"name": "Anna", "whole": "Anna Example"}))
    assert mask_request_values("not Anna Example", request, ()) == "not ***"


def test_value_longer_than_the_message_is_masked() -> None:
    """A vendor quotes a note that it refuses as too long."""
    request = Request("createContact", "POST", "/", body=json.dumps({"note": canaries.NOTE * 500}).encode())
    assert mask_request_values(f"too long: {canaries.NOTE * 500}!", request, ()) == "too long: ***!"
    for times in range(1, 4):
        said = f"no: {canaries.NOTE * 500}" * times + canaries.NOTE * 499
        assert canaries.NOTE not in mask_request_values(said, request, ())


def test_value_among_a_thousand_contacts_is_masked() -> None:
    rows = [{"firstName": f"person {number}", "note": "n" * 200} for number in range(1000)]
    rows[500]["lastName"] = canaries.LAST
    for more in (1, 5):  # five times as many are too many to search: then the whole message is masked
        request = Request("createContacts", "POST", "/", body=json.dumps(rows * more).encode())
        assert canaries.LAST not in mask_request_values(f"{canaries.LAST} is no name", request, ())


def test_endless_message_is_masked_fast() -> None:
    rows = [{"name": f"person {number}"} for number in range(2000)]
    request = Request("createContacts", "POST", "/", body=json.dumps(rows).encode())
    began = time.process_time()  # CPU time, whatever else the machine does
    mask_request_values("person 1 " * 1_000_000, request, ())
    assert time.process_time() - began < 2


@pytest.mark.parametrize("secret", canaries.SECRETS)
def test_mask_secrets_hides_each_spelling(secret: str) -> None:
    said = {"errors": [{"message": f"no: {secret}", "n": 1.5, "on": None}], secret: [True, urlencode({"v": secret})]}
    for body in (json.dumps(said), json.dumps(said, ensure_ascii=False), json.dumps(said).replace("/", "\\/")):
        shown = mask_secrets(body.encode(), (secret,))
        assert json.loads(shown)["errors"] == [{"message": "no: ***", "n": 1.5, "on": None}]
        assert json.loads(shown)[secret] == [True, "v=***"]


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":"\xff"}', b"[" * 100_000])
def test_mask_secrets_keeps_a_body_without_json(body: bytes) -> None:
    assert mask_secrets(body, ("secret",)) == body


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'"text"', b"1"])
def test_request_without_values_masks_nothing(body: bytes) -> None:
    assert mask_request_values("plain", Request("listContacts", "POST", "/", body=body), ()) == "plain"


@pytest.mark.parametrize("said", ["+48500600700", "48500600700", "500600700"])
@pytest.mark.parametrize("sent", ["+48500600700", "+48 500 600 700", "48500600700"])
def test_mask_values_finds_phone_in_other_spelling(sent: str, said: str) -> None:
    assert mask_values(f"a{said}b", [sent]) in ("a***b", "a+***b")
    assert mask_values(said, [sent]) in ("***", "+***")


@pytest.mark.parametrize(
    ("sent", "said", "shown"),
    [
        ("Anna", "no Anna", "no ***"),
        ("Ola", "no Ola", "no Ola"),
        ("500 600 700", "no 500600700", "no ***"),
        (f"+48{' ' * 13}500600700", "500600700", "***"),
    ],
    ids=["four letters", "three letters", "national phone", "phone longer than the text"],
)
def test_mask_values_at_its_bounds(sent: str, said: str, shown: str) -> None:
    assert mask_values(said, [sent]) == shown
