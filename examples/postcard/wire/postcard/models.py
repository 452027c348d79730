"""Postcard: models of requests and responses, with the field names of the API.

Fields of responses accept any JSON scalar. Their docstrings have the documented type.

Written from specs/postcard.yaml, never by hand.
"""

from __future__ import annotations

from typing import Any

from attrs import define
from crossbook_wire.http import Model
from msgspec import UNSET, UnsetType


@define(kw_only=True, repr=False)
class Error(Model):
    """An error.

    Evidence: documented.
    """

    code: str | int | float | bool | None | UnsetType = UNSET
    """Its name. Text."""

    message: str | int | float | bool | None | UnsetType = UNSET
    """For people. Text."""

    field: str | int | float | bool | None | UnsetType = UNSET
    """The field that was refused. Text or null."""


@define(kw_only=True, repr=False)
class ErrorAnswer(Model):
    """What went wrong.

    Evidence: documented.
    """

    error: Error | list[Any] | None | UnsetType = UNSET
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

    people: list[Person | list[Any] | None] | None | UnsetType = UNSET
    """The page. List."""


@define(kw_only=True, repr=False)
class Person(Model):
    """A person as the vendor keeps it.

    Evidence: documented.
    """

    id: str | int | float | bool | None | UnsetType = UNSET
    """The vendor's id. Text."""

    email: str | int | float | bool | None | UnsetType = UNSET
    """Where to write. Text."""

    name: str | int | float | bool | None | UnsetType = UNSET
    """The whole name. Text."""

    company: str | int | float | bool | None | UnsetType = UNSET
    """Where the person works. Text or null."""


@define(kw_only=True, repr=False)
class PersonAnswer(Model):
    """One person.

    Evidence: documented.
    """

    person: Person | list[Any] | None | UnsetType = UNSET
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
