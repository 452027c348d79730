"""`http_client=`: somebody else's client does as its owner wants, as long as the request arrives as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

import pytest
from calls import Make, answered, call, failed
from conftest import needs
from crossbook import transports
from crossbook.errors import InvalidInput, UsageError
from server import answering, reply, serve

pytestmark = pytest.mark.anyio

TARGET = b"/v2.1/contact?email=anna%40example.com"


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest, anyio_backend_name: str) -> Any:
    needs(request.param, anyio_backend_name)
    return import_module(request.param)
