"""SerwerSMS.pl, HTTPS API v2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, Unpack

from crossbook._tracebacks import hide_internal_frames, hide_internal_frames_sync
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import InvalidInputError
from crossbook.models import Contact
from crossbook.vendors.serwersms.profile import PROFILE

if TYPE_CHECKING:
    from crossbook_wire.http import Send
    from crossbook_wire.serwersms import Api

    from crossbook._http.auth import StaticAuth
    from crossbook.vendors.serwersms.adapter import SerwerSMSAdapter

__all__ = ["Imported", "SerwerSMS"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What `import_contacts` answers.

    Args:
        group: the id of the new group.
        correct: how many contacts were stored.
        failed: how many were not; the vendor does not say which.
    """

    group: str
    correct: int
    failed: int


class SerwerSMS(AddressBook):
    """An account at SerwerSMS.pl.

    Args:
        username: the API user's name.
        password: its password. Both travel in each request's body.
        token: a bearer token instead of the two; the vendor recommends it.
        account: a name for the account that stays when its credentials are renewed: by it a journal knows the account.
            By default the user name, if there is one.
        options: see `BookOptions`.

    Attributes:
        wire: every operation of the vendor, generated from the spec, with the same authentication and limits.

    Source: the vendor's contact page (documented) and its official clients (public); see `specs/serwersms.yaml`.

    Example:
        ```python
        book = SerwerSMS(token="0123456789abcdef0123456789abcdef")
        ```
    """

    profile = PROFILE
    wire: Api

    @hide_internal_frames_sync
    def __init__(
        self,
        username: str | None = None,
        password: str | None = None,
        *,
        token: str | None = None,
        account: str | None = None,
        **options: Unpack[BookOptions],
    ) -> None:
        super().__init__(_auth(username, password, token), account=account, **options)

    @hide_internal_frames_sync
    def renew_credentials(
        self, username: str | None = None, password: str | None = None, *, token: str | None = None
    ) -> None:
        """Uses another password or token of the same account from the next attempt on, here and in all `with_options`
        copies. A token may take the place of a password, and a password that of a token.

        Raises:
            InvalidInputError: the user name is another one, and the book was made without `account=`.

        Example:
            ```python
            book = SerwerSMS(token="the old token")
            book.renew_credentials(token="the new token")
            ```
        """
        self._session.replace_credentials(_auth(username, password, token))

    @classmethod
    @hide_internal_frames_sync
    def from_env(cls, account: str | None = None, **options: Unpack[BookOptions]) -> Self:
        """The account of the environment: CROSSBOOK_SERWERSMS_TOKEN, or else CROSSBOOK_SERWERSMS_USERNAME and
        CROSSBOOK_SERWERSMS_PASSWORD; where wanted CROSSBOOK_SERWERSMS_BASE_URL and CROSSBOOK_SERWERSMS_ACCOUNT.

        Args:
            account: a named account (see `crossbook.open`), whose variables bear its name instead of the vendor's.
            options: see `BookOptions`.

        Raises:
            InvalidInputError: a variable is missing; `error.field` is its name.

        Example:
            ```python
            book = SerwerSMS.from_env()
            ```
        """
        found = cls._environment(account, optional=frozenset({"token", "username", "password", "base_url"}))
        if "token" in found:
            found = {name: value for name, value in found.items() if name not in ("username", "password")}
        else:
            found = cls._environment(account, optional=frozenset({"token", "base_url"}))
        return cls._from(account, found, options)

    @hide_internal_frames
    async def import_contacts(self, group_name: str, contacts: Iterable[Contact]) -> Imported:
        """Stores many contacts at once, in a NEW group of this name: the vendor's own `contacts/import`.

        It answers counts only, so it cannot say which contacts were refused: `contacts.create_many` can.

        Args:
            group_name: the name of the group that it makes, at most 100 characters.
            contacts: each with a phone; e-mail, first and last name and company go with it, nothing else can.

        Returns:
            An `Imported`: the new group's id and the vendor's two counts.

        Raises:
            InvalidInputError: no contacts, one with a field that the import cannot carry, or a name that is too long.
            NoResponseError: no answer came; it may have happened. Look for the group before repeating it.

        Source: the vendor's official clients (public).

        Example:
            ```python
            async with SerwerSMS.from_env() as book:
                imported = await book.import_contacts("Fair 2026", [Contact(phone="+48500600700")])
            ```
        """
        from crossbook_wire.serwersms import models

        from crossbook import _validation
        from crossbook.vendors.decoding import parse_int, parse_str

        self._session.check_open()
        _validation.check_group_name(PROFILE, group_name, "group_name")
        carried = ("phone", "email", "first_name", "last_name", "company")
        if not isinstance(contacts, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError("contacts is an iterable of contacts", field="contacts", vendor=PROFILE.vendor)
        listed: list[models.ImportedContact] = []
        for contact in contacts:
            ready = _validation.prepare_contact(
                PROFILE, contact, region=self._region, on_unsupported_field="error", group=None
            ).contact
            other = next((name for name in sorted(ready.known_fields) if name not in carried), None)
            if other is not None:
                raise InvalidInputError(
                    f"contacts/import cannot carry {other}: leave it out, or take contacts.create_many",
                    field=other,
                    vendor=PROFILE.vendor,
                )
            listed.append(
                models.ImportedContact(**{name: value for name in carried if (value := getattr(ready, name))})
            )
        if not listed:
            raise InvalidInputError("contacts is empty: name at least one", field="contacts", vendor=PROFILE.vendor)
        answer = await self.wire.contacts.import_contacts(models.ContactImport(group_name=group_name, contact=listed))
        return Imported(parse_str(answer.id) or "", parse_int(answer.correct) or 0, parse_int(answer.failed) or 0)

    def _make_adapter(self, send: Send) -> SerwerSMSAdapter:
        from crossbook_wire.serwersms import Api

        from crossbook.vendors.serwersms.adapter import SerwerSMSAdapter

        self.wire = Api(send)
        return SerwerSMSAdapter(self.wire)


def _auth(username: str | None, password: str | None, token: str | None) -> StaticAuth:
    from crossbook._http.auth import credential, headers, members, password_text

    if token is not None and username is None and password is None:
        return headers({"Authorization": f"Bearer {credential('token', token)}"})
    if token is None and username and password:
        name = password_text("username", username)
        return members({"username": name, "password": password_text("password", password)}, identity=name)
    raise InvalidInputError("give username and password, or token alone", field="token", vendor=PROFILE.vendor)
