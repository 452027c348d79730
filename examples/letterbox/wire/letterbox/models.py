"""Letterbox: models of requests and responses, with the field names of the API.

Fields of responses accept any JSON scalar. Their docstrings have the documented type.

Written from specs/letterbox.yaml, never by hand.
"""

from __future__ import annotations

from typing import Any

from attrs import define
from crossbook_wire.http import Model, RenamedModel
from msgspec import UNSET, UnsetType


class Addressee(
    RenamedModel,
    kw_only=True,
    rename={
        "address": "@id",
        "first_name": "first-name",
        "last_name": "last-name",
        "from_": "from",
        "class_": "class",
    },
):
    """An addressee as the vendor stores it.

    Evidence: documented.
    """

    address: str | int | float | bool | None | UnsetType = UNSET
    """The e-mail address. Text."""

    first_name: str | int | float | bool | None | UnsetType = UNSET
    """The first name. Text or null."""

    last_name: str | int | float | bool | None | UnsetType = UNSET
    """The last name. Text or null."""

    phone: str | int | float | bool | None | UnsetType = UNSET
    """The phone in E.164. Text or null."""

    from_: str | int | float | bool | None | UnsetType = UNSET
    """The company. Text or null."""

    class_: str | int | float | bool | None | UnsetType = UNSET
    """The class of the postage. Text or null."""


class AddresseeChanges(
    RenamedModel,
    kw_only=True,
    rename={
        "address": "@id",
        "first_name": "first-name",
        "last_name": "last-name",
        "from_": "from",
        "class_": "class",
    },
):
    """The changed properties of an addressee.

    Evidence: documented.
    """

    address: str | UnsetType = UNSET
    """The new e-mail address. Text, at most 120 characters."""

    first_name: str | None | UnsetType = UNSET
    """The first name. Text or null, at most 40 characters."""

    last_name: str | None | UnsetType = UNSET
    """The last name. Text or null, at most 40 characters."""

    phone: str | None | UnsetType = UNSET
    """The phone in E.164. Text or null, at most 20 characters."""

    from_: str | None | UnsetType = UNSET
    """The company. Text or null, at most 60 characters."""

    class_: str | None | UnsetType = UNSET
    """The class of the postage. Text or null, at most 20 characters."""


class AddresseePage(RenamedModel, kw_only=True, rename={"items": "@items"}):
    """A page of addressees.

    Evidence: documented.
    """

    items: list[Addressee | list[Any] | None] | None | UnsetType = UNSET
    """The page. List."""


class Failure(RenamedModel, kw_only=True, rename={"error": "@error"}):
    """The reason of a failure.

    Evidence: documented.
    """

    error: str | int | float | bool | None | UnsetType = UNSET
    """The error code. Text."""

    detail: str | int | float | bool | None | UnsetType = UNSET
    """What is wrong. Text."""

    property: str | int | float | bool | None | UnsetType = UNSET
    """The property that was refused. Text or null."""


class NewAddressee(
    RenamedModel,
    kw_only=True,
    rename={
        "address": "@id",
        "first_name": "first-name",
        "last_name": "last-name",
        "from_": "from",
        "class_": "class",
    },
):
    """An addressee to be added.

    Evidence: documented.
    """

    address: str
    """The e-mail address. Text, at most 120 characters."""

    first_name: str | UnsetType = UNSET
    """The first name. Text, at most 40 characters."""

    last_name: str | UnsetType = UNSET
    """The last name. Text, at most 40 characters."""

    phone: str | UnsetType = UNSET
    """The phone in E.164. Text, at most 20 characters."""

    from_: str | UnsetType = UNSET
    """The company. Text, at most 60 characters."""

    class_: str | UnsetType = UNSET
    """The class of the postage. Text, at most 20 characters."""


@define(kw_only=True, repr=False)
class OneAddressee(Model):
    """One addressee.

    Evidence: documented.
    """

    addressee: Addressee | list[Any] | None | UnsetType = UNSET
    """An addressee as the vendor stores it."""
