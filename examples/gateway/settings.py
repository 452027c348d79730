"""The settings, and the books of the environment's credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

import crossbook
from crossbook import AddressBook, InvalidInputError

Vendor = Literal["serwersms", "atom", "filemail", "vercom"]


class Settings(BaseSettings):
    """The gateway's settings: GATEWAY_ROWS, GATEWAY_RATES='{"atom": 5}' … in the environment.

    Credentials are not among them: each book reads its vendor's variables itself, and they are kept nowhere else.
    """

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    books: tuple[Vendor, ...] = ("serwersms", "atom", "filemail", "vercom")
    rates: dict[Vendor, float] = {}
    timeout: Annotated[float, Field(gt=0, description="seconds for a call to a vendor, repeats included")] = 20
    rows: Annotated[int, Field(ge=1, le=500, description="contacts on a page")] = 15
    largest_import: Annotated[int, Field(ge=1, description="people in one import")] = 20_000
    jobs: Annotated[Path, Field(description="a local folder for background imports, with the uploaded files")] = Path(
        "gateway-imports"
    )
    hosts: list[str] = ["localhost", "127.0.0.1"]


def accounts(settings: Settings) -> tuple[dict[str, AddressBook], dict[str, str]]:
    """Return the books that can be opened, and the reasons of the others, by name."""
    found: dict[str, AddressBook] = {}
    missing: dict[str, str] = {}
    for name in settings.books:
        options: dict[str, Any] = {"timeout": settings.timeout, "rate": settings.rates.get(name)}
        try:
            found[name] = crossbook.open(name, **options)
        except InvalidInputError as error:
            missing[name] = error.message
    return found, missing
