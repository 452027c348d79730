"""What SerwerSMS.pl's HTTPS API v2 speaks, sent as its official clients and its plugin send it."""

from __future__ import annotations

import json
import re

from .raw import ABSENT, ANY, Answer, Api, Exactly, Facts, Json

_DONE = Exactly({"success": True})
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_PHONES = ("+48500600701", "+48500600702", "+48500600703")
_KEYS = (
    "id", "phone", "email", "company", "first_name", "last_name", "tax_id", "address", "city", "description",
    "blacklist",
)  # fmt: skip


class SerwerSMS(Api):
    """Requests with form bodies, as the PHP clients send them, or with JSON bodies."""

    vendor = "serwersms"
    encodings = ("form", "json")

    def call(self, action: str, **parameters: object) -> Answer:
        """Send an action with the credentials in the body, and with the parameter `system` of the official clients."""
        login = {"username": self.account["username"], "password": self.account["password"], "system": "client_php"}
        return self.send_body(action, {**login, **parameters})

    def send_body(self, action: str, body: Json, headers: dict[str, str] | None = None) -> Answer:
        """Send an action with exactly this body."""
        if self.encoding == "form":
            return self.send("POST", f"/{action}", form=body, headers=headers)
        return self.send("POST", f"/{action}", body=body, headers=headers)

    def contact(self, phone: str = _PHONES[0], **parameters: object) -> int:
        """Create a contact and return its id."""
        id: int = self.call("contacts/add", phone=phone, **parameters).body["id"]
        return id

    def group(self, name: str = "Friends") -> int:
        """Create a group and return its id."""
        id: int = self.call("groups/add", name=name).body["id"]
        return id


facts = Facts(SerwerSMS)


def _refused(code: int, kind: str) -> Json:
    return Exactly({"error": Exactly({"code": code, "type": kind, "message": str})})


def _ids(*ids: object) -> Json:
    return {"items": [{"id": id} for id in ids]}


@facts.add("P", "every action is a POST with a form or JSON body, and is answered in JSON")
def post_only(api: SerwerSMS) -> None:
    api.call("groups/index").expect({"items": []}, headers={"content-type": "application/json"})
    api.send("GET", "/groups/index").expect(status=405)


@facts.add("P", "the action may end in .json")
def json_suffix(api: SerwerSMS) -> None:
    api.call("groups/index.json").expect({"items": []})


@facts.add("P", "unknown parameters such as system are ignored")
def unknown_parameters(api: SerwerSMS) -> None:
    for system in ("client_php", "client_python", "woocommerce"):
        api.call("contacts/index", system=system, colour="red").expect({"items": list})
        api.call("contacts/add", system=system, colour="red", phone=_PHONES[0]).expect({"success": True})


@facts.add("P", "null means not sent, in the default call of five official clients", "json")
def null_query(api: SerwerSMS) -> None:
    contact = api.contact()
    api.call("contacts/index", group_id=None, search=None).expect(_ids(contact))
    api.call("contacts/index", search=None, group_id=None, sort=None, order=None, page=None, limit=None).expect(
        _ids(contact)
    )
    api.call("groups/index", search=None, sort=None, order=None, page=None, limit=None).expect({"items": []})


@facts.add("P", "null in a new or changed contact means not sent", "json")
def null_fields(api: SerwerSMS) -> None:
    empty = dict.fromkeys(("email", "first_name", "last_name", "company", "tax_id", "address", "city", "description"))
    made = api.call("contacts/add", phone=_PHONES[0], group_id=None, **empty).expect({"success": True, "id": int})
    api.call("contacts/view", id=made["id"]).expect({"phone": _PHONES[0], "email": "", "first_name": ""})
    group = api.group()
    api.call("contacts/edit", id=made["id"], group_id=group, phone=_PHONES[1], **empty).expect({"success": True})
    api.call("groups/delete", id=group, delete_contacts=None).expect(_DONE)
    api.call("contacts/view", id=made["id"]).expect({"phone": _PHONES[1]})


