"""Letterbox: a class for each tag, a method for each operation.

Written from specs/letterbox.yaml, never by hand.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cache
from typing import Any, Literal

from crossbook_wire.http import (
    Request,
    Send,
    encode,
    header_values,
    query_string,
    segment,
    send_and_decode,
    send_and_decode_if_any,
    send_and_discard,
)
from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from . import models


class AddresseesApi:
    """The people to write to.

    Args:
        send: Sends a request and returns the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list_addressees(
        self,
        *,
        id: str | UnsetType = UNSET,
        phone: str | UnsetType = UNSET,
        page_offset: int | UnsetType = UNSET,
        page_limit: int | UnsetType = UNSET,
    ) -> Coroutine[Any, Any, models.AddresseePage]:
        """List addressees

        In the order in which they were added. The end is an empty page.

        Args:
            page_offset: How many to skip; 0 if left out. Whole number, at least 0.
            page_limit: How many to return; 50 if left out. Whole number, 1 to 100.
            id: Only the addressee with this e-mail address. Text.
            phone: Only addressees with exactly this phone. Text.

        Returns:
            A page of addressees.

        `GET /addressees`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _addressee_page,
            Request(
                operation="listAddressees",
                method="GET",
                path="/addressees",
                query=query_string({"%40id": id, "phone": phone}),
                headers=header_values({"Page-Offset": page_offset, "Page-Limit": page_limit}),
            ),
        )

    def create_addressee(
        self, body: models.NewAddressee
    ) -> Coroutine[Any, Any, models.OneAddressee]:
        """Add an addressee

        Two addressees cannot have the same e-mail address.

        Args:
            body: An addressee to be added.

        Returns:
            The addressee.

        `POST /addressees`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _one_addressee,
            Request(
                operation="createAddressee",
                method="POST",
                path="/addressees",
                body=encode(body),
                content_type="application/json",
            ),
        )

    def get_addressee(self, address: str) -> Coroutine[Any, Any, models.OneAddressee]:
        """Read an addressee

        One addressee with all properties.

        Args:
            address: The e-mail address. Text, pattern `^[^@]+@[^@]+$`.

        Returns:
            The addressee.

        `GET /addressees/{address}`. Evidence: documented.
        """
        return send_and_decode(
            self._send,
            _one_addressee,
            Request(
                operation="getAddressee",
                method="GET",
                path=f"/addressees/{segment(address)}",
            ),
        )

    def delete_addressee(self, address: str) -> Coroutine[Any, Any, None]:
        """Delete an addressee

        This cannot be undone.

        Args:
            address: The e-mail address. Text, pattern `^[^@]+@[^@]+$`.

        `DELETE /addressees/{address}`. Evidence: documented.
        """
        return send_and_discard(
            self._send,
            Request(
                operation="deleteAddressee",
                method="DELETE",
                path=f"/addressees/{segment(address)}",
            ),
        )

    def update_addressee(
        self,
        address: str,
        body: models.AddresseeChanges,
        *,
        prefer: Literal["return=minimal", "return=representation"] | UnsetType = UNSET,
    ) -> Coroutine[Any, Any, models.OneAddressee | None]:
        """Change an addressee

        A property that is not sent stays; null clears it. A changed e-mail address is the new
        id.

        Args:
            prefer: Whether the response has the addressee. Text, one of `"return=minimal"`,
                `"return=representation"`.
            address: The e-mail address. Text, pattern `^[^@]+@[^@]+$`.
            body: The changed properties of an addressee.

        Returns:
            The addressee. None: Changed. The caller preferred a minimal response.

        `PATCH /addressees/{address}`. Evidence: documented.
        """
        return send_and_decode_if_any(
            self._send,
            _one_addressee,
            Request(
                operation="updateAddressee",
                method="PATCH",
                path=f"/addressees/{segment(address)}",
                body=encode(body),
                content_type="application/json",
                headers=header_values({"Prefer": prefer}),
            ),
        )


# Built at first use: a decoder costs a quarter of its models' import time, and few programs call every operation.


@cache
def _addressee_page() -> Decoder[models.AddresseePage]:
    return Decoder(models.AddresseePage)


@cache
def _one_addressee() -> Decoder[models.OneAddressee]:
    return Decoder(models.OneAddressee)
