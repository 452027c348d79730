"""Letterbox: models of requests and responses, with the field names of the API.

`Received[…]` is the spec's type for a type checker. The decoder accepts odd values in its place, and a missing field is
UNSET.

Written from specs/letterbox.yaml, never by hand.
"""

from __future__ import annotations

from attrs import define
from crossbook_wire.http import MISSING, Model, Received, RenamedModel
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

    address: Received[str] = MISSING
    """The e-mail address. Text."""

    first_name: Received[str | None] = MISSING
    """The first name. Text or null."""

    last_name: Received[str | None] = MISSING
    """The last name. Text or null."""

    phone: Received[str | None] = MISSING
    """The phone in E.164. Text or null."""

    from_: Received[str | None] = MISSING
    """The company. Text or null."""

    class_: Received[str | None] = MISSING
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

    items: Received[list[Addressee]] = MISSING
    """The page. List."""


class Failure(RenamedModel, kw_only=True, rename={"error": "@error"}):
    """The reason of a failure.

    Evidence: documented.
    """

    error: Received[str] = MISSING
    """The error code. Text."""

    detail: Received[str] = MISSING
    """What is wrong. Text."""

    property: Received[str | None] | UnsetType = UNSET
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

    addressee: Received[Addressee] = MISSING
    """An addressee as the vendor stores it."""
