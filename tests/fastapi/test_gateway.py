"""examples/gateway: one REST API over the four vendors."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from control import Server
from fakes import VENDORS
from gateways import COMMAND, started

from crossbook import Contact, files
from crossbook.registry import load_vendor
from crossbook_testing.contract import people

pytestmark = pytest.mark.asyncio


def body(vendor: str, number: int = 0, **others: Any) -> dict[str, Any]:
    """Return a contact that the vendor can store, as JSON."""
    values = people.field_values(load_vendor(vendor).profile, number)
    return {name: value for name, value in values.items() if name != "created_at"} | others


async def imported(gateway: httpx.AsyncClient, vendor: str, file: tuple[str, str | bytes], **form: str) -> Any:
    """Import a file in the background; return the job at its end."""
    response = await gateway.post(f"/books/{vendor}/imports/file", data={"group": "G", **form}, files={"file": file})
    assert response.status_code == 202, response.text
    return await ended(gateway, response.json()["name"])


async def ended(gateway: httpx.AsyncClient, name: str) -> Any:
    async with asyncio.timeout(60):
        while (job := (await gateway.get(f"/imports/{name}")).json())["state"] != "done":
            assert job["state"] in ("queued", "running"), job
            await asyncio.sleep(0.05)
    return job


async def new_group(gateway: httpx.AsyncClient, vendor: str, name: str = "Friends") -> str:
    response = await gateway.post(f"/books/{vendor}/groups", json={"name": name})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


@pytest.mark.parametrize("vendor", VENDORS)
async def test_gateway_contacts(gateway: httpx.AsyncClient, vendor: str) -> None:
    contacts = f"/books/{vendor}/contacts"
    group = await new_group(gateway, vendor)
    created = await gateway.post(contacts, json=body(vendor, groups=[group]))
    assert created.status_code == 201, created.text
    id = created.json()["id"]
    read = (await gateway.get(f"{contacts}/{id}")).json()
    assert read["name"] == "Łucja Żółw-Example 0"
    changed = "email" if vendor == "filemail" else "last_name"
    new = "other@example.com" if vendor == "filemail" else "Other"
    response = await gateway.patch(f"{contacts}/{id}", json={changed: new})
    assert (response.status_code, response.json()["status"]) == (200, "updated")
    assert (await gateway.get(f"{contacts}/{id}")).json()[changed] == new
    assert [each["id"] for each in (await gateway.get(f"{contacts}/{id}/groups")).json()] == [group]
    page = (await gateway.get(contacts, params={"group": group})).json()
    assert [item["id"] for item in page["items"]] == [id]
    assert (await gateway.delete(f"{contacts}/{id}")).status_code == 204
    gone = await gateway.get(f"{contacts}/{id}")
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:crossbook:not-found")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_gateway_pages(gateway: httpx.AsyncClient, vendor: str) -> None:
    group = await new_group(gateway, vendor)
    for number in range(3):
        await gateway.post(f"/books/{vendor}/contacts", json=body(vendor, number, groups=[group]))
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await gateway.get(f"/books/{vendor}/contacts", params={"page_size": 2, **after})).json()
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        if page["cursor"] is None:
            break
        after = {"after": page["cursor"]}
    assert len(set(found)) == len(found) == 3


@pytest.mark.parametrize("vendor", VENDORS)
async def test_gateway_groups(gateway: httpx.AsyncClient, vendor: str) -> None:
    groups = f"/books/{vendor}/groups"
    first, second = await new_group(gateway, vendor), await new_group(gateway, vendor, "Others")
    assert (await gateway.patch(f"{groups}/{first}", json={"name": "Old friends"})).status_code == 204
    assert (await gateway.get(f"{groups}/{first}")).json()["name"] == "Old friends"
    assert {"Old friends", "Others"} <= {each["name"] for each in (await gateway.get(groups)).json()["items"]}
    id = (await gateway.post(f"/books/{vendor}/contacts", json=body(vendor, groups=[first]))).json()["id"]
    added = await gateway.put(f"{groups}/{second}/contacts/{id}")
    if vendor == "atom":
        assert (added.status_code, added.json()["type"]) == (422, "urn:crossbook:unsupported")
    else:
        assert added.status_code == 204
        assert (await gateway.delete(f"{groups}/{first}/contacts/{id}")).status_code == 204
        response = await gateway.get(f"/books/{vendor}/contacts/{id}/groups")
        assert [each["id"] for each in response.json()] == [second]
    assert (await gateway.delete(f"{groups}/{second}")).status_code == 204


@pytest.mark.parametrize("vendor", VENDORS)
async def test_import_is_streamed_or_in_background(gateway: httpx.AsyncClient, vendor: str) -> None:
    group = await new_group(gateway, vendor)
    many = [body(vendor, number, groups=[group]) for number in range(5)] + [{"groups": [group]}]
    response = await gateway.post(f"/books/{vendor}/imports", json=many)
    *results, last = [json.loads(line) for line in response.text.splitlines()]
    assert sorted(line["result"]["index"] for line in results) == list(range(6))
    assert last["summary"]["counts"] == {"created": 5, "failed": 1}
    lines = "".join(json.dumps(each) + "\n" for each in many)
    job = await imported(gateway, vendor, ("people.jsonl", lines), group="Friends", match="none")
    assert (job["parameters"]["book"], job["done"], job["total"]) == (vendor, 6, 6)
    assert job["errors"][0].startswith("#6: ")


async def test_import_skips_existing_contacts(gateway: httpx.AsyncClient) -> None:
    many = [body("vercom", number) for number in range(3)]
    for status in ("created", "skipped"):
        options = {"match": "phone", "on_duplicate": "skip"}
        response = await gateway.post("/books/vercom/imports", json=many, params=options)
        assert json.loads(response.text.splitlines()[-1])["summary"]["counts"] == {status: 3}


async def test_import_opts_people_out(gateway: httpx.AsyncClient) -> None:
    off = {**body("vercom", 0), "opted_out": ["sms"]}
    for policy, expected in {"skip": "skipped", "error": "failed", "unsubscribe": "created"}.items():
        response = await gateway.post("/books/vercom/imports", json=[off], params={"on_opted_out": policy})
        summary = json.loads(response.text.splitlines()[-1])["summary"]
        assert (summary["counts"], summary["unsubscribed"]) == ({expected: 1}, policy == "unsubscribe")
    response = await gateway.post("/books/atom/imports", json=[off], params={"on_opted_out": "unsubscribe"})
    assert response.status_code in (400, 422)
    assert "has no opt-outs" in response.text
    file = {"file": ("people.csv", b"phone,unsubscribed\n+48500600709,yes\n+48500600708,maybe\n")}
    response = await gateway.post("/books/vercom/imports/file", data={"group": "G"}, files=file)
    assert response.status_code == 422
    assert "may say who has opted out" in response.text


@pytest.mark.parametrize("vendor", VENDORS)
async def test_repeated_import_doubles_nobody(gateway: httpx.AsyncClient, sandbox: Server, vendor: str) -> None:
    """By default: without a match in the request, and without a choice in the page's form."""
    many = [body(vendor, number, groups=[await new_group(gateway, vendor)]) for number in range(3)]
    lines = "".join(json.dumps(each) + "\n" for each in many)
    for status in ("created", "skipped"):
        response = await gateway.post(f"/books/{vendor}/imports", json=many)
        assert json.loads(response.text.splitlines()[-1])["summary"]["counts"] == {status: 3}
    for options, status in ({}, "skipped"), ({"match": "none"}, "created"):
        assert (await imported(gateway, vendor, ("people.jsonl", lines), **options))["counts"] == {status: 3}
    assert sandbox.contacts(vendor) == 6