@facts.add("P", "ids come as text, too, as the clients in Java and C# send them", "json")
def ids_as_text(api: SerwerSMS) -> None:
    group = api.group()
    contact = api.contact(group_id=str(group))
    api.call("contacts/view", id=str(contact)).expect({"id": contact})
    api.call("contacts/index", group_id=str(group), page="1", limit="10").expect(_ids(contact))
    api.call("contacts/edit", id=str(contact), group_id=str(group), phone=_PHONES[1]).expect({"id": contact})
    api.call("contacts/delete", id=str(contact)).expect(_DONE)
    api.call("groups/delete", id=str(group)).expect(_DONE)


@facts.add("S", "username and password are in every body; wrong ones are 1001 InvalidUser")
def login_in_body(api: SerwerSMS) -> None:
    api.call("groups/index").expect({"items": []})
    api.call("groups/index", password="wrong").expect(_refused(1001, "InvalidUser"))
    api.send_body("groups/index", {}).expect(_refused(1001, "InvalidUser"))


@facts.add("P", "a bearer token in the header Authorization takes their place")
def bearer(api: SerwerSMS) -> None:
    headers = {"Authorization": f"Bearer {api.account['token']}"}
    api.send_body("groups/index", {}, headers).expect({"items": []})
    api.send_body("groups/index", {}, {"Authorization": "Bearer wrong"}).expect(_refused(1001, "InvalidUser"))


@facts.add("S", "groups/index lists id, name and count")
def list_groups(api: SerwerSMS) -> None:
    group = api.group()
    api.contact(group_id=group)
    api.call("groups/index").expect({"items": [Exactly({"id": group, "name": "Friends", "count": 1})]})


@facts.add("S", "groups/index takes search, sort=name and order")
def sort_groups(api: SerwerSMS) -> None:
    first, second = api.group("Anna"), api.group("Bea")
    api.call("groups/index", sort="name", order="desc").expect(_ids(second, first))
    api.call("groups/index", search="Ann").expect(_ids(first))


@facts.add("S", "groups/add returns success and id")
def add_group(api: SerwerSMS) -> None:
    api.call("groups/add", name="x" * 100).expect(Exactly({"success": True, "id": int}))
    api.call("groups/add", name="x" * 101).expect(_refused(1006, "InvalidData"))
    api.call("groups/add").expect(_refused(2000, "ValidationRequiredError"))


@facts.add("S", "groups/edit renames and returns success and id")
def edit_group(api: SerwerSMS) -> None:
    group = api.group()
    api.call("groups/edit", id=group, name="Family").expect(Exactly({"success": True, "id": group}))
    api.call("groups/view", id=group).expect({"name": "Family"})


@facts.add("P", "groups/view returns the group at top level")
def view_group(api: SerwerSMS) -> None:
    group = api.group()
    api.call("groups/view", id=group).expect(Exactly({"id": group, "name": "Friends", "count": 0}))


@facts.add("S", "groups/delete keeps the contacts without delete_contacts")
def delete_group(api: SerwerSMS) -> None:
    group = api.group()
    contact = api.contact(group_id=group)
    api.call("groups/delete", id=group).expect(_DONE)
    api.call("contacts/view", id=contact).expect({"id": contact})
    api.call("groups/view", id=group).expect(_refused(1004, "InvalidID"))


@facts.add("S", "groups/delete with delete_contacts deletes the contacts, too")
def delete_group_and_contacts(api: SerwerSMS) -> None:
    group = api.group()
    contact = api.contact(group_id=group)
    api.call("groups/delete", id=group, delete_contacts=True).expect(_DONE)
    api.call("contacts/view", id=contact).expect(_refused(1004, "InvalidID"))


@facts.add("S", "groups/check has an item for each group of the contacts with a phone number")
def check_groups(api: SerwerSMS) -> None:
    groups = [api.group(), api.group("Family")]
    contact = api.contact(group_id=groups)
    rows = [Exactly({"id": contact, "group_id": group, "group_name": str}) for group in groups]
    api.call("groups/check", phone=_PHONES[0]).expect({"items": rows})
    api.call("groups/check", phone=_PHONES[1]).expect({"items": []})


