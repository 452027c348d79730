"""One sandbox in a separate process for all tests here. Each test starts with new accounts."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from crossbook_sandbox import Running, running


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Running]:
    with running(rates={}) as opened:
        yield opened


@pytest.fixture(scope="session")
def control(sandbox: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{sandbox.url}/_sandbox", timeout=60) as client:
        yield client


@pytest.fixture(autouse=True)
def fresh_accounts(control: httpx.Client) -> None:
    control.post("/reset").raise_for_status()


@pytest.fixture(scope="session")
def serwersms(sandbox: Running) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.credentials['serwersms']['token']}"}
    with httpx.Client(base_url=sandbox.base_urls["serwersms"], headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def atom(sandbox: Running) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.credentials['atom']['token']}"}
    with httpx.Client(base_url=sandbox.base_urls["atom"], headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def filemail_client(sandbox: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{sandbox.base_urls['filemail']}/api", timeout=60) as client:
        yield client


@pytest.fixture
def filemail(filemail_client: httpx.Client, sandbox: Running, fresh_accounts: None) -> httpx.Client:
    account = sandbox.credentials["filemail"]
    login = {"username": account["username"], "password": account["password"], "source": "Web"}
    filemail_client.params = httpx.QueryParams()
    token = filemail_client.get("/authentication/login", params=login).json()["logintoken"]
    filemail_client.params = httpx.QueryParams(logintoken=token)
    return filemail_client


@pytest.fixture(scope="session")
def vercom(sandbox: Running) -> Iterator[httpx.Client]:
    account = sandbox.credentials["vercom"]
    headers = {"Authorization": account["authorization"], "Application-Key": account["application_key"]}
    with httpx.Client(base_url=f"{sandbox.base_urls['vercom']}/v2.1", headers=headers, timeout=60) as client:
        yield client
