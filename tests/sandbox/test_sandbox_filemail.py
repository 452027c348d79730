"""Filemail, as its pages say it speaks."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from crossbook_sandbox import Running

Json = dict[str, Any]


def call(client: httpx.Client, path: str, **parameters: str) -> Json:
    answer = client.get(path, params={**client.params, **parameters})
    assert answer.status_code == 200
    body: Json = answer.json()
    return body


def new_contact(client: httpx.Client, name: str = "Anna Sample") -> str:
    contact_id: str = call(client, "/contacts/add", name=name, email="anna@example.com")["contact"]["contactid"]
    return contact_id


def new_group(client: httpx.Client, name: str = "Coworkers") -> str:
    group_id: str = call(client, "/contacts/group/add", name=name)["Groups"][0]["contactgroupid"]
    return group_id


def test_empty_list_key_has_capital(filemail: httpx.Client) -> None:
    assert call(filemail, "/contacts/get") == {"Contacts": [], "responsestatus": "OK"}


def test_contact_lifecycle(filemail: httpx.Client) -> None:
    added = call(filemail, "/contacts/add", name="Łucja Próbka", email="lucja@example.com", mobile="+48500600700")
    contact_id = added["contact"]["contactid"]
    assert added["contact"] == {"contactid": contact_id, "name": "Łucja Próbka", "email": "lucja@example.com"}
    assert isinstance(contact_id, str)
    assert call(filemail, "/contacts/update", contactid=contact_id, name="Łucja") == {"responsestatus": "OK"}
    for name in ("name", "email"):
        refused = call(filemail, "/contacts/update", contactid=contact_id, **{name: ""})
        assert (refused["errorcode"], refused["errormessage"]) == (1002, f"Parameter '{name}' is empty")
    shown: Json = {"contactid": contact_id, "name": "Łucja", "email": "lucja@example.com", "groups": []}
    assert call(filemail, "/contacts/get") == {"contacts": [shown], "responsestatus": "OK"}
    assert call(filemail, "/contacts/delete", contactid=contact_id) == {"responsestatus": "OK"}
    assert call(filemail, "/contacts/delete", contactid=contact_id)["errormessage"] == "Contact not found"


def test_id_is_text(filemail: httpx.Client) -> None:
    added = call(filemail, "/contacts/add", name="Anna", email="anna@example.com")
    contact_id = added["contact"]["contactid"]
    assert call(filemail, "/contacts/delete", contactid=f"0{contact_id}")["errormessage"] == "Contact not found"
    assert call(filemail, "/contacts/delete", contactid=contact_id)["responsestatus"] == "OK"


def test_groups_and_members(filemail: httpx.Client) -> None:
    assert call(filemail, "/contacts/group/get") == {"status": "OK", "groups": []}
    added = call(filemail, "/contacts/group/add", name="Coworkers")
    group_id = added["Groups"][0]["contactgroupid"]
    assert re.fullmatch("[0-9a-f]{32}", group_id)
    assert added == {
        "responsestatus": "OK",
        "Groups": [{"contactgroupid": group_id, "contactgroupname": "Coworkers"}],
    }
    call(filemail, "/contacts/group/update", contactgroupid=group_id, name="Friends")
    contact_id = new_contact(filemail)
    member = {"contactgroupid": group_id, "contactid": contact_id}
    assert call(filemail, "/contacts/addtogroup", **member) == {"responsestatus": "OK"}
    assert call(filemail, "/contacts/get")["contacts"][0]["groups"] == [{"contactgroupid": group_id, "name": "Friends"}]
    assert call(filemail, "/contacts/removefromgroup", **member) == {"responsestatus": "OK"}
    assert call(filemail, "/contacts/get")["contacts"][0]["groups"] == []
    call(filemail, "/contacts/addtogroup", **member)
    assert call(filemail, "/contacts/group/delete", contactgroupid=group_id) == {"responsestatus": "OK"}
    assert [contact["groups"] for contact in call(filemail, "/contacts/get")["contacts"]] == [[]]


@pytest.mark.parametrize(
    ("path", "parameters", "code", "message"),
    [
        ("/contacts/add", {"email": "a@example.com"}, 1003, 'Required parameter missing: "name"'),
        ("/contacts/add", {"name": "A"}, 1003, 'Required parameter missing: "email"'),
        ("/contacts/add", {"name": "A", "email": "a-example.com"}, 1004, "not a valid e-mail address: a-example.com"),
        ("/contacts/update", {"name": "A"}, 1003, "contactid"),
        ("/contacts/update", {"contactid": "jd893jr8g93hf39th"}, 1002, "Contact not found"),
        ("/contacts/delete", {"contactid": "9" * 40}, 1002, "Contact not found"),
        ("/contacts/group/add", {"name": ""}, 1003, "name"),
        ("/contacts/group/update", {"contactgroupid": "0" * 32, "name": "A"}, 1002, "not found"),
        ("/contacts/group/delete", {}, 1003, "contactgroupid"),
        ("/contacts/addtogroup", {"contactgroupid": "0" * 32, "contactid": "1"}, 1002, "not found"),
    ],
)
def test_invalid_requests_are_refused(
    filemail: httpx.Client, path: str, parameters: dict[str, str], code: int, message: str
) -> None:
    body = call(filemail, path, **parameters)
    assert body["errorcode"] == code
    assert message in body["errormessage"]
    assert body["method"] == f"/api{path}"
    names = {1002: "InvalidParameter", 1003: "InputParameterMissing", 1004: "InvalidEmail"}
    assert body["responsestatus"] == names[code]


def test_parameters_in_form_and_headers(filemail: httpx.Client) -> None:
    token = filemail.params["logintoken"]
    filemail.params = httpx.QueryParams()
    form = {"logintoken": token, "name": "Form", "email": "form@example.com"}
    assert filemail.post("/contacts/add", data=form).json()["responsestatus"] == "OK"
    assert filemail.post("/contacts/add", files={key: (None, text) for key, text in form.items()}).status_code == 200
    headers = {"logintoken": token, "name": "Header", "email": "header@example.com"}
    assert filemail.get("/contacts/add", headers=headers).json()["contact"]["name"] == "Header"
    names = [contact["name"] for contact in filemail.get("/contacts/get", headers=headers).json()["contacts"]]
    assert names == ["Form", "Form", "Header"]
    both = filemail.post("/contacts/add", params={**headers, "name": "Query"}, data=form, headers=headers)
    assert (both.json()["contact"]["name"], both.json()["contact"]["email"]) == ("Query", "header@example.com")


def test_login_returns_token(filemail: httpx.Client, sandbox: Running) -> None:
    account = sandbox.credentials["filemail"]
    login = {"username": account["username"], "password": account["password"], "apikey": account["api_key"]}
    body = httpx.get(f"{sandbox.base_urls['filemail']}/api/authentication/login", params=login, timeout=60).json()
    assert body["responsestatus"] == "ok"
    assert re.fullmatch("[0-9a-f]{32}", body["logintoken"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"password": "wrong"}, 2001), ({"username": ""}, 1003), ({"apikey": "wrong"}, 2008)],
)
def test_bad_logins(sandbox: Running, changes: dict[str, str], code: int) -> None:
    account = sandbox.credentials["filemail"]
    login = {"username": account["username"], "password": account["password"], **changes}
    body = httpx.get(f"{sandbox.base_urls['filemail']}/api/authentication/login", params=login, timeout=60).json()
    assert body["errorcode"] == code


def test_api_key_switch(sandbox: Running, control: httpx.Client) -> None:
    control.post("/options", json={"filemail_api_key_required": True})
    account = sandbox.credentials["filemail"]
    login = {"username": account["username"], "password": account["password"]}
    body = httpx.get(f"{sandbox.base_urls['filemail']}/api/authentication/login", params=login, timeout=60).json()
    assert (body["errorcode"], body["errormessage"]) == (1003, 'Required parameter missing: "apikey"')


@pytest.mark.parametrize(("per_call", "code"), [(True, 1003), (False, None)])
def test_api_key_is_required_in_every_call(
    filemail: httpx.Client, sandbox: Running, control: httpx.Client, per_call: bool, code: int | None
) -> None:
    control.post("/options", json={"filemail_api_key_required": True, "filemail_api_key_per_call": per_call})
    assert call(filemail, "/contacts/get").get("errorcode") == code
    assert call(filemail, "/contacts/get", apikey=sandbox.credentials["filemail"]["api_key"])["responsestatus"] == "OK"
    assert call(filemail, "/contacts/get", apikey="wrong")["errorcode"] == 2008


def test_login_sets_a_cookie_that_must_match_the_token(sandbox: Running) -> None:
    account = sandbox.credentials["filemail"]
    login = {"username": account["username"], "password": account["password"]}
    with httpx.Client(base_url=f"{sandbox.base_urls['filemail']}/api", timeout=60) as client:
        first = call(client, "/authentication/login", **login)["logintoken"]
        assert client.cookies["logintoken"] == first
        assert call(client, "/contacts/get", logintoken=first)["responsestatus"] == "OK"
        second = call(client, "/authentication/login", **login)["logintoken"]
        assert call(client, "/contacts/get", logintoken=second)["responsestatus"] == "OK"
        assert call(client, "/contacts/get", logintoken=first)["errorcode"] == 2003
        client.cookies.clear()
        client.cookies["other"] = "1"
        assert call(client, "/contacts/get", logintoken=first)["responsestatus"] == "OK"


@pytest.mark.parametrize("is_set", [True, False])
def test_login_cookie_switch(sandbox: Running, control: httpx.Client, is_set: bool) -> None:
    """An old client sends the token in the cookie only; no cookie counts if the login sets none."""
    control.post("/options", json={"filemail_login_cookie": is_set})
    account = sandbox.credentials["filemail"]
    login = {"username": account["username"], "password": account["password"]}
    with httpx.Client(base_url=f"{sandbox.base_urls['filemail']}/api", timeout=60) as client:
        token = call(client, "/authentication/login", **login)["logintoken"]
        assert client.cookies.get("logintoken") == (token if is_set else None)
        assert call(client, "/contacts/get").get("errorcode") == (None if is_set else 1003)
        client.cookies.set("logintoken", "0" * 32)
        assert call(client, "/contacts/get", logintoken=token).get("errorcode") == (2003 if is_set else None)


def test_expired_and_missing_tokens(filemail: httpx.Client) -> None:
    token = filemail.params["logintoken"]
    assert call(filemail, "/authentication/logout") == {"responsestatus": "ok", "logintoken": token}
    body = call(filemail, "/contacts/get")
    assert (body["responsestatus"], body["errorcode"]) == ("InvalidOrExpiredLoginToken", 2003)
    filemail.params = httpx.QueryParams()
    filemail.cookies.clear()
    assert call(filemail, "/contacts/get")["errormessage"] == 'Required parameter missing: "logintoken"'


def test_reset_expires_tokens(filemail: httpx.Client, control: httpx.Client) -> None:
    control.post("/reset", json={"vendor": "filemail"}).raise_for_status()
    assert call(filemail, "/contacts/get")["errorcode"] == 2003


def test_token_lifetime_switch(sandbox: Running, control: httpx.Client) -> None:
    control.post("/options", json={"filemail_token_lifetime": 1e-9})
    account = sandbox.credentials["filemail"]
    login = {"username": account["username"], "password": account["password"]}
    with httpx.Client(base_url=f"{sandbox.base_urls['filemail']}/api", timeout=60) as client:
        token = call(client, "/authentication/login", **login)["logintoken"]
        assert call(client, "/contacts/get", logintoken=token)["errorcode"] == 2003


def test_http_errors_switch(filemail: httpx.Client, control: httpx.Client) -> None:
    control.post("/options", json={"filemail_http_errors": True})
    missing = filemail.get("/contacts/delete", params={**filemail.params, "contactid": "1"})
    assert (missing.status_code, missing.json()["errorcode"]) == (404, 1002)
    dead = filemail.get("/contacts/get", params={"logintoken": "0" * 32})
    assert (dead.status_code, dead.json()["errorcode"]) == (500, 2003)


def test_unknown_method_and_path(filemail: httpx.Client) -> None:
    assert filemail.put("/contacts/get").status_code == 405
    answer = filemail.get("/contacts/list")
    assert (answer.status_code, answer.json()["errorcode"]) == (404, 2010)