@facts.add("S", "contacts/index filters by group_id, also by none")
def list_contacts_of_group(api: SerwerSMS) -> None:
    group = api.group()
    inside, outside = api.contact(group_id=group), api.contact(_PHONES[1])
    api.call("contacts/index", group_id=group).expect(_ids(inside))
    api.call("contacts/index", group_id="none").expect(_ids(outside))
    api.call("contacts/index", search=_PHONES[1]).expect(_ids(outside))


@facts.add("S", "contacts/index sorts by nine fields")
def sort_contacts(api: SerwerSMS) -> None:
    names = ("first_name", "last_name", "company", "tax_id", "address", "city", "description")
    first = api.contact(**dict.fromkeys(names, "a"), email="a@example.com")
    second = api.contact(_PHONES[1], **dict.fromkeys(names, "b"), email="b@example.com")
    for name in (*names, "phone", "email"):
        api.call("contacts/index", sort=name, order="asc").expect(_ids(first, second))
        api.call("contacts/index", sort=name, order="desc").expect(_ids(second, first))


@facts.add("P", "a contact in a list has these keys, in this order")
def contact_row(api: SerwerSMS) -> None:
    group = api.group()
    contact = api.contact(group_id=group, email="anna@example.com")
    row = dict.fromkeys(_KEYS, str) | {"id": contact, "phone": _PHONES[0], "blacklist": False}
    api.call("contacts/index").expect({"items": [Exactly({**row, "group_id": group, "group_name": "Friends"})]})


@facts.add("P", "contacts/view returns the contact at top level, without its group")
def view_contact(api: SerwerSMS) -> None:
    contact = api.contact(group_id=api.group())
    row = dict.fromkeys(_KEYS, ANY) | {"id": contact, "phone": _PHONES[0], "blacklist": False}
    api.call("contacts/view", id=contact).expect(Exactly(row))


@facts.add("I", "contacts/add requires only phone")
def add_contact(api: SerwerSMS) -> None:
    api.call("contacts/add", phone="500600701").expect(Exactly({"success": True, "id": int}))
    api.call("contacts/index").expect({"items": [{"phone": "+48500600701"}]})
    api.call("contacts/add", first_name="Anna").expect(_refused(2000, "ValidationRequiredError"))
    api.call("contacts/add", phone="12").expect(_refused(2001, "ValidationPhoneError"))


@facts.add("S", "a field may have 255 characters")
def field_length(api: SerwerSMS) -> None:
    api.call("contacts/add", phone=_PHONES[0], first_name="x" * 255).expect({"success": True})
    api.call("contacts/add", phone=_PHONES[0], first_name="x" * 256).expect(_refused(1006, "InvalidData"))


@facts.add("P", "group_id is a number or an array: in a form group_id[0]=1&group_id[1]=2")
def several_groups(api: SerwerSMS) -> None:
    groups = [api.group(), api.group("Family")]
    api.call("contacts/add", phone=_PHONES[0], group_id=groups).expect({"success": True})
    api.call("groups/check", phone=_PHONES[0]).expect({"items": [{"group_id": group} for group in groups]})


@facts.add("P", "contacts/add takes group_id=none")
def add_without_group(api: SerwerSMS) -> None:
    made = api.call("contacts/add", phone=_PHONES[0], group_id="none").expect({"success": True, "id": int})
    api.call("contacts/index", group_id="none").expect(_ids(made["id"]))


@facts.add("I", "contacts/edit takes group_id=none, which takes the contact out of all groups")
def edit_without_group(api: SerwerSMS) -> None:
    contact = api.contact(group_id=[api.group(), api.group("Family")])
    api.call("contacts/edit", id=contact, group_id="none", phone=_PHONES[0]).expect({"success": True, "id": contact})
    api.call("groups/check", phone=_PHONES[0]).expect({"items": []})


@facts.add("S", "contacts/edit replaces the contact and returns success and id")
def edit_contact(api: SerwerSMS) -> None:
    group = api.group()
    contact = api.contact(group_id=api.group("Family"), first_name="Anna")
    api.call("contacts/edit", id=contact, group_id=group, phone=_PHONES[1], first_name="Jan").expect(
        Exactly({"success": True, "id": contact})
    )
    api.call("contacts/view", id=contact).expect({"phone": _PHONES[1], "first_name": "Jan"})
    api.call("groups/check", phone=_PHONES[1]).expect({"items": [{"group_id": group}]})


