"""Transports by name: an unknown name and a missing extra have clear errors."""

from __future__ import annotations

import sys

import pytest

import crossbook
from crossbook import _transports
from crossbook.errors import InvalidInputError

ORIGIN = "http://127.0.0.1:9"


def test_unknown_transport_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="httpx2") as caught:
        _transports.make_transport("urllib", ORIGIN, 1)
    assert caught.value.field == "transport"


@pytest.mark.parametrize("name", [name for name in _transports.NAMES if name != "httpx"])
def test_missing_extra_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"crossbook._transports.{name}", raising=False)
    with pytest.raises(InvalidInputError) as caught:
        _transports.make_transport(name, ORIGIN, 1)
    assert f"pip install 'crossbook[{_transports.EXTRAS[name]}]'" in str(caught.value)
    assert caught.value.field == "transport"


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_unreadable_base_url_is_refused(name: str) -> None:
    pytest.importorskip(name)
    with pytest.raises(InvalidInputError, match="not a URL") as caught:
        crossbook.Vercom("fake-authorization", "fake-key", base_url="https://1.2.3.999", transport=name)  # type: ignore[arg-type]
    assert caught.value.field == "base_url"
