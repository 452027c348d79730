"""`ImportBody`: read contacts from a request body within limits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI
from serving import serving

import crossbook.fastapi
from crossbook import Contact
from crossbook.fastapi import ImportBody

LONGEST = 65_536  # characters of a contact
PRIVATE = ("+48500600700", "anna@example.com", "Kowalska")
NEIGHBOUR = json.dumps({"phone": PRIVATE[0], "email": PRIVATE[1], "last_name": PRIVATE[2]}).encode()

pytestmark = pytest.mark.asyncio


def application(**limits: int) -> FastAPI:
    app = FastAPI()
    crossbook.fastapi.install(app)

    @app.post("/")
    async def read(body: ImportBody) -> list[Contact]:
        return await body.read(**limits)

    return app


class Pieces:
    """A body in pieces; counts how many pieces were read."""

    def __init__(self, body: bytes, size: int) -> None:
        self._pieces = [body[at : at + size] for at in range(0, len(body), size)]
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece


async def post(
    body: bytes | Pieces, media_type: str | None = "application/json", *, length: int | None = None, **limits: int
) -> httpx.Response:
    headers = {"content-type": media_type} if media_type is not None else {}
    if length is not None:
        headers["content-length"] = str(length)
    transport = httpx.ASGITransport(application(**limits))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        content = body if isinstance(body, bytes) else aiter(body)
        return await client.post("/", content=content, headers=headers)


def phones(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [contact["phone"] for contact in response.json()]


def problem(response: httpx.Response, status: int, kind: str) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    members = response.json()
    assert (response.status_code, members["status"], members["type"]) == (status, status, f"urn:crossbook:{kind}")
    return str(members["detail"])


@pytest.mark.parametrize("size", [1, 7, 1000, 65_536, 10_000_000])
@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson", "application/jsonl"])
async def test_import_body_reads_pieces_of_any_size(size: int, media_type: str) -> None:
    many = 20 if size < 1000 else 5_000
    texts = [json.dumps({"phone": f"+485006{number:05d}", "first_name": "Ł[},\\"}) for number in range(many)]
    body = " [" + " ,\n".join(texts) + "\t]\r\n" if media_type == "application/json" else "\n\n".join(texts)
    found = await post(Pieces(body.encode(), size), f"{media_type}; charset=utf-8")
    assert phones(found) == [f"+485006{number:05d}" for number in range(many)]


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"[]", "application/json"),
        (b" [ \n] ", "APPLICATION/JSON"),
        (b"", "application/jsonl"),
        (b"\n", "application/jsonl"),
    ],
)
async def test_import_body_may_be_empty(body: bytes, media_type: str) -> None:
    assert phones(await post(body, media_type)) == []


async def test_import_body_ignores_byte_order_mark() -> None:
    assert phones(await post(b"\xef\xbb\xbf[" + NEIGHBOUR + b"]")) == [PRIVATE[0]]


async def test_announced_body_too_long_is_not_read() -> None:
    body = Pieces(b"[" + NEIGHBOUR + b"]", 10)
    detail = problem(await post(body, length=100, max_bytes=99), 413, "request-too-large")
    assert detail == "the body is longer than 99 bytes: send it in several requests"
    assert body.taken == 0


async def test_announced_length_has_any_number_of_digits() -> None:
    for digits in ("9" * 5_000, "1" + "0" * 400):
        headers = {"content-type": "application/json", "content-length": digits}
        transport = httpx.ASGITransport(application())
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            response = await client.post("/", content=b"[]", headers=headers)
        problem(response, 413, "request-too-large")


async def test_body_is_read_once() -> None:
    app = FastAPI()
    crossbook.fastapi.install(app)

    @app.post("/")
    async def read(body: ImportBody) -> list[Contact]:
        await body.read()
        return await body.read()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        response = await client.post("/", json=[])
    detail = problem(response, 500, "usage")
    assert detail == "a body can be read once: keep the contacts that read() returned"


async def test_body_too_long_is_read_to_limit() -> None:
    body = Pieces(b" " * 1000, 10)
    problem(await post(body, max_bytes=99), 413, "request-too-large")
    assert body.taken == 10
    body = b"[" + NEIGHBOUR + b"]"
    assert phones(await post(body, max_bytes=len(body))) == [PRIVATE[0]]
    assert (await post(Pieces(body, 10), max_bytes=len(body))).status_code == 200
    assert (await post(Pieces(body, 10), max_bytes=len(body) - 1)).status_code == 413


async def test_too_many_contacts_are_not_read() -> None:
    body = Pieces(b"[" + b"{}," * 4_000_000 + b"{}]", 65_536)
    detail = problem(await post(body), 413, "request-too-large")
    assert detail == "the body has more than 20,000 contacts: send it in several requests"
    assert body.taken <= 3
    assert len((await post(b"[{}]", max_items=1, max_bytes=4)).json()) == 1
    assert (await post(b"", "application/jsonl", max_bytes=1)).json() == []
    assert len((await post(b"[{},{}]", max_items=2)).json()) == 2
    assert (await post(b"[{},{},{}]", max_items=2)).status_code == 413


@pytest.mark.parametrize("limits", [{"max_bytes": 0}, {"max_items": 0}])
async def test_limit_below_one_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(limits))} must be at least 1"):
        await post(b"[]", **limits)


@pytest.mark.parametrize("before", [0, 1, 700])
@pytest.mark.parametrize("size", [1000, 65_536, 10_000_000])
async def test_contact_has_longest_length(before: int, size: int) -> None:
    def body(longest: int) -> Pieces:
        contact = json.dumps({"phone": "9" * (longest - 13)}).encode()
        assert len(contact) == longest
        return Pieces(b"[" + (NEIGHBOUR + b",") * before + contact + b"," + NEIGHBOUR + b"]", size)

    assert len(phones(await post(body(LONGEST)))) == before + 2
    detail = problem(await post(body(LONGEST + 1)), 422, "invalid-input")
    assert detail.startswith(f"body.{before}: must ")
    assert detail.endswith("at most 65,536 characters")


DEEP = b"[" * 33 + b"]" * 33


@pytest.mark.parametrize(
    ("contact", "message"),
    [
        (b'{"phone": NaN}', "body.1: must not contain NaN, Infinity or a number above 1.8e308"),
        (b'{"fields": {"a": [Infinity]}}', "body.1: must not contain NaN, Infinity or a number above 1.8e308"),
        (b'{"fields": {"a": -Infinity}}', "body.1: must not contain NaN, Infinity or a number above 1.8e308"),
        (b'{"fields": {"a": 1e999}}', "body.1: must not contain NaN, Infinity or a number above 1.8e308"),
        (b'{"phone": "1", "phone": "2"}', "body.1: must not name a key twice"),
        (b'{"fields": {"a": 1, "a": 1}}', "body.1: must not name a key twice"),
        (b'{"phone": "\\ud800"}', "body.1: must not contain half of a surrogate pair"),
        (b'{"fields": {"a": ["\\udfff"]}}', "body.1: must not contain half of a surrogate pair"),
        (b'{"fields": {"\\ud800": 1}}', "body.1: must not contain half of a surrogate pair"),
        (b'{"fields": {"a": %b}}' % DEEP, "body.1: must not be nested deeper than 32 levels"),
        (b'{"fields": {"a": %b}}' % (b'{"a":' * 100_000), "body.1: must not be nested deeper than 32 levels"),
        (b'{"fields": {"a": %b}}' % (b"1" * 5_000), "body.1: must be valid JSON of at most 65,536 characters"),
        (b'{"phone": "1"', "body.1: must be valid JSON of at most 65,536 characters"),
        (b"{'phone': 1}", "body.1: must be valid JSON of at most 65,536 characters"),
        (b'{"phone": "\n"}', "body.1: must be valid JSON of at most 65,536 characters"),
        (b"17", "body.1: Input should be a dictionary or an instance of Contact"),
        (b'{"phone": 17}', "body.1.phone: Input should be a valid string"),
        (b'{"telephone": "17"}', "body.1.telephone: Unexpected keyword argument"),
        (b'{"Kowalska, Anna": "17"}', "body.1.\u2026: Unexpected keyword argument"),
        (b'{"Kowalska": "17"}', "body.1.\u2026: Unexpected keyword argument"),
        (b'{"created_at": "yesterday"}', "body.1.created_at: is not valid (datetime_from_date_parsing)"),
        (b'{"phone": "\xff"}', "the body must be text in UTF-8"),
        (b'{"phone": "\xed\xa0\x80"}', "the body must be text in UTF-8"),
    ],
)
async def test_invalid_contact_is_problem_without_values(
    contact: bytes, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    for media_type, body in {
        "application/json": b"[%b,%b]" % (NEIGHBOUR, contact),
        "application/jsonl": b"%b\n%b\n" % (NEIGHBOUR, contact),
    }.items():
        for pieces in (body, Pieces(body, 1000)):
            response = await post(pieces, media_type)
            assert problem(response, 422, "invalid-input") == message
            assert not any(value in response.text + caplog.text for value in (*PRIVATE, "yesterday", "17"))


async def test_contact_has_32_levels() -> None:
    # The contact, its fields, and 30 lists below them.
    value: Any = "x"
    for _ in range(31):
        value = [value]
    body = json.dumps([{"fields": {"a": value}}])
    assert (await post(body.encode())).status_code == 422
    response = await post(json.dumps([{"fields": {"a": value[0]}}]).encode())
    assert response.json()[0]["fields"] == {"a": value[0]}


def of_values(number: int, value: str = "1") -> bytes:
    """Return a contact with `number` values: a name, the extra fields, one of them, and its items."""
    items = ",".join([value] * (number - 3))
    return ('{"fields": {"\\\\[{,": [' + items + ']}, "first_name": ",[{\\",[{"}').encode()


@pytest.mark.parametrize("size", [1000, 10_000_000])
async def test_contact_has_1000_values(size: int) -> None:
    async def read(*contacts: bytes) -> httpx.Response:
        return await post(Pieces(b"[" + b",".join(contacts) + b"]", size))

    assert len(phones(await read(NEIGHBOUR, of_values(1_000), NEIGHBOUR))) == 3
    for contact in (of_values(1_001), of_values(21_000, "[]"), of_values(21_000)):
        response = await read(NEIGHBOUR, contact, NEIGHBOUR)
        assert problem(response, 422, "invalid-input") == "body.1: must have at most 1,000 values"


async def test_values_are_counted_before_any_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    decode = json.JSONDecoder.raw_decode

    def watched(self: json.JSONDecoder, text: str, at: int = 0) -> Any:
        found = decode(self, text, at)
        decoded.append(found[1] - at)
        return found

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", watched)
    for contact in (
        of_values(21_000, "[]"),
        b'{"fields": {"a": ["' + b"a" * 65_536 + b'",' + b"[]," * 900_000 + b"1]}}",
    ):
        decoded.clear()
        assert (await post(b"[" + contact + b"]")).status_code == 422
        assert max(decoded, default=0) < 1000  # the JSON of the response


async def test_contacts_have_50_values_on_average() -> None:
    many = b"[" + b",".join([of_values(500)] * 2) + b"]"
    assert len((await post(many, max_items=20)).json()) == 2
    assert (await post(many, max_items=19)).status_code == 200  # never less than 1,000
    many = b"[" + b",".join([of_values(550)] * 2) + b"]"
    assert len((await post(many, max_items=22)).json()) == 2
    detail = problem(await post(many, max_items=21), 413, "request-too-large")
    assert detail == "the body has more than 1,050 values: send it in several requests"


async def test_lists_in_lists_do_not_fill_memory() -> None:
    body = Pieces(b"[" + b",".join([of_values(400, "[]")] * 10_000) + b"]", 65_536)
    detail = problem(await post(body), 413, "request-too-large")
    assert detail == "the body has more than 1,000,000 values: send it in several requests"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "expected [ at its end"),
        (b"{}", "expected [ after 0 contacts"),
        (b"null", "expected [ after 0 contacts"),
        (b"[", "expected item or ] at its end"),
        (b"[{}", "expected , or ] at its end"),
        (b"[{},", "expected item at its end"),
        (b"[{} {}]", "expected , or ] after 1 contact"),
        (b"[{}}", "expected , or ] after 1 contact"),
        (b"[{}][{}]", "expected end after 1 contact"),
        (b"[{},{}] {}", "expected end after 2 contacts"),
        (b"[{}],", "expected end after 1 contact, found ,"),
        (b"[,{}]", "expected item or ] after 0 contacts, found ,"),
        (b"[{},]", "expected item after 1 contact, found ]"),
        (b"[{},,{}]", "expected item after 1 contact, found ,"),
    ],
)
async def test_body_must_be_one_list(body: bytes, message: str) -> None:
    detail = problem(await post(body), 422, "invalid-input")
    assert detail == f"the body must be a JSON list: {message}"


async def test_lines_hold_one_contact_each() -> None:
    detail = problem(await post(b"{}\n{} {}\n", "application/jsonl"), 422, "invalid-input")
    assert detail == "body.1: must be the only value on its line"
    assert len((await post(b"{} \t\r\n{}", "application/jsonl")).json()) == 2
    assert "must be valid JSON" in problem(await post(b",\n{}", "application/jsonl"), 422, "invalid-input")
    list_of_one = await post(b"[{}]", "application/jsonl")
    assert "body.0: Input should be a dictionary" in problem(list_of_one, 422, "invalid-input")


@pytest.mark.parametrize("size", [1, 1000, 65_536, 1_000_000])
async def test_line_ends_behind_any_space(size: int) -> None:
    async def read(space: bytes) -> httpx.Response:
        return await post(Pieces(b"{}" + space + b"{}" + space, size), "application/jsonl")

    space = b" " * (1_000 if size == 1 else 200_000)
    detail = problem(await read(space), 422, "invalid-input")
    assert detail == "body.0: must be the only value on its line"
    for lines in (space + b"\n", b"\n" + space, space + b"\r\n" + space):
        assert len((await read(lines)).json()) == 2


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 422), ("br", 422), ("identity", 200), (" Identity", 200)])
async def test_compressed_body_is_refused(encoding: str, status: int) -> None:
    headers = {"content-type": "application/json", "content-encoding": encoding}
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        response = await client.post("/", content=b"[]", headers=headers)
    assert response.status_code == status
    if status == 422:
        detail = problem(response, 422, "invalid-input")
        assert detail == "Content-Encoding must be identity: send the body uncompressed"


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml"])
async def test_other_content_type_is_refused(media_type: str | None) -> None:
    response = await post(b"[]", media_type)
    detail = problem(response, 422, "invalid-input")
    assert detail == "Content-Type must be one of application/json, application/x-ndjson, application/jsonl"
    assert response.json()["field"] == "Content-Type"


@pytest.mark.parametrize(("sent", "decoded"), [(30_000, 90_000), (65_536, 65_536)])
async def test_body_is_decoded_in_threads_by_pieces(sent: int, decoded: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    run = anyio.to_thread.run_sync

    async def watched(call: Callable[[bytes], None], data: bytes) -> None:
        sizes.append(len(data))
        await run(call, data)

    monkeypatch.setattr(anyio.to_thread, "run_sync", watched)
    body = b"[" + b",".join([NEIGHBOUR] * 15_000) + b"]"
    await post(Pieces(body, sent))
    assert sum(sizes) == len(body)
    assert len(sizes) == len(body) // decoded + 1
    assert set(sizes[:-1]) == {decoded}


async def test_client_gone_in_body_is_no_error() -> None:
    sent: list[dict[str, Any]] = []
    messages = [{"type": "http.request", "body": b"[", "more_body": True}, {"type": "http.disconnect"}]
    scope = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await application()(scope, receive, send)
    assert sent[0]["status"] == 400


@pytest.mark.parametrize("length", [True, False])
async def test_client_that_still_sends_reads_413(client: httpx.AsyncClient, length: bool) -> None:
    body = b"[" + b" " * 20_000_000 + b"]"
    with serving(application()) as url:
        response = await client.post(
            url, content=body if length else aiter(Pieces(body, 65_536)), headers={"content-type": "application/json"}
        )
        problem(response, 413, "request-too-large")


async def test_import_body_is_in_openapi() -> None:
    schema = application().openapi()
    operation = schema["paths"]["/"]["post"]
    content = operation["requestBody"]["content"]
    assert list(content) == ["application/json", "application/x-ndjson", "application/jsonl"]
    assert content["application/json"]["schema"]["type"] == "array"
    assert content["application/json"]["schema"]["items"] == content["application/jsonl"]["schema"]
    assert "phone" in content["application/jsonl"]["schema"]["properties"]
    assert sorted(operation["responses"]) == ["200", "413", "422"]
    reference = {"$ref": "#/components/schemas/CrossbookProblem"}
    for status in ("413", "422"):
        assert operation["responses"][status]["content"] == {"application/problem+json": {"schema": reference}}
