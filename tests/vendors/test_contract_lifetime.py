"""The lifetime of a book: no credentials in reprs and pickles, and the default address."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
from control import Server

from crossbook import AddressBook, InvalidInputError
from crossbook.registry import load_vendor
from crossbook.vendor import VendorProfile

pytestmark = pytest.mark.anyio

Make = Callable[..., AddressBook]


async def test_repr_and_pickle_hide_credentials(make_book: Make, server: Server, profile: VendorProfile) -> None:
    book = make_book()
    for text in (repr(book), str(book), repr(book.contacts), repr(vars(book))):
        for secret in server.credentials[profile.vendor].values():
            assert secret == "redlink" or secret not in text
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(book)


async def test_default_base_url(vendor: str, server: Server) -> None:
    urls = {
        "serwersms": {"": "https://api2.serwersms.pl"}, "atom": {}, "filemail": {"": "https://www.filemail.com"},
        "vercom": {
            "emaillabs": "https://api.emaillabs.io", "messageflow": "https://api.messageflow.com",
            "redlink": "https://api.redlink.pl",
        },
    }  # fmt: skip
    assert load_vendor(vendor).profile.base_urls == urls[vendor]
    for brand, url in urls[vendor].items():
        chosen = {**server.credentials[vendor], **({"brand": brand} if brand else {})}
        assert url in repr(load_vendor(vendor)(**chosen))
    if not urls[vendor]:
        with pytest.raises(InvalidInputError, match="base_url"):
            load_vendor(vendor)(**server.credentials[vendor])
