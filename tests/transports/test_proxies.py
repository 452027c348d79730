"""The environment's proxies, plain and tunnelled: they are used, and see no secret of ours."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable

import pytest
import trustme
from prepared_requests import Make, answered, call, failed
from proxy import proxying, tunnel
from server import Behaviour, Peer, answering, closed_port, reply, serve

from crossbook.errors import InvalidInputError

pytestmark = pytest.mark.anyio

VENDOR = "http://vendor.example.com:8080"
TARGET = b"/api/contacts/get?logintoken=0123456789abcdef&x=%2f"
KEYS = ((b"Authorization", b"fake-authorization"), (b"Application-Key", b"fake-key"))


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_proxy_forwards_plain_http(make: Make, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with serve(proxying) as proxy:
        monkeypatch.setenv(variable, proxy.origin)
        transport = make(VENDOR)
        for _ in range(2):
            answered(await transport.send(call(VENDOR, TARGET, headers=KEYS)))
        assert [seen.target for seen in proxy.seen] == [VENDOR.encode() + TARGET] * 2
        assert proxy.seen[0].header(b"host") == b"vendor.example.com:8080"


async def test_proxy_without_scheme_is_plain_http(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(proxying) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin.removeprefix("http://"))
        answered(await make(VENDOR).send(call(VENDOR, TARGET)))
        assert [seen.target for seen in proxy.seen] == [VENDOR.encode() + TARGET]


@pytest.mark.parametrize("without", ["127.0.0.1", "*", "example.com,127.0.0.1"])
async def test_no_proxy_is_honoured(make: Make, monkeypatch: pytest.MonkeyPatch, without: str) -> None:
    with serve(proxying) as proxy, serve(answering()) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        monkeypatch.setenv("NO_PROXY", without)
        answered(await make(server.origin).send(call(server.origin)))
        assert (len(server.seen), proxy.accepted) == (1, 0)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
async def test_tunnel_shows_the_proxy_the_host_only(
    make: Make, certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with serve(proxying) as proxy, serve(answering(), certified) as server:
        monkeypatch.setenv(variable, proxy.origin.replace("http://", "http://user:proxy-password@"))
        transport = make(server.origin)
        for _ in range(3):
            answered(await transport.send(call(server.origin, TARGET, headers=KEYS)))
        assert [(seen.method, seen.target) for seen in proxy.seen] == [(b"CONNECT", server.origin[8:].encode())]
        assert proxy.seen[0].header(b"proxy-authorization")
        assert not [value for _, value in proxy.seen[0].headers if b"fake-" in value or b"logintoken" in value]
        assert [seen.target for seen in server.seen] == [TARGET] * 3
        assert not [seen for seen in server.seen if seen.header(b"proxy-authorization")]


@pytest.mark.usefixtures("trusted")
async def test_proxy_over_tls(make: Make, certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(proxying, certified) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        answered(await make(VENDOR).send(call(VENDOR, TARGET)))
        assert [seen.target for seen in proxy.seen] == [VENDOR.encode() + TARGET]


def refusing(refuse: Callable[[Peer], object]) -> Behaviour:
    return lambda peer: peer.request() and refuse(peer)


REFUSALS: dict[str, Behaviour] = {
    "407": refusing(lambda peer: peer.send(reply(b"who are you?", "407 Proxy Authentication Required"))),
    "503": refusing(lambda peer: peer.send(reply(b"", "503 Service Unavailable"))),
    "garbage": refusing(lambda peer: peer.send(b"\0\1\2\r\n\r\n")),
    "reset": refusing(Peer.reset),
    "closed": refusing(lambda peer: None),
    "silence": refusing(Peer.until_gone),
}


@pytest.mark.parametrize("refusal", [*REFUSALS, "not listening"])
async def test_failed_proxy_means_never_sent(make: Make, monkeypatch: pytest.MonkeyPatch, refusal: str) -> None:
    with serve(REFUSALS.get(refusal, answering())) as proxy:
        there = proxy.origin if refusal in REFUSALS else f"http://127.0.0.1:{closed_port()}"
        monkeypatch.setenv("HTTPS_PROXY", there)
        transport = make("https://vendor.example.com", 1)
        times = dict.fromkeys(("connect_timeout", "read_timeout"), 0.1) if refusal == "silence" else {}
        for _ in range(3):
            request = call("https://vendor.example.com", TARGET, headers=KEYS, **times)
            failure = failed(await transport.send(request))
            assert (failure.kind, failure.sent) == ("connect", "no"), failure
        assert proxy.wait_open(0)


@pytest.mark.usefixtures("trusted")
async def test_tunnel_to_invalid_certificate_means_never_sent(
    make_own: Make, certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it fails, no capacity is lost."""
    strange = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(strange)
    honest = threading.Event()

    with serve(answering(), strange) as other, serve(answering(), certified) as server:

        def behave(peer: Peer) -> None:
            peer.request()
            tunnel(peer, server.port if honest.is_set() else other.port)

        with serve(behave) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.origin)
            transport = make_own(server.origin, 1)
            for _ in range(10):
                failure = failed(await transport.send(call(server.origin)))
                assert (failure.kind, failure.sent) == ("connect", "no"), failure
            assert proxy.wait_open(0)
            honest.set()
            answered(await transport.send(call(server.origin)))
            assert not other.seen


@pytest.mark.parametrize("url", ["ftp://user:proxy-password@proxy.example.com", "http://user:proxy-password@[::1"])
async def test_invalid_proxy_error_hides_the_password(
    make_own: Make, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(InvalidInputError, match="proxy") as caught:
        make_own("https://vendor.example.com")
    assert "proxy-password" not in f"{caught.value!r}{vars(caught.value)}"
    assert caught.value.__cause__ is None


async def test_socks_proxy_error_names_the_extra(make_own: Make, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:proxy-password@127.0.0.1:9")
    wanted = "HTTP proxy" if name == "aiohttp" else rf"pip install '{name}\[socks\]'"
    with pytest.raises(InvalidInputError, match=wanted):
        make_own("https://vendor.example.com")
