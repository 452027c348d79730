"""What Filemail's classic API speaks: parameters in the query, a form or headers, and a login token."""

from __future__ import annotations

import re
from typing import Any

from .raw import ABSENT, ANY, Answer, Api, Exactly, Facts, Json

_KEY = re.compile(r"[0-9a-f]{32}")
_DONE = Exactly({"responsestatus": "OK"})


class Filemail(Api):
    """Requests with the parameters in the query (as the vendor's examples), in a POSTed form, or in headers."""

    vendor = "filemail"
    encodings = ("query", "form", "headers")
    _token = ""

    def call(self, path: str, *, login: bool = True, **parameters: str) -> Answer:
        """Send a call, by default with the token of a login."""
        if login:
            parameters = {"logintoken": self.log_in(), **parameters}
        path = f"/api/{path}"
        if self.encoding == "form":
            return self.send("POST", path, form=parameters)
        if self.encoding == "headers":
            return self.send("GET", path, headers=parameters)
        return self.send("GET", path, query=parameters)

    def log_in(self) -> str:
        """Return the token of this fact's login, without its cookie."""
        if not self._token:
            self._token = str(self.authenticate().body["logintoken"])
            self.client.cookies.clear()
        return self._token

    def authenticate(self, **changes: str) -> Answer:
        """Send the login of the account, with some parameters changed."""
        login = {"username": self.account["username"], "password": self.account["password"], "source": "Desktop"}
        login |= changes
        return self.call("authentication/login", login=False, **login)

    def contact(self, **fields: str) -> str:
        """Create a contact and return its id."""
        contact = {"name": "John Doe", "email": "john@example.com", **fields}
        return str(self.call("contacts/add", login=True, **contact).body["contact"]["contactid"])

    def group(self) -> str:
        """Create a group and return its id."""
        return str(self.call("contacts/group/add", name="Coworkers").body["Groups"][0]["contactgroupid"])


facts = Facts(Filemail)


def _refused(code: int, name: str, message: object = str) -> Json:
    return {"responsestatus": name, "errorcode": code, "errormessage": message}


@facts.add("P", "login returns a token of 32 hexadecimal digits")
def login(api: Filemail) -> None:
    api.authenticate().expect(Exactly({"responsestatus": "ok", "logintoken": _KEY}))


@facts.add("P", "login works without source, as in the vendor's own example", "query")
def login_without_source(api: Filemail) -> None:
    login = {"username": api.account["username"], "password": api.account["password"]}
    api.call("authentication/login", login=False, **login).expect({"responsestatus": "ok"})


@facts.add("P", "a wrong password is 2001 WrongUsernamePassword")
def wrong_password(api: Filemail) -> None:
    api.authenticate(password="wrong").expect(_refused(2001, "WrongUsernamePassword"))


@facts.add("I", "login sets the token as a cookie", "query")
def login_cookie(api: Filemail) -> None:
    api.authenticate().expect(
        {"responsestatus": "ok"}, headers={"set-cookie": re.compile(r"logintoken=[0-9a-f]{32};.*")}
    )


@facts.add("I", "a client that reads the token from its cookies only is known by the cookie (pyfilemail)", "query")
def token_in_cookie(api: Filemail) -> None:
    key = api.account["api_key"]
    api.client.cookies.set("apikey", key)
    api.authenticate(apikey=key).expect({"responsestatus": "ok"})
    api.call("contacts/get", login=False, apikey=key).expect({"responsestatus": "OK"})
    added = api.call("contacts/add", login=False, apikey=key, name="John Doe", email="john@example.com")
    contact = added.expect({"responsestatus": "OK"})["contact"]["contactid"]
    api.call("contacts/delete", login=False, apikey=key, contactid=contact).expect(_DONE)


@facts.add("I", "the cookie of one login with the token of another is refused", "query")
def cookie_of_other_login(api: Filemail) -> None:
    token = str(api.authenticate().body["logintoken"])
    api.authenticate().expect({"responsestatus": "ok"})
    api.call("contacts/get", login=False, logintoken=token).expect(_refused(2003, "InvalidOrExpiredLoginToken"))


@facts.add("I", "login may set no cookie, and no cookie counts", "query", filemail_login_cookie=False)
def no_login_cookie(api: Filemail) -> None:
    token = str(api.authenticate().expect({"responsestatus": "ok"}, headers={"set-cookie": ABSENT})["logintoken"])
    api.client.cookies.set("logintoken", "0" * 32)
    api.call("contacts/get", login=False, logintoken=token).expect({"responsestatus": "OK"})
    api.client.cookies.set("logintoken", token)
    api.call("contacts/get", login=False).expect(_refused(1003, "InputParameterMissing"))


