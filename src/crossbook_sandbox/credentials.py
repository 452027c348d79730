"""The fixed, made-up credentials of the accounts, in the vendors' formats."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

SERWERSMS = {"username": "sandbox", "password": "sandbox-password-of-serwersms", "token": "5a4db0c5" * 4}
ATOM = {"token": "sandbox-token-of-atom"}
FILEMAIL = {
    "username": "sandbox@example.com",
    "password": "sandbox-password-of-filemail",
    "api_key": "sandbox-api-key-of-filemail",
}
VERCOM = {"authorization": "sandbox0" * 16, "application_key": "SandboxApplicationKey0OfVercom", "brand": "redlink"}

CREDENTIALS = {"serwersms": SERWERSMS, "atom": ATOM, "filemail": FILEMAIL, "vercom": VERCOM}
_ACCOUNT = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def make_credentials(vendor: str, account: str) -> dict[str, str]:
    """Return the credentials of a further account, always the same, in the formats of the vendor's first account.

    Args:
        vendor: The vendor's name.
        account: The account's name, for instance `"eu"`.

    Raises:
        ValueError: The name is not made of small letters, digits and dashes, or is the name of a vendor.
    """
    if vendor not in CREDENTIALS:
        raise ValueError(f"vendor must be one of {', '.join(CREDENTIALS)}")
    if not _ACCOUNT.fullmatch(account) or account in CREDENTIALS or len(account) > 40:
        raise ValueError(
            f"{account[:50]!r} cannot be the name of an account: take small letters, digits and dashes, such as eu,"
            " and no name of a vendor"
        )
    return {name: _change(value, name, vendor, account) for name, value in CREDENTIALS[vendor].items()}


def _change(value: str, name: str, vendor: str, account: str) -> str:
    if name == "brand":
        return value
    if value.isalnum() and name != "username":  # a key of a fixed length
        return hashlib.sha512(f"{vendor} {account} {name}".encode()).hexdigest()[: len(value)]
    local, at, domain = value.partition("@")
    return f"{local}-{account}{at}{domain}"


def environment(base_urls: Mapping[str, str], accounts: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment variables from which crossbook opens these accounts.

    Args:
        base_urls: The base URLs by vendor name.
        accounts: The vendors of further accounts, by account name.

    Example:
        `environment({"atom": "http://127.0.0.1:8080/atom"})["CROSSBOOK_ATOM_TOKEN"]`
    """
    values: dict[str, str] = {}
    for vendor, base_url in base_urls.items():
        prefix = f"CROSSBOOK_{vendor.upper()}_"
        values |= {prefix + name.upper(): value for name, value in CREDENTIALS[vendor].items()}
        values[prefix + "BASE_URL"] = base_url
        values[prefix + "ACCOUNT"] = "sandbox"
    for account, vendor in (accounts or {}).items():
        prefix = f"CROSSBOOK_{account.upper().replace('-', '_')}_"
        values |= {prefix + name.upper(): value for name, value in make_credentials(vendor, account).items()}
        values |= {prefix + "VENDOR": vendor, prefix + "BASE_URL": base_urls[vendor], prefix + "ACCOUNT": account}
    return values
