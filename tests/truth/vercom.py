"""What Vercom's API v2.1 speaks: an envelope, arrays for bulk writes, and two keys in headers."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .raw import ABSENT, ANY, Answer, Api, Exactly, Facts, Json

_UNIQ = re.compile(r"[0-9a-z]+")


class Vercom(Api):
    """Requests as the RedLink client sends them: JSON, also with DELETE."""

    vendor = "vercom"

    def call(self, method: str, path: str, body: object = ANY, **query: object) -> Answer:
        headers = {
            "Authorization": self.account["authorization"],
            "Application-Key": self.account["application_key"],
        }
        return self.send(method, f"/v2.1/{path}", body=body, query=query, headers=headers)

    def contact(self, **fields: object) -> str:
        """Create a contact and return its id."""
        id: str = self.call("POST", "contact", [{"email": "anna@example.com", **fields}]).body["data"][0]["id"]
        return id

    def group(self, name: str = "Friends") -> int:
        """Create a group and return its id."""
        id: int = self.call("POST", "group", [{"name": name, "externalId": name}]).body["data"][0]["id"]
        return id


facts = Facts(Vercom)


def _meta(data: int, errors: int = 0, status: int = 200) -> Json:
    return Exactly({"numberOfErrors": errors, "numberOfData": data, "status": status, "uniqId": _UNIQ})


def _done(*data: object) -> Json:
    return {"meta": _meta(len(data)), "data": list(data), "errors": ABSENT}


def _refused(**error: object) -> Json:
    return {"errors": [{"title": str, "message": str, "code": str, **error}], "meta": dict, "data": ABSENT}


def _ids(*ids: object) -> Json:
    return {"data": [{"id": id} for id in ids]}


@facts.add("P", "both keys are needed: the authorization raw, without Bearer; 401 E-0-004 without it")
def keys(api: Vercom) -> None:
    api.call("GET", "group").expect({"data": list})
    error = {
        "title": "Empty token",
        "message": "Cannot find token in your request. Did you set 'Authorization' header?",
        "code": "E-0-004",
    }
    api.send("GET", "/v2.1/group").expect({"errors": [error], "meta": Exactly({})}, 401)
    raw = {"Authorization": api.account["authorization"], "Application-Key": api.account["application_key"]}
    for headers in (
        {"Authorization": raw["Authorization"]},
        {**raw, "Application-Key": "wrong"},
        {**raw, "Authorization": f"Bearer {raw['Authorization']}"},
    ):
        api.send("GET", "/v2.1/group", headers=headers).expect({"errors": list}, 401)


@facts.add("P", "the authorization has 128 characters, and the application key is alphanumeric")
def key_formats(api: Vercom) -> None:
    api.call("GET", "group").expect({"data": list})
    if len(api.account["authorization"]) != 128 or not api.account["application_key"].isalnum():
        raise TypeError("the sandbox's keys have another format")


@facts.add("P", "the envelope has meta and data")
def envelope(api: Vercom) -> None:
    api.call("POST", "contact", [{"email": "anna@example.com"}]).expect(
        Exactly({"meta": _meta(1), "data": [Exactly({"id": str, "externalId": None})]})
    )


@facts.add("P", "an error has title, message, code, and meta with parameter, value and source", vercom_error_meta=True)
def error(api: Vercom) -> None:
    meta = Exactly({"parameter": "email", "value": "bad", "source": "bad"})
    api.call("POST", "contact", [{"email": "bad"}]).expect(_refused(meta=meta), 422)


@facts.add("P", "an error has title, message and code, and no meta", vercom_error_meta=False)
def error_without_meta(api: Vercom) -> None:
    api.call("POST", "contact", [{"email": "bad"}]).expect(_refused(meta=ABSENT), 422)


_TWO = [{"email": "anna@example.com", "externalId": "a"}, {"email": "bad", "externalId": "b"}]


@facts.add("P", "207 has data and errors; an error's meta.source names the refused item", vercom_error_meta=True)
def multi_status(api: Vercom) -> None:
    rows = [{"id": str, "externalId": "a"}]
    errors = [{"message": str, "meta": {"source": "b"}}]
    api.call("POST", "contact", _TWO).expect({"meta": _meta(1, 1, 207), "data": rows, "errors": errors}, 207)


@facts.add("P", "207 may have errors without meta: elimination names the refused item", vercom_error_meta=False)
def multi_status_without_meta(api: Vercom) -> None:
    rows = [{"id": str, "externalId": "a"}]
    errors = [Exactly({"title": str, "message": str, "code": str})]
    api.call("POST", "contact", _TWO).expect({"meta": _meta(1, 1, 207), "data": rows, "errors": errors}, 207)


@facts.add("P", "404 is an empty list")
def empty_list(api: Vercom) -> None:
    api.call("GET", "contact").expect({"meta": _meta(0, status=404), "data": []}, 404)
    api.contact()
    api.call("GET", "contact", offset=1).expect({"data": []}, 404)


@facts.add("P", 'a body that cannot be parsed is 400, "Empty request"')
def bad_body(api: Vercom) -> None:
    api.call("POST", "contact").expect(_refused(message="Empty request"), 400)


@facts.add("P", "a body that does not validate is 422")
def invalid(api: Vercom) -> None:
    for item in ({"firstName": "Anna"}, {"email": "bad"}, {"phoneNumber": "1" * 16}, {"firstName": "x" * 151}):
        api.call("POST", "contact", [item]).expect(_refused(), 422)


@facts.add("P", "a long-running action is 202 with Retry-After and Expires, then 200", vercom_segment_wait=1)
def accepted(api: Vercom) -> None:
    segment = api.call("GET", "contact/segment").expect({"data": list})["data"][0]["id"]
    headers = {"retry-after": "1", "expires": re.compile(r".+ GMT")}
    api.call("GET", f"contact/segment/{segment}").expect({"data": []}, 202, headers)
    api.call("GET", f"contact/segment/{segment}").expect({"data": [{"count": 0}]})


@facts.add("I", "a segment may answer at once", vercom_segment_wait=0)
def segment(api: Vercom) -> None:
    segment = api.call("GET", "contact/segment", offset=0, limit=1).expect({"data": list})["data"][0]["id"]
    api.call("GET", f"contact/segment/{segment}").expect({"data": [{"id": segment, "count": 0}]})


@facts.add("S", "GET /contact pages by limit and offset, at most 1000")
def paging(api: Vercom) -> None:
    ids = [api.contact() for _ in range(3)]
    api.call("GET", "contact", limit=2).expect(_ids(*ids[:2]))
    api.call("GET", "contact", limit=2, offset=2).expect(_ids(*ids[2:]))
    api.call("GET", "contact", limit=1001).expect(_refused(), 422)


@facts.add("S", "GET /contact filters by group, id, externalId, phoneNumber, email")
def filters(api: Vercom) -> None:
    group = api.group()
    first = api.contact(externalId="a", phoneNumber="+48500600701", addToGroup=[group])
    api.contact(email="jan@example.com")
    for name, value in {
        "group": group,
        "id": first,
        "externalId": "a",
        "phoneNumber": "+48500600701",
        "email": "anna@example.com",
    }.items():
        api.call("GET", "contact", **{name: value}).expect(_ids(first))


@facts.add("S", "GET /contact filters by archive and by the unsubscribed channels")
def state_filters(api: Vercom) -> None:
    first, second = api.contact(), api.contact()
    api.control.post("/mark", json={"vendor": "vercom", "id": int(first), "archived": "2025-01-02 10:00:00"})
    api.call("POST", "contact/unsubscribe/sms", {"id": [int(first)]}).expect()
    api.call("GET", "contact", inArchive="true").expect(_ids(first))
    api.call("GET", "contact", inArchive="false").expect(_ids(second))
    window = {"archiveDateFrom": "2025-01-01 00:00:00", "archiveDateTo": "2025-01-03 00:00:00"}
    api.call("GET", "contact", **window).expect(_ids(first))
    api.call("GET", "contact", isUnsubscribeSms="true").expect(_ids(first))
    api.call("GET", "contact", isUnsubscribeSms="false").expect(_ids(second))
    for channel in ("Email", "Push"):
        api.call("GET", "contact", **{f"isUnsubscribe{channel}": "true"}).expect({"data": []}, 404)


@facts.add("P", "responses have dates in unix seconds, and with getFullDate=1 as text")
def dates(api: Vercom) -> None:
    contact = api.contact(createdAt="2024-05-06 07:08:09")
    api.call("GET", "contact", id=contact).expect({"data": [{"createdAt": 1714979289}]})
    api.call("GET", "contact", id=contact, getFullDate=1).expect({"data": [{"createdAt": "2024-05-06 07:08:09"}]})


@facts.add("I", "a contact in a list has these keys")
def contact_item(api: Vercom) -> None:
    contact = api.contact(externalData={"size": "M"})
    row = {
        "id": contact, "externalId": None, "email": "anna@example.com", "phoneNumber": None, "firstName": None,
        "lastName": None, "companyName": None, "createdAt": int, "inArchive": False, "externalData": {"size": "M"},
    }  # fmt: skip
    api.call("GET", "contact").expect({"data": [Exactly(row)]})


@facts.add("S", "POST /contact takes an array")
def create_several(api: Vercom) -> None:
    items = [{"email": f"person-{number}@example.com", "externalId": str(number)} for number in range(3)]
    api.call("POST", "contact", items).expect(_done(*({"id": str, "externalId": str(number)} for number in range(3))))


@facts.add("P", "PUT /contact takes an array with data and either id or externalId")
def update_several(api: Vercom) -> None:
    first, second = api.contact(externalId="a"), api.contact(externalId="b")
    items = [{"id": first, "data": {"firstName": "Anna"}}, {"externalId": "b", "data": {"firstName": "Jan"}}]
    api.call("PUT", "contact", items).expect(_done({"id": first}, {"id": second}))
    api.call("GET", "contact").expect({"data": [{"firstName": "Anna"}, {"firstName": "Jan"}]})
    for item in ({"data": {"firstName": "Anna"}}, {"id": first, "externalId": "a", "data": {"firstName": "Anna"}}):
        api.call("PUT", "contact", [item]).expect(_refused(), 422)


@facts.add("P", "PUT /contact takes createdAt in data, as an official example sends it")
def update_created_at(api: Vercom) -> None:
    contact = api.contact()
    item = {"id": contact, "data": {"createdAt": "2024-05-06 07:08:09", "firstName": "Anna"}}
    api.call("PUT", "contact", [item]).expect(_done({"id": contact}))
    api.call("GET", "contact").expect({"data": [{"createdAt": 1714979289, "firstName": "Anna"}]})


@facts.add("S", "addToGroup is on add only")
def add_to_group_on_add(api: Vercom) -> None:
    group = api.group()
    contact = api.contact(addToGroup=[group])
    api.call("GET", f"contact/{contact}/group").expect(_ids(group))
    api.call("PUT", "contact", [{"id": contact, "data": {"addToGroup": [group]}}]).expect(_refused(), 422)


@facts.add("P", "externalData is a free object, whose names GET /contact/field lists")
def external_data(api: Vercom) -> None:
    api.contact(externalData={"size": "M", "points": 7})
    api.call("GET", "contact/field").expect({"data": [{"id": int, "name": "size"}, {"id": int, "name": "points"}]})


@facts.add("S", 'DELETE /contact takes {"id": […]} in its body')
def delete_several(api: Vercom) -> None:
    ids = [api.contact(), api.contact()]
    api.call("DELETE", "contact", {"id": [int(id) for id in ids]}).expect(_done(*({"id": id} for id in ids)))
    api.call("GET", "contact").expect({"data": []}, 404)


@facts.add("S", "unsubscribe and resubscribe take ids, for sms, email, push")
def subscriptions(api: Vercom) -> None:
    contact = api.contact()
    for channel in ("sms", "email", "push"):
        query = {f"isUnsubscribe{channel.title()}": "true"}
        api.call("POST", f"contact/unsubscribe/{channel}", {"id": [int(contact)]}).expect(_done({"id": contact}))
        api.call("GET", "contact", **query).expect(_ids(contact))
        api.call("POST", f"contact/resubscribe/{channel}", {"id": [int(contact)]}).expect(_done({"id": contact}))
        api.call("GET", "contact", **query).expect({"data": []}, 404)


@facts.add("I", "unsubscribe and resubscribe take the channel all")
def subscriptions_all(api: Vercom) -> None:
    contact = api.contact()
    api.call("POST", "contact/unsubscribe/all", {"id": [int(contact)]}).expect(_done({"id": contact}))
    for channel in ("Sms", "Email", "Push"):
        api.call("GET", "contact", **{f"isUnsubscribe{channel}": "true"}).expect(_ids(contact))
    api.call("POST", "contact/unsubscribe/fax", {"id": [int(contact)]}).expect(_refused(), 422)


@facts.add("S", "the groups of a contact: POST, DELETE and GET")
def groups_of_contact(api: Vercom) -> None:
    contact, group = api.contact(), api.group()
    api.call("POST", f"contact/{contact}/group", {"id": [group]}).expect(_done({"id": contact}))
    api.call("GET", f"contact/{contact}/group").expect({"data": [{"id": group, "name": "Friends"}]})
    api.call("DELETE", f"contact/{contact}/group", {"id": [group]}).expect(_done({"id": contact}))


@facts.add("I", "GET of the groups of a contact in no group is 404")
def no_groups_of_contact(api: Vercom) -> None:
    api.call("GET", f"contact/{api.contact()}/group").expect({"data": []}, 404)


@facts.add("P", "the first group holds all contacts: ALLCONTACTS, with these keys")
def all_contacts(api: Vercom) -> None:
    row = {"id": int, "name": "Wszystkie Kontakty", "description": None, "externalId": "ALLCONTACTS", "createdAt": int}
    api.call("GET", "group").expect({"data": [Exactly(row)]})


@facts.add("P", "GET /group takes limit, offset, orderBy and orderDirection")
def list_groups(api: Vercom) -> None:
    first, second = api.group(), api.group("Family")
    for order in ("id", "createdAt"):
        api.call("GET", "group", orderBy=order, orderDirection="DESC", limit=2).expect(_ids(second, first))
        api.call("GET", "group", orderBy=order, orderDirection="ASC", offset=1).expect(_ids(first, second))


@facts.add("P", "POST, PUT and DELETE /group take arrays")
def write_groups(api: Vercom) -> None:
    items = [{"name": name, "externalId": name, "description": "x"} for name in ("a", "b")]
    made = api.call("POST", "group", items).expect(_done({"id": int, "externalId": "a"}, {"id": int}))
    ids = [row["id"] for row in made["data"]]
    api.call("PUT", "group", [{"id": id, "name": "new", "description": "y"} for id in ids]).expect(
        _done({"id": ids[0]}, {"id": ids[1]})
    )
    api.call("DELETE", "group", {"id": ids}).expect(_done({"id": ids[0]}, {"id": ids[1]}))


@facts.add("P", "POST /group requires name and externalId")
def group_required(api: Vercom) -> None:
    for item in ({"name": "Friends"}, {"externalId": "friends"}):
        api.call("POST", "group", [item]).expect(_refused(), 422)


@facts.add("P", "POST and PUT /group take one bare object, as the RedLink client sends it")
def bare_group(api: Vercom) -> None:
    made = api.call("POST", "group", {"name": "Friends", "externalId": "f"}).expect(_done({"id": int}))
    group = made["data"][0]["id"]
    api.call("PUT", "group", {"id": group, "name": "Family"}).expect(_done({"id": group}))
    api.call("GET", "group", limit=1).expect({"data": [{"id": group, "name": "Family"}]})


@facts.add("P", "the contacts of a group: POST, DELETE, and GET with four keys")
def contacts_of_group(api: Vercom) -> None:
    contact, group = api.contact(externalId="a"), api.group()
    api.call("POST", f"group/{group}/contact", {"id": [int(contact)]}).expect(_done({"id": contact}))
    row = {"email": "anna@example.com", "externalId": "a", "id": contact, "phoneNumber": None}
    api.call("GET", f"group/{group}/contact").expect({"data": [Exactly(row)]})
    api.call("DELETE", f"group/{group}/contact", {"id": [int(contact)]}).expect(_done({"id": contact}))
    api.call("GET", f"group/{group}/contact").expect({"data": []}, 404)


class _Receiver(BaseHTTPRequestHandler):
    """A receiver of webhooks, which answers 500 to the first delivery and 200 to the next."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        received: list[Json] = self.server.received  # type: ignore[attr-defined]
        received.append({"headers": {name.lower(): value for name, value in self.headers.items()}, "body": body})
        self.send_response(200 if len(received) > 1 else 500)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


