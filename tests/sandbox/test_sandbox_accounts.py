"""Several accounts of one vendor in one process: their credentials choose the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from crossbook_sandbox import Running, create_app, running

Credentials = dict[str, str]
VENDORS = ("serwersms", "atom", "filemail", "vercom")


def create_group(client: httpx.Client, vendor: str, given: Credentials, name: str = "Friends") -> httpx.Response:
    """Create a group with raw requests, in the account of these credentials."""
    if vendor == "serwersms":
        login = {"username": given["username"], "password": given["password"]}
        return client.post("/serwersms/groups/add", data={**login, "name": name})
    if vendor == "atom":
        headers = {"Authorization": f"Bearer {given['token']}"}
        return client.post("/atom/api/address-book/new", json={"name": name}, headers=headers)
    if vendor == "filemail":
        login = {"username": given["username"], "password": given["password"]}
        token = client.get("/filemail/api/authentication/login", params=login).json().get("logintoken", "")
        return client.get("/filemail/api/contacts/group/add", params={"logintoken": token, "name": name})
    headers = {"Authorization": given["authorization"], "Application-Key": given["application_key"]}
    return client.post("/vercom/v2.1/group", json=[{"name": name, "externalId": name}], headers=headers)


def count_groups(control: httpx.Client, vendor: str) -> tuple[int, int]:
    state = control.get("/state").raise_for_status().json()
    return state["vendors"][vendor]["groups"], state["accounts"]["eu"]["groups"]


@pytest.fixture
def add(control: httpx.Client) -> Callable[..., Credentials]:
    def added(vendor: str, account: str = "eu") -> Credentials:
        answer = control.post("/accounts", json={"vendor": vendor, "account": account}).raise_for_status().json()
        assert answer["vendor"] == vendor
        credentials: Credentials = answer["credentials"]
        return credentials

    return added


@pytest.mark.parametrize("vendor", VENDORS)
def test_credentials_choose_account(
    vendor: str, sandbox: Running, control: httpx.Client, add: Callable[..., Credentials]
) -> None:
    given, first = add(vendor), sandbox.credentials[vendor]
    assert not {value for name, value in given.items() if name != "brand"} & set(first.values())
    assert len(given.get("authorization", "")) == len(first.get("authorization", ""))
    before = count_groups(control, vendor)
    with httpx.Client(base_url=sandbox.url, timeout=60) as client:
        assert create_group(client, vendor, given).is_success
        assert count_groups(control, vendor) == (before[0], before[1] + 1)
        for _ in range(2):
            assert create_group(client, vendor, first).is_success
        assert count_groups(control, vendor) == (before[0] + 2, before[1] + 1)


@pytest.mark.parametrize("vendor", VENDORS)
def test_password_of_other_account_refused(
    vendor: str, sandbox: Running, control: httpx.Client, add: Callable[..., Credentials]
) -> None:
    given, first = add(vendor), sandbox.credentials[vendor]
    secret = {"serwersms": "password", "filemail": "password", "atom": "token", "vercom": "application_key"}[vendor]
    mixed = {**given, secret: first[secret] if vendor != "atom" else "no-such-token"}
    before = count_groups(control, vendor)
    with httpx.Client(base_url=sandbox.url, timeout=60) as client:
        answer = create_group(client, vendor, mixed)
    assert "error" in answer.text
    assert count_groups(control, vendor) == before


def test_bearer_token_chooses_account(sandbox: Running, control: httpx.Client, add: Callable[..., Credentials]) -> None:
    headers = {"Authorization": f"Bearer {add('serwersms')['token']}"}
    for body in (b'{"name": "Friends"}', b"{"):
        media_type = {"Content-Type": "application/json"}
        httpx.post(f"{sandbox.url}/serwersms/groups/add", content=body, headers=headers | media_type, timeout=60)
    httpx.post(f"{sandbox.url}/serwersms/groups/add", content=b"{", headers=media_type, timeout=60)
    assert count_groups(control, "serwersms") == (0, 1)


def test_accounts_have_own_calls_and_credentials(
    sandbox: Running, control: httpx.Client, add: Callable[..., Credentials]
) -> None:
    given = add("atom")
    assert add("atom") == given
    control.post("/credentials", json={"account": "eu", "token": "renewed"}).raise_for_status()
    assert control.get("/accounts").json() == {"eu": {"vendor": "atom", "credentials": {"token": "renewed"}}}
    with httpx.Client(base_url=sandbox.url, timeout=60) as client:
        assert create_group(client, "atom", given).status_code == 403
        assert create_group(client, "atom", {"token": "renewed"}).is_success
    state = control.get("/state").json()
    assert state["accounts"]["eu"]["operations"]["createAddressBook"]["statuses"] == {"200": 1}
    assert state["vendors"]["atom"]["operations"]["createAddressBook"]["statuses"] == {"403": 1}
    control.post("/reset", json={"account": "eu"}).raise_for_status()
    assert control.get("/accounts").json()["eu"]["credentials"] == given
    assert control.get("/state").json()["accounts"]["eu"] == {
        "vendor": "atom", "contacts": 0, "groups": 0, "operations": {},
    }  # fmt: skip
    control.post("/reset").raise_for_status()
    assert control.get("/accounts").json() == {}


def test_mark_of_further_account(sandbox: Running, control: httpx.Client, add: Callable[..., Credentials]) -> None:
    given = add("vercom")
    headers = {"Authorization": given["authorization"], "Application-Key": given["application_key"]}
    with httpx.Client(base_url=f"{sandbox.url}/vercom/v2.1", headers=headers, timeout=60) as client:
        made = client.post("/contact", json=[{"email": "anna@example.com"}]).json()
        mark: dict[str, Any] = {"id": int(made["data"][0]["id"]), "opted_out": ["sms"]}
        assert control.post("/mark", json={"vendor": "vercom", **mark}).status_code == 400
        control.post("/mark", json={"account": "eu", **mark}).raise_for_status()
        assert client.get("/contact", params={"isUnsubscribeSms": "true"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/accounts", {"vendor": "atom"}, "account must be a name"),
        ("/accounts", {"vendor": "nobody", "account": "eu"}, "vendor must be one of"),
        ("/accounts", {"vendor": "atom", "account": "EU"}, "small letters, digits and dashes"),
        ("/accounts", {"vendor": "atom", "account": "vercom"}, "no name of a vendor"),
        ("/accounts", {"vendor": "atom", "account": "eu", "colour": "red"}, "unknown settings: colour"),
        ("/reset", {"account": "eu"}, "account must be the name of a further account"),
        ("/mark", {"account": ["eu"]}, "account must be the name of a further account"),
    ],
)
def test_invalid_account_refused(control: httpx.Client, path: str, body: dict[str, object], said: str) -> None:
    answer = control.post(path, json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_account_name_of_other_vendor_refused(control: httpx.Client, add: Callable[..., Credentials]) -> None:
    add("atom")
    answer = control.post("/accounts", json={"vendor": "vercom", "account": "eu"})
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "the account 'eu' is one of atom: take another name",
    )


def test_running_with_accounts() -> None:
    with running(accounts={"eu": "vercom", "us-east": "filemail"}) as sandbox, httpx.Client(timeout=60) as client:
        assert sandbox.base_urls["eu"] == sandbox.base_urls["vercom"]
        assert sandbox.env["CROSSBOOK_EU_VENDOR"] == "vercom"
        assert sandbox.env["CROSSBOOK_US_EAST_PASSWORD"] == sandbox.credentials["us-east"]["password"]
        client.base_url = httpx.URL(sandbox.url)
        assert create_group(client, "vercom", sandbox.credentials["eu"]).is_success
        assert create_group(client, "filemail", sandbox.credentials["us-east"]).json()["responsestatus"] == "OK"


def test_running_refuses_invalid_account() -> None:
    with pytest.raises(ValueError, match="cannot be the name of an account"), running(accounts={"EU": "atom"}):
        pass


def test_unknown_account_key_refused() -> None:
    with pytest.raises(ValueError, match="there is no account 'eu'"):
        create_app().state.sandbox.find("eu")