async def test_stopped_import_streams_every_result(gateway: httpx.AsyncClient, sandbox: Server) -> None:
    """Vercom takes 1,000 contacts at once: the second array is refused."""
    sandbox.fault("status", "vercom", "createContacts", status=403, skip=1, count=10_000)
    response = await gateway.post("/books/vercom/imports", json=[body("vercom", number) for number in range(1500)])
    *results, last = [json.loads(line) for line in response.text.splitlines()]
    summary = last["summary"]
    assert len({line["result"]["index"] for line in results}) == len(results) == sum(summary["counts"].values())
    assert summary["counts"]["created"] == sandbox.contacts("vercom") > 0
    assert summary["stopped"] == "the vendor does not accept the credentials"
    assert summary["stop_error"]["kind"] == "AuthError"


async def test_import_of_file(gateway: httpx.AsyncClient) -> None:
    file = "\ufeffphone,first_name,company\n+48 500 600 700,Łucja,\n+48 500 600 701,Anna,ABC\n"
    job = await imported(gateway, "vercom", ("people.csv", file), group="From a file")
    assert job["counts"] == {"created": 2}
    assert job["parameters"]["group"] == "From a file"
    (found,) = (await gateway.get("/books/vercom/contacts", params={"phone": "+48500600701"})).json()["items"]
    assert (found["name"], found["company"]) == ("Anna", "ABC")