@facts.add("I", "contacts/edit empties a field that is not sent", serwersms_partial_edit=False)
def edit_clears(api: SerwerSMS) -> None:
    contact = api.contact(group_id=api.group(), first_name="Anna")
    api.call("contacts/edit", id=contact, group_id="none", phone=_PHONES[0]).expect({"success": True})
    api.call("contacts/view", id=contact).expect({"first_name": ""})


@facts.add("I", "contacts/edit keeps a field that is not sent", serwersms_partial_edit=True)
def edit_keeps(api: SerwerSMS) -> None:
    contact = api.contact(group_id=api.group(), first_name="Anna")
    api.call("contacts/edit", id=contact, group_id="none", phone=_PHONES[0]).expect({"success": True})
    api.call("contacts/view", id=contact).expect({"first_name": "Anna"})


@facts.add("I", "a contact in two groups is two rows", serwersms_row_per_group=True)
def two_rows(api: SerwerSMS) -> None:
    contact = api.contact(group_id=[api.group(), api.group("Family")])
    api.call("contacts/index").expect(_ids(contact, contact))


@facts.add("I", "a contact in two groups is one row with the first group", serwersms_row_per_group=False)
def one_row(api: SerwerSMS) -> None:
    groups = [api.group(), api.group("Family")]
    contact = api.contact(group_id=groups)
    api.call("contacts/index").expect({"items": [{"id": contact, "group_id": groups[0]}]})


@facts.add("S", "contacts/delete deletes a contact")
def delete_contact(api: SerwerSMS) -> None:
    contact = api.contact()
    api.call("contacts/delete", id=contact).expect(_DONE)
    api.call("contacts/view", id=contact).expect(_refused(1004, "InvalidID"))


@facts.add("P", "contacts/delete and groups/delete take an array of ids: in a form id[0]=1&id[1]=2")
def delete_several(api: SerwerSMS) -> None:
    contacts = [api.contact(phone) for phone in _PHONES]
    api.call("contacts/delete", id=contacts[:2]).expect(_DONE)
    api.call("contacts/index").expect(_ids(contacts[2]))
    groups = [api.group(), api.group("Family")]
    api.call("groups/delete", id=groups).expect(_DONE)
    api.call("groups/index").expect({"items": []})


@facts.add("I", "a wrong id in the array refuses the whole call", serwersms_mixed_delete="refuse")
def delete_mixed_refused(api: SerwerSMS) -> None:
    contact = api.contact()
    api.call("contacts/delete", id=[contact, 1]).expect(_refused(1004, "InvalidID"))
    api.call("contacts/view", id=contact).expect({"id": contact})


@facts.add("I", "a wrong id in the array is passed over", serwersms_mixed_delete="skip")
def delete_mixed_skips(api: SerwerSMS) -> None:
    contacts = [api.contact(phone) for phone in _PHONES[:2]]
    api.call("contacts/delete", id=[contacts[0], 1, contacts[1]]).expect(_DONE)
    api.call("contacts/index").expect({"items": []})


@facts.add("I", "a wrong id in the array ends the call there", serwersms_mixed_delete="stop")
def delete_mixed_stops(api: SerwerSMS) -> None:
    contacts = [api.contact(phone) for phone in _PHONES[:2]]
    api.call("contacts/delete", id=[contacts[0], 1, contacts[1]]).expect(_refused(1004, "InvalidID"))
    api.call("contacts/index").expect(_ids(contacts[1]))


@facts.add("P", "contacts/import makes a new group of that name; the same phone may be imported twice")
def import_array(api: SerwerSMS) -> None:
    api.group("Fair")
    rows = [{"phone": phone, "first_name": "Anna"} for phone in (_PHONES[0], _PHONES[0], "12")]
    made = api.call("contacts/import", group_name="Fair", contact=rows).expect(
        Exactly({"success": True, "id": int, "correct": 2, "failed": 1})
    )
    api.call("groups/view", id=made["id"]).expect({"name": "Fair", "count": 2})