@facts.add("P", "an older account needs apikey with every call", filemail_api_key_required=True)
def api_key_per_call(api: Filemail) -> None:
    missing = _refused(1003, "InputParameterMissing", re.compile(r'Required parameter missing: "apikey"'))
    key = api.account["api_key"]
    api.authenticate().expect(missing)
    token = str(api.authenticate(apikey=key).expect({"responsestatus": "ok"})["logintoken"])
    api.client.cookies.clear()
    for path in ("contacts/get", "contacts/group/get", "authentication/logout"):
        api.call(path, login=False, logintoken=token).expect(missing)
        api.call(path, login=False, logintoken=token, apikey=key).expect()


@facts.add(
    "I",
    "an older account may need apikey with the login alone",
    "query",
    filemail_api_key_required=True,
    filemail_api_key_per_call=False,
)
def api_key_at_login(api: Filemail) -> None:
    token = str(api.authenticate(apikey=api.account["api_key"]).expect({"responsestatus": "ok"})["logintoken"])
    api.call("contacts/get", login=False, logintoken=token).expect({"responsestatus": "OK"})


@facts.add("P", "a newer account needs no apikey, and takes one with every call")
def api_key_not_needed(api: Filemail) -> None:
    api.call("contacts/get").expect({"responsestatus": "OK"})
    api.call("contacts/get", apikey=api.account["api_key"]).expect({"responsestatus": "OK"})


@facts.add("P", "logout returns the token, which is dead then: 2003 InvalidOrExpiredLoginToken")
def logout(api: Filemail) -> None:
    api.call("authentication/logout").expect(Exactly({"responsestatus": "ok", "logintoken": api.log_in()}))
    api.call("contacts/get").expect(_refused(2003, "InvalidOrExpiredLoginToken"))


@facts.add("P", "a token may expire: 2003", "query", filemail_token_lifetime=1e-9)
def expired_token(api: Filemail) -> None:
    api.call("contacts/get").expect(_refused(2003, "InvalidOrExpiredLoginToken"))


@facts.add("P", "a call without a token is 1003, and its message names the parameter")
def missing_token(api: Filemail) -> None:
    message = 'Required parameter missing: "logintoken"'
    api.call("contacts/get", login=False).expect(_refused(1003, "InputParameterMissing", message))


@facts.add("S", "contacts/get lists all contacts with their groups; ids are texts")
def list_contacts(api: Filemail) -> None:
    contact, group = api.contact(), api.group()
    api.call("contacts/addtogroup", contactgroupid=group, contactid=contact).expect(_DONE)
    groups = [Exactly({"contactgroupid": group, "name": "Coworkers"})]
    row = Exactly({"contactid": contact, "name": "John Doe", "email": "john@example.com", "groups": groups})
    api.call("contacts/get").expect(Exactly({"contacts": [row], "responsestatus": "OK"}))


@facts.add("S", "contacts/get of an empty account has the key Contacts, with a capital")
def list_no_contacts(api: Filemail) -> None:
    api.call("contacts/get").expect(Exactly({"Contacts": [], "responsestatus": "OK"}))


@facts.add("S", "contacts/add returns the contact; mobile goes in and is never shown")
def add_contact(api: Filemail) -> None:
    added = api.call("contacts/add", name="John Doe", email="john@example.com", mobile="+48500600700")
    added.expect(
        Exactly(
            {
                "responsestatus": "OK",
                "contact": Exactly({"contactid": str, "name": "John Doe", "email": "john@example.com"}),
            }
        )
    )
    api.call("contacts/get").expect({"contacts": [{"mobile": ABSENT}]})


@facts.add("S", "contacts/add requires name and email: 1003")
def add_contact_required(api: Filemail) -> None:
    api.call("contacts/add", name="John Doe").expect(_refused(1003, "InputParameterMissing"))
    api.call("contacts/add", email="john@example.com").expect(_refused(1003, "InputParameterMissing"))


@facts.add("S", "a bad e-mail address is 1004, with the vendor's sentence and the path")
def bad_email(api: Filemail) -> None:
    message = "Parameter 'email' is not a valid e-mail address: john-doe-filemail.com"
    api.call("contacts/add", name="John Doe", email="john-doe-filemail.com").expect(
        {**_refused(1004, "InvalidEmail", message), "method": "/api/contacts/add"}
    )