async def test_import_of_file_reads_phones_in_region(gateway: httpx.AsyncClient) -> None:
    """In the country of the book the second number is the mobile one. The stored upload is read as the upload was."""
    job = await imported(gateway, "vercom", ("people.csv", "phone,first_name\n22 123 45 67; 500 600 702,Ewa\n"))
    assert job["counts"] == {"created": 1}
    found = (await gateway.get("/books/vercom/contacts", params={"phone": "+48500600702"})).json()["items"]
    assert [contact["name"] for contact in found] == ["Ewa"]


@pytest.mark.parametrize("vendor", ["serwersms", "vercom"])
async def test_import_of_file_exported_by_command(gateway: httpx.AsyncClient, vendor: str) -> None:
    # The encoding and the separator of a Polish spreadsheet.
    exported = StringIO()
    someone = Contact(id="7", phone="+48500600700", first_name="Żółw", fields={"city": "Łódź"})
    files.make_writer(exported, load_vendor(vendor).profile, "csv", separator=";").write(someone, ["Elsewhere"])
    file = ("people.csv", exported.getvalue().encode("cp1250"))
    assert (await imported(gateway, "vercom", file))["counts"] == {"created": 1}
    (stored,) = (await gateway.get("/books/vercom/contacts")).json()["items"]
    assert (stored["first_name"], stored["fields"]) == ("Żółw", {"city": "Łódź"})


@pytest.mark.parametrize(
    ("file", "detail"),
    [
        (b"shoe size\n2\n", "no column title is known: the first row must hold titles"),
        (b"\n", "the file is empty"),
        (b"PK\x03\x04", "name a workbook .xlsx, or save it as CSV"),
        (b"phone\n+48500600700\n1,2\n", "line 3: the row has 2 cells"),
    ],
)
async def test_import_of_invalid_file_is_refused(gateway: httpx.AsyncClient, file: bytes, detail: str) -> None:
    response = await gateway.post("/books/vercom/imports/file", data={"group": "G"}, files={"file": ("f.csv", file)})
    assert response.status_code == 422
    assert detail in response.json()["detail"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("people.csv", "Zofia;Nowak;+48 500 600 700;zofia@example.com;Żółw Ltd\n"),
        ("people.tsv", "Zofia\tNowak\t500600700\n"),
        ("people.jsonl", '{"Zofia": "Nowak", "+48 500 600 700": "zofia@example.com"}\n'),
        ("people.vcf", "Zofia Nowak\n+48 500 600 700\n"),
    ],
)
async def test_problem_of_file_without_titles_shows_no_data(gateway: httpx.AsyncClient, name: str, file: str) -> None:
    response = await gateway.post("/books/vercom/imports/file", data={"group": "G"}, files={"file": (name, file)})
    shown = response.text + (await gateway.get("/imports")).text
    private = ("Zofia", "Nowak", "zofia", "Żółw", "500 600 700", "500600700")
    assert not any(word in shown for word in private)


