"""Postcard: a class for each tag, a method for each operation.

Written from specs/postcard.yaml, never by hand.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cache
from typing import Any

from crossbook_wire.http import Request, Send, encode, query_string, segment, send_and_decode
from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from . import models


class PeopleApi:
    """Whom one writes to.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_people(
        self,
        *,
        offset: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        email: str | UnsetType = UNSET,
    ) -> Coroutine[Any, Any, models.PeopleAnswer]:
        """List people

        In the order in which they were added. The end is an empty page.

        Args:
            offset: How many to skip; 0 if left out. Whole number, at least 0.
            limit: How many to return; 50 if left out. Whole number, 1 to 100.
            email: Only those with exactly this address. Text.

        Returns:
            A page of people.

        `GET /people`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _people_answer,
            Request(
                operation="listPeople",
                method="GET",
                path="/people",
                query=query_string({"offset": offset, "limit": limit, "email": email}),
            ),
        )

    def create_person(self, body: models.NewPerson) -> Coroutine[Any, Any, models.PersonAnswer]:
        """Add a person

        A second person may have the same address.

        Args:
            body: A person to be added.

        Returns:
            The person.

        `POST /people`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _person_answer,
            Request(
                operation="createPerson",
                method="POST",
                path="/people",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def get_person(self, id: str) -> Coroutine[Any, Any, models.PersonAnswer]:
        """Read a person

        One person, whole.

        Args:
            id: The person. Text, pattern `^p[0-9]+$`.

        Returns:
            The person.

        `GET /people/{id}`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _person_answer,
            Request(
                operation="getPerson",
                method="GET",
                path=f"/people/{segment(id)}",
            ),
        )

    def delete_person(self, id: str) -> Coroutine[Any, Any, models.PersonAnswer]:
        """Delete a person

        For good.

        Args:
            id: The person. Text, pattern `^p[0-9]+$`.

        Returns:
            The person.

        `DELETE /people/{id}`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _person_answer,
            Request(
                operation="deletePerson",
                method="DELETE",
                path=f"/people/{segment(id)}",
            ),
        )

    def update_person(
        self, id: str, body: models.PersonChanges
    ) -> Coroutine[Any, Any, models.PersonAnswer]:
        """Change a person

        What is not sent stays; null empties.

        Args:
            id: The person. Text, pattern `^p[0-9]+$`.
            body: What changes of a person.

        Returns:
            The person.

        `PATCH /people/{id}`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _person_answer,
            Request(
                operation="updatePerson",
                method="PATCH",
                path=f"/people/{segment(id)}",
                body=encode(body),
                content_type="application/json",
            ),
        )


# Built at first use: a decoder costs a quarter of its models' import time, and few programs call every operation.


@cache
def _people_answer() -> Decoder[models.PeopleAnswer]:
    return Decoder(models.PeopleAnswer)


@cache
def _person_answer() -> Decoder[models.PersonAnswer]:
    return Decoder(models.PersonAnswer)