@facts.add("S", "contacts/update changes only what is sent")
def update_contact(api: Filemail) -> None:
    contact = api.contact()
    api.call("contacts/update", contactid=contact, name="Jane Doe", mobile="+48500600700").expect(_DONE)
    api.call("contacts/get").expect({"contacts": [{"name": "Jane Doe", "email": "john@example.com"}]})
    api.call("contacts/update", contactid=contact, email="jane@example.com").expect(_DONE)
    api.call("contacts/get").expect({"contacts": [{"name": "Jane Doe", "email": "jane@example.com"}]})


@facts.add("S", 'an unknown contact is 1002 InvalidParameter, "Contact not found"')
def unknown_contact(api: Filemail) -> None:
    for path in ("contacts/update", "contacts/delete"):
        api.call(path, contactid="jd893jr8g93hf39th").expect(_refused(1002, "InvalidParameter", "Contact not found"))


@facts.add("S", "contacts/delete deletes a contact")
def delete_contact(api: Filemail) -> None:
    api.call("contacts/delete", contactid=api.contact()).expect(_DONE)
    api.call("contacts/get").expect({"Contacts": []})


@facts.add("S", "contacts/group/get has status instead of responsestatus")
def list_groups(api: Filemail) -> None:
    api.call("contacts/group/get").expect(Exactly({"status": "OK", "groups": []}))
    row = Exactly({"contactgroupid": api.group(), "contactgroupname": "Coworkers"})
    api.call("contacts/group/get").expect(Exactly({"status": "OK", "groups": [row]}))


@facts.add("S", "contacts/group/add returns the group in an array Groups, with a capital")
def add_group(api: Filemail) -> None:
    row = Exactly({"contactgroupid": _KEY, "contactgroupname": "Coworkers"})
    api.call("contacts/group/add", name="Coworkers").expect(Exactly({"responsestatus": "OK", "Groups": [row]}))


@facts.add("P", "contacts/group/update takes contactgroupid, not contactid as in the page's example")
def update_group(api: Filemail) -> None:
    group = api.group()
    api.call("contacts/group/update", contactgroupid=group, name="Friends").expect(_DONE)
    api.call("contacts/group/get").expect({"groups": [{"contactgroupname": "Friends"}]})
    api.call("contacts/group/update", contactid=group, name="Family").expect(_refused(1003, "InputParameterMissing"))


@facts.add("S", "contacts/group/delete deletes a group")
def delete_group(api: Filemail) -> None:
    api.call("contacts/group/delete", contactgroupid=api.group()).expect(_DONE)
    api.call("contacts/group/get").expect({"groups": []})


@facts.add("I", "contacts/group/delete keeps the contacts of the group")
def delete_full_group(api: Filemail) -> None:
    contact, group = api.contact(), api.group()
    api.call("contacts/addtogroup", contactgroupid=group, contactid=contact).expect(_DONE)
    api.call("contacts/group/delete", contactgroupid=group).expect(_DONE)
    api.call("contacts/get").expect({"contacts": [{"contactid": contact, "groups": []}]})


@facts.add("S", "addtogroup and removefromgroup change the groups of a contact")
def memberships(api: Filemail) -> None:
    contact, groups = api.contact(), [api.group(), api.group()]
    for group in groups:
        api.call("contacts/addtogroup", contactgroupid=group, contactid=contact).expect(_DONE)
    rows: list[Any] = [{"contactgroupid": group, "name": ANY} for group in groups]
    api.call("contacts/get").expect({"contacts": [{"groups": rows}]})
    api.call("contacts/removefromgroup", contactgroupid=groups[0], contactid=contact).expect(_DONE)
    api.call("contacts/get").expect({"contacts": [{"groups": rows[1:]}]})


@facts.add("S", "errors come with HTTP 200", filemail_http_errors=False)
def errors_with_200(api: Filemail) -> None:
    api.call("contacts/delete", contactid="1").expect(_refused(1002, "InvalidParameter"), 200)


@facts.add("P", "errors come with HTTP 404 or 500 and the same body", filemail_http_errors=True)
def errors_with_status(api: Filemail) -> None:
    api.call("contacts/delete", contactid="1").expect(_refused(1002, "InvalidParameter", "Contact not found"), 404)
    api.call("contacts/add", name="A", email="bad").expect(_refused(1004, "InvalidEmail"), 500)
    dead = api.call("contacts/get", login=False, logintoken="0" * 32)
    dead.expect(_refused(2003, "InvalidOrExpiredLoginToken"), 500)