async def test_disconnected_client_stops_its_stream(gateway: httpx.AsyncClient, sandbox: Server) -> None:
    many = [Contact(phone=f"+485006{number:05d}") for number in range(15_000)]
    async with gateway.stream(
        "POST", "/books/vercom/imports", params={"match": "phone"}, json=[{"phone": each.phone} for each in many]
    ) as response:
        await anext(response.aiter_lines())
    written = sandbox.quiet("vercom")
    assert sandbox.requests("vercom") == written
    assert sandbox.contacts("vercom") < 15_000


async def test_background_import_is_pushed_and_removed(gateway: httpx.AsyncClient) -> None:
    async with gateway.stream("GET", "/imports/live") as live:
        assert live.headers["content-type"].startswith("text/event-stream")
        events = (json.loads(line[5:]) async for line in live.aiter_lines() if line.startswith("data:"))
        await anext(events)
        job = await imported(gateway, "vercom", ("people.csv", "phone\n+48500600700\n"))
        while not any(each["name"] == job["name"] and each["state"] == "done" for each in await anext(events)):
            pass
    assert (await gateway.delete(f"/imports/{job['name']}")).status_code == 204
    assert (await gateway.get(f"/imports/{job['name']}")).status_code == 404
    assert (await gateway.post(f"/imports/{job['name']}/cancel")).json()["type"] == "urn:crossbook:job-not-found"


async def test_gateway_refuses_unknown_names(gateway: httpx.AsyncClient) -> None:
    unknown = await gateway.get("/books/anna@example.com/contacts")
    assert unknown.json()["detail"] == "there is no book of this name; the books are serwersms, atom, filemail, vercom"
    assert (await gateway.post("/books/vercom/contacts", json={"telephone": "1"})).status_code == 422
    strange = await gateway.get("/books", headers={"Host": "evil.example.com"})
    assert strange.status_code == 400