def _receive(api: Vercom, **settings: object) -> list[Json]:
    """Let the sandbox deliver a webhook to a server on loopback, and return what arrived."""
    received: list[Json] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as server:
        server.received = received  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/events"
        api.control.post("/webhook", json={"url": url, "secret": "a-secret", "pause": 0, **settings}).raise_for_status()
        server.shutdown()
        thread.join()
    return received


@facts.add("P", "a webhook has X-Webhook-Checksum, the SHA-1 of secret|date|Request-Id, and is repeated until 200")
def webhook(api: Vercom) -> None:
    received = _receive(api, id=int(api.contact()), user="user", password="password")
    api.record("webhook: number of deliveries", 2, len(received))
    for delivery in received:
        sent = delivery["headers"]
        text = f"a-secret|{sent.get('x-webhook-date')}|{sent.get('request-id')}"
        checksum = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        basic = "Basic " + b64encode(b"user:password").decode()
        names = ("x-webhook-date", "request-id", "x-webhook-checksum", "authorization")
        api.record(
            "webhook: its headers",
            {"x-webhook-date": str, "request-id": str, "x-webhook-checksum": checksum, "authorization": basic},
            {name: sent.get(name) for name in names},
        )


@facts.add("P", "a webhook's body is an array of events, or one object")
def webhook_body(api: Vercom) -> None:
    for single in (False, True):
        events = [{"event": "sms", "status": "delivered"}]
        body = _receive(api, events=events, single=single)[0]["body"]
        api.record("webhook: its body", events[0] if single else events, body)


@facts.add("I", "a campaign unsubscribe names the channel and the contact")
def webhook_unsubscribe(api: Vercom) -> None:
    contact = api.contact()
    event = {"event": "unsubscribe", "channel": "email", "contactId": contact, "email": "anna@example.com"}
    api.record("webhook: its body", [event], _receive(api, id=int(contact))[0]["body"])
    api.call("GET", "contact", isUnsubscribeEmail="true").expect(_ids(contact))


@facts.add("I", "an array may have 1000 items")
def array_length(api: Vercom) -> None:
    items: list[Any] = [{"email": f"person-{number}@example.com"} for number in range(1001)]
    answer = api.call("POST", "contact", items[:1000])
    answer.request = "POST /v2.1/contact [1000 items]"
    answer.expect({"meta": _meta(1000)})
    answer = api.call("POST", "contact", items)
    answer.request = "POST /v2.1/contact [1001 items]"
    answer.expect(_refused(), 422)