@facts.add("P", "contacts/import takes contact as JSON text, which is all that Ruby, Java and C# can send")
def import_text(api: SerwerSMS) -> None:
    text = json.dumps([{"phone": _PHONES[0]}, {"phone": _PHONES[1], "email": "anna@example.com"}])
    api.call("contacts/import", group_name="Fair", contact=text).expect({"success": True, "correct": 2, "failed": 0})
    api.call("contacts/import", group_name="Fair", contact="{").expect(_refused(1006, "InvalidData"))


@facts.add("P", "page=0 is the first page")
def page_zero(api: SerwerSMS) -> None:
    contacts = [api.contact(phone) for phone in _PHONES]
    api.call("contacts/index", page=0, limit=2).expect(_ids(*contacts[:2]))
    api.call("groups/index", page=0, limit=2).expect({"items": []})


@facts.add("P", "pages count from 1 to paging.count, the number of pages")
def pages(api: SerwerSMS) -> None:
    contacts = [api.contact(phone) for phone in _PHONES]
    for page, ids in ((1, contacts[:2]), (2, contacts[2:]), (3, [])):
        paging = Exactly({"page": page, "count": 2})
        api.call("contacts/index", page=page, limit=2).expect({"paging": paging, **_ids(*ids)})


@facts.add("S", "a list may have no paging, if page and limit are not sent", serwersms_paging=False)
def no_paging(api: SerwerSMS) -> None:
    api.call("contacts/index").expect({"items": [], "paging": ABSENT})
    api.call("groups/index").expect({"items": [], "paging": ABSENT})


@facts.add("P", "a list always has paging if page and limit are sent", serwersms_paging=False)
def paging_on_request(api: SerwerSMS) -> None:
    for action in ("contacts/index", "groups/index"):
        api.call(action, page=1, limit=10).expect({"items": [], "paging": {"page": 1}})


@facts.add("I", "a default page has as many rows as the switch says", serwersms_page_size=2)
def page_size(api: SerwerSMS) -> None:
    contacts = [api.contact(phone) for phone in _PHONES]
    api.call("contacts/index").expect(_ids(*contacts[:2]))


@facts.add("P", "an unknown group_id is not refused: the contact is in no group", serwersms_unknown_group="ignore")
def unknown_group(api: SerwerSMS) -> None:
    contact = api.call("contacts/add", phone=_PHONES[0], group_id=1).expect({"success": True, "id": int})["id"]
    api.call("contacts/index", group_id="none").expect(_ids(contact))
    api.call("contacts/edit", id=contact, group_id=1, phone=_PHONES[1]).expect({"success": True})
    api.call("groups/check", phone=_PHONES[1]).expect({"items": []})


@facts.add("I", "an unknown group_id is refused", serwersms_unknown_group="refuse")
def unknown_group_refused(api: SerwerSMS) -> None:
    api.call("contacts/add", phone=_PHONES[0], group_id=1).expect(_refused(1004, "InvalidID"))
    api.call("contacts/index").expect({"items": []})


@facts.add("P", "an error is status 200 with error in the body", serwersms_http_errors=False)
def error_with_200(api: SerwerSMS) -> None:
    api.call("contacts/view", id=1).expect(_refused(1004, "InvalidID"), 200)


@facts.add("P", "an error is a status of 400 and above with error in the body", serwersms_http_errors=True)
def error_with_status(api: SerwerSMS) -> None:
    for answer, code, kind in (
        (api.call("contacts/view", id=1), 1004, "InvalidID"),
        (api.call("contacts/add", phone="12"), 2001, "ValidationPhoneError"),
        (api.call("contacts/index", password="wrong"), 1001, "InvalidUser"),
    ):
        answer.expect(_refused(code, kind), answer.response.status_code if answer.response.is_client_error else 400)


@facts.add("P", "a response may be null where there is nothing to return", serwersms_null_responses=True)
def null_response(api: SerwerSMS) -> None:
    contact = api.call("contacts/add", phone=_PHONES[0]).expect({"success": True, "id": int})["id"]
    for action, parameters in (
        ("contacts/delete", {"id": contact}),
        ("groups/delete", {"id": api.group()}),
        ("blacklist/delete", {"phone": _PHONES[0]}),
    ):
        api.call(action, **parameters).expect(None)
    api.call("contacts/delete", id=contact).expect(_refused(1004, "InvalidID"))