def on_host(gateway: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, str]:
    return {name: value.replace("HOST", gateway.base_url.netloc.decode()) for name, value in headers.items()}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://HOST"},
        {"Origin": "http://evil.example.com"},
        {"Origin": "http://localhost"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
        {"Origin": "https://HOST"},
        {"Origin": "chrome-extension://HOST"},
        {"Origin": "http://HOST/"},
        {"Origin": "http://HOST/path"},
        {"Origin": "http://user@HOST"},
    ],
)
async def test_request_of_other_site_is_refused(gateway: httpx.AsyncClient, headers: dict[str, str]) -> None:
    headers = on_host(gateway, headers)
    for method, path in {
        "POST": "/books/vercom/imports/file",
        "PUT": "/books/vercom/groups/1/contacts/1",
        "PATCH": "/books/vercom/contacts/1",
        "DELETE": "/books/vercom/contacts/1",
    }.items():
        response = await gateway.request(method, path, headers=headers)
        assert (response.status_code, response.json()["detail"]) == (
            403,
            "requests from pages of other sites are refused",
        )
        assert response.headers["x-content-type-options"] == "nosniff"
    assert (await gateway.get("/books", headers=headers)).status_code == 200
    assert (await gateway.head("/static/gateway.js", headers=headers)).status_code == 200
    assert (await gateway.options("/books", headers=headers)).status_code == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://proxied.example.com"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://HOST"},
        {"Host": "LocalHost:8000", "Origin": "http://localhost:8000"},
        {"Host": "localhost:8000", "Origin": "HTTP://LocalHost:8000"},
        {"X-Forwarded-Proto": "https", "Origin": "https://HOST"},
        {},
    ],
)
async def test_request_of_own_page_or_program_is_accepted(gateway: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await gateway.post("/books/vercom/contacts", json=body("vercom"), headers=on_host(gateway, headers))
    assert response.status_code == 201


async def test_every_response_has_headers_for_browsers(gateway: httpx.AsyncClient) -> None:
    responses = [
        await gateway.get("/"),
        await gateway.get("/docs"),
        await gateway.get("/static/gateway.js"),
        await gateway.get("/books"),
        await gateway.get("/nothing"),
        await gateway.get("/books", headers={"Host": "evil.example.com"}),
        await gateway.post("/books/vercom/contacts", headers={"Origin": "null"}),
        await gateway.post("/books/vercom/contacts", content=b"x" * 70_000),
        await gateway.post("/books/vercom/imports", json=[]),
        await gateway.get("/_broken"),
    ]
    assert [response.status_code for response in responses] == [200, 200, 200, 200, 404, 400, 403, 413, 200, 500]
    for response in responses:
        assert response.headers.get_list("x-content-type-options") == ["nosniff"]
        assert response.headers.get_list("content-security-policy") == [
            "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ]


async def test_docs_page_needs_no_other_server(gateway: httpx.AsyncClient) -> None:
    page = (await gateway.get("/docs")).text
    assert "<script" not in page
    assert "//" not in page.replace(f"{gateway.base_url}", "")
    operations = (await gateway.get("/openapi.json")).json()["paths"]
    assert page.count("<details") == sum(len(methods) for methods in operations.values())
    assert "<code>/books/{book}/imports</code>" in page
    assert "application/x-ndjson" in page
    assert (await gateway.get("/redoc")).status_code == 404


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 10_000):
        yield content[at : at + 10_000]


@pytest.mark.parametrize("announced", [True, False])
async def test_request_body_is_limited(gateway: httpx.AsyncClient, announced: bool) -> None:
    async def post(path: str, start: bytes, length: int, media_type: str = "application/json") -> int:
        content = start + b" " * (length - len(start))
        response = await gateway.post(
            path, content=content if announced else in_pieces(content), headers={"content-type": media_type}
        )
        return response.status_code

    person = json.dumps(body("vercom")).encode()
    assert await post("/books/vercom/contacts", person, 65_536) == 201
    assert await post("/books/vercom/contacts", person, 65_537) == 413
    largest = 32 * 1024 * 1024
    assert await post("/books/vercom/imports", b"[]", largest) == 200
    assert await post("/books/vercom/imports", b"[]", largest + 1) == 413
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    assert await post("/books/vercom/imports/file", part, largest + 1, "multipart/form-data; boundary=x") == 413


async def test_import_holds_20_000_people(gateway: httpx.AsyncClient, sandbox: Server) -> None:
    many = b"[" + b"{}," * 3_000_000 + b"{}]"
    listed = await gateway.post("/books/vercom/imports", content=many, headers={"content-type": "application/json"})
    file = ("people.csv", "phone\n" + "+48500600700\n" * 20_001)
    sent = await gateway.post("/books/vercom/imports/file", data={"group": "G"}, files={"file": file})
    for response in (listed, sent):
        assert (response.status_code, response.json()["type"]) == (413, "urn:crossbook:request-too-large")
        assert "20,000" in response.json()["detail"]
    assert sandbox.contacts("vercom") == 0


async def test_import_of_lines(gateway: httpx.AsyncClient) -> None:
    lines = b"\n".join(json.dumps(body("vercom", number)).encode() for number in range(3))
    response = await gateway.post("/books/vercom/imports", content=lines, headers={"content-type": "application/jsonl"})
    assert json.loads(response.text.splitlines()[-1])["summary"]["counts"] == {"created": 3}


async def test_books_health_and_schema(gateway: httpx.AsyncClient) -> None:
    books = (await gateway.get("/books")).json()
    assert [book["name"] for book in books] == list(VENDORS)
    assert books[1]["verbs"]["contacts.unsubscribe"] == "unsupported"
    assert (await gateway.get("/health")).json()["healthy"] is True
    schema = (await gateway.get("/openapi.json")).json()
    assert "502" in schema["paths"]["/books/{book}/contacts/{id}"]["patch"]["responses"]


async def test_page_is_shown_when_vendor_fails(gateway: httpx.AsyncClient, sandbox: Server) -> None:
    sandbox.fault("status", "atom", status=500, count=99)
    response = await gateway.get("/", params={"book": "atom"})
    assert response.status_code == 200
    assert 'class="state bad"' in response.text
    assert 'role="alert"' in response.text
    assert "responds in" in response.text


async def test_page_shows_missing_variables(client: httpx.AsyncClient, tmp_path: Path) -> None:
    with started((*COMMAND, "--live"), {"GATEWAY_JOBS": str(tmp_path)}) as (url, _):
        page = (await client.get(url)).text
        assert "No book is open" in page
        assert "set the environment variable CROSSBOOK_ATOM_TOKEN" in page
        assert (await client.get(f"{url}/books")).json() == []


async def test_command_stops_with_open_page(client: httpx.AsyncClient) -> None:
    with started(COMMAND) as (url, process):
        assert "Anna Sample 0" in (await client.get(f"{url}/?book=serwersms")).text
        async with client.stream("GET", f"{url}/imports/live") as live:
            await anext(live.aiter_lines())
            process.send_signal(signal.SIGINT)
            assert await asyncio.to_thread(process.wait, 60) == 0
        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b'Content-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--x',
        b'Content-Disposition: form-data; name="file"; filename=""\r\n\r\nphone\n+48500600700\r\n--x',
        b'Content-Disposition: form-data; name="File"; filename="a.csv"\r\n\r\nphone\n+48500600700\r\n--x',
        b'Content-Disposition: form-data; name=""; filename="a.csv"\r\n\r\nphone\n+48500600700\r\n--x',
        b'Content-Disposition: form-data; name="file"\r\n\r\nphone\r\n--x',
    ],
)
async def test_import_without_file_is_refused(gateway: httpx.AsyncClient, sandbox: Server, file: bytes) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="group"\r\n\r\nG\r\n--x\r\n' + file
    response = await gateway.post(
        "/books/vercom/imports/file",
        content=form.removesuffix(b"\r\n") + b"--\r\n",
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert (response.status_code, response.json()["field"]) == (422, "file")
    assert sandbox.contacts("vercom") == 0


async def test_import_of_demo_needs_flag(gateway: httpx.AsyncClient, sandbox: Server) -> None:
    form = {"group": "G", "demo": "true"}
    both = await gateway.post(
        "/books/vercom/imports/file", data=form, files={"file": ("people.csv", "phone\n+48500600700\n")}
    )
    assert both.status_code == 422
    assert both.json()["detail"] == "send either a file with a name, or demo=true for the made-up people"
    assert sandbox.contacts("vercom") == 0
    response = await gateway.post("/books/vercom/imports/file", data=form)
    job = await ended(gateway, response.json()["name"])
    assert sum(job["counts"].values()) == 1_000


UNTITLED = {
    "no titles.csv": "Anna Kowalska;+48 500 600 700;anna@example.com\nJan;+48500600701;jan@example.com\n",
    "names.csv": "Anna,Kowalska\nJan,Nowak\n",
    "late key.jsonl": '{"phone": "+48500600701"}\n' * 200 + '{"Anna Kowalska": "+48500600700"}\n',
    "not a card.vcf": "Anna Kowalska;+48 500 600 700\n",
}


@pytest.mark.parametrize("name", UNTITLED)
async def test_person_in_place_of_titles_not_shown(gateway: httpx.AsyncClient, name: str) -> None:
    response = await gateway.post(
        "/books/vercom/imports/file", data={"group": "G"}, files={"file": (name, UNTITLED[name])}
    )
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert [part for part in ("Anna", "Kowalska", "600", "anna@") if part in response.text] == []
