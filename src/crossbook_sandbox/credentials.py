"""The fixed, made-up credentials of the accounts, in the vendors' formats."""

from __future__ import annotations

SERWERSMS = {"username": "sandbox", "password": "sandbox-password-of-serwersms", "token": "5a4db0c5" * 4}
ATOM = {"token": "sandbox-token-of-atom"}
FILEMAIL = {
    "username": "sandbox@example.com",
    "password": "sandbox-password-of-filemail",
    "api_key": "sandbox-api-key-of-filemail",
}
VERCOM = {"authorization": "sandbox0" * 16, "application_key": "sandbox-application-key-of-vercom", "brand": "redlink"}

CREDENTIALS = {"serwersms": SERWERSMS, "atom": ATOM, "filemail": FILEMAIL, "vercom": VERCOM}


def environment(base_urls: dict[str, str]) -> dict[str, str]:
    """Return the environment variables from which crossbook opens these accounts.

    Args:
        base_urls: The base URLs by vendor name.

    Example:
        `environment({"atom": "http://127.0.0.1:8080/atom"})["CROSSBOOK_ATOM_TOKEN"]`
    """
    values: dict[str, str] = {}
    for vendor, base_url in base_urls.items():
        prefix = f"CROSSBOOK_{vendor.upper()}_"
        values |= {prefix + name.upper(): value for name, value in CREDENTIALS[vendor].items()}
        values[prefix + "BASE_URL"] = base_url
        values[prefix + "ACCOUNT"] = "sandbox"
    return values