@facts.add("P", "error/<code> shows the error of a code", "form")
def error_codes(api: SerwerSMS) -> None:
    kinds = {
        1000: "InvalidAction", 1001: "InvalidUser", 1002: "InvalidRole", 1003: "InvalidIP", 1004: "InvalidID",
        1005: "InvalidRole", 1006: "InvalidData", 1007: "InvalidRole", 1008: "InvalidRole",
        2000: "ValidationRequiredError", 2001: "ValidationPhoneError", 2002: "ValidationCodeError",
        3000: "SendError", 3102: "SendError",
    }  # fmt: skip
    for code, kind in kinds.items():
        api.call(f"error/{code}").expect(_refused(code, kind))


@facts.add("P", "no action is 1000 InvalidAction")
def no_action(api: SerwerSMS) -> None:
    api.call("contacts/nothing").expect(_refused(1000, "InvalidAction"))


@facts.add("I", "an unknown id is 1004 InvalidID")
def unknown_id(api: SerwerSMS) -> None:
    for action in ("contacts/view", "contacts/delete", "groups/view", "groups/delete"):
        api.call(action, id=1).expect(_refused(1004, "InvalidID"))


@facts.add("P", "the blacklist is keyed by phone: add, check, index, delete")
def blacklist(api: SerwerSMS) -> None:
    api.call("blacklist/check", phone=_PHONES[0]).expect(Exactly({"exists": False}))
    api.call("blacklist/add", phone=_PHONES[0]).expect(Exactly({"success": True, "id": int}))
    api.call("blacklist/check", phone=_PHONES[0]).expect(Exactly({"exists": True}))
    row = Exactly({"phone": _PHONES[0], "added": _DATE})
    api.call("blacklist/index", page=1, limit=10).expect(Exactly({"paging": {"page": 1, "count": 1}, "items": [row]}))
    api.call("blacklist/index", phone=_PHONES[0]).expect({"items": [row]})
    api.call("blacklist/index", phone=_PHONES[1]).expect({"items": []})
    api.call("blacklist/delete", phone=_PHONES[0]).expect(_DONE)
    api.call("blacklist/check", phone=_PHONES[0]).expect({"exists": False})


@facts.add("P", "contacts/index shows the blacklist as the flag of every contact with the phone")
def blacklist_flag(api: SerwerSMS) -> None:
    api.contact()
    api.contact()
    api.contact(_PHONES[1])
    api.call("blacklist/add", phone=_PHONES[0]).expect({"success": True})
    rows = [{"blacklist": True}, {"blacklist": True}, {"blacklist": False}]
    api.call("contacts/index").expect({"items": rows})


@facts.add("I", "a second blacklist/add succeeds", serwersms_refuses_blacklisted=False)
def blacklist_twice(api: SerwerSMS) -> None:
    for _ in range(2):
        api.call("blacklist/add", phone=_PHONES[0]).expect({"success": True})
    api.call("blacklist/index").expect({"items": [{"phone": _PHONES[0]}]})


@facts.add("I", "a second blacklist/add is refused", serwersms_refuses_blacklisted=True)
def blacklist_twice_refused(api: SerwerSMS) -> None:
    api.call("blacklist/add", phone=_PHONES[0]).expect({"success": True})
    api.call("blacklist/add", phone=_PHONES[0]).expect({"error": {"code": int}})


@facts.add("I", "blacklist/delete of a number that is not on it succeeds", serwersms_refuses_unlisted=False)
def unlisted(api: SerwerSMS) -> None:
    api.call("blacklist/delete", phone=_PHONES[0]).expect(_DONE)


@facts.add("I", "blacklist/delete of a number that is not on it is refused", serwersms_refuses_unlisted=True)
def unlisted_refused(api: SerwerSMS) -> None:
    api.call("blacklist/delete", phone=_PHONES[0]).expect({"error": {"code": int}})
