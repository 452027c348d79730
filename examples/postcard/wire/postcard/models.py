"""Postcard: models of requests and responses, with the field names of the API.

`Received[…]` is the spec's type for a type checker. The decoder accepts odd values in its place, and a missing field is
UNSET.

Written from specs/postcard.yaml, never by hand.
"""

from __future__ import annotations

from attrs import define
from crossbook_wire.http import MISSING, Model, Received
from msgspec import UNSET, UnsetType


@define(kw_only=True, repr=False)
class Error(Model):
    """An error.

    Evidence: documented.
    """

    code: Received[str] = MISSING
    """Its name. Text."""

    message: Received[str] = MISSING
    """For people. Text."""

    field: Received[str | None] | UnsetType = UNSET
    """The field that was refused. Text or null."""


@define(kw_only=True, repr=False)
class ErrorAnswer(Model):
    """What went wrong.

    Evidence: documented.
    """

    error: Received[Error] = MISSING
    """An error."""


@define(kw_only=True, repr=False)
class NewPerson(Model):
    """A person to be added.

    Evidence: documented.
    """

    email: str
    """Where to write. Text, at most 200 characters."""

    name: str
    """The whole name. Text, at most 100 characters."""

    company: str | UnsetType = UNSET
    """Where the person works. Text, at most 100 characters."""


@define(kw_only=True, repr=False)
class PeopleAnswer(Model):
    """A page of people.

    Evidence: documented.
    """

    people: Received[list[Person]] = MISSING
    """The page. List."""


@define(kw_only=True, repr=False)
class Person(Model):
    """A person as the vendor keeps it.

    Evidence: documented.
    """

    id: Received[str] = MISSING
    """The vendor's id. Text."""

    email: Received[str] = MISSING
    """Where to write. Text."""

    name: Received[str] = MISSING
    """The whole name. Text."""

    company: Received[str | None] = MISSING
    """Where the person works. Text or null."""


@define(kw_only=True, repr=False)
class PersonAnswer(Model):
    """One person.

    Evidence: documented.
    """

    person: Received[Person] = MISSING
    """A person as the vendor keeps it."""


@define(kw_only=True, repr=False)
class PersonChanges(Model):
    """What changes of a person.

    Evidence: documented.
    """

    email: str | UnsetType = UNSET
    """Where to write. Text, at most 200 characters."""

    name: str | UnsetType = UNSET
    """The whole name. Text, at most 100 characters."""

    company: str | None | UnsetType = UNSET
    """Where the person works. Text or null, at most 100 characters."""
