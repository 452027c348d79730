"""The vendor Filemail, classic API: its book class."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Unpack

from msgspec.json import Decoder

from crossbook._tracebacks import hide_internal_frames
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import InvalidResponseError
from crossbook.vendors.filemail.profile import EXPIRED_TOKEN, PROFILE

if TYPE_CHECKING:
    from crossbook_wire.filemail import Api, models
    from crossbook_wire.http import Request, Response, Send

    from crossbook._http.auth import LoginAuth
    from crossbook.contacts import Contacts
    from crossbook.groups import Groups
    from crossbook.shared import TokenStore
    from crossbook.vendors.filemail.adapter import FilemailAdapter

__all__ = ["Filemail"]

_LOGIN = Decoder(dict[str, Any])


class Filemail(AddressBook):
    """The address book of an account at Filemail.

    The book logs in at the first call, once for all callers, and again when the vendor reports that the token expired.
    `from_env` reads CROSSBOOK_FILEMAIL_USERNAME, CROSSBOOK_FILEMAIL_PASSWORD and, if set, CROSSBOOK_FILEMAIL_API_KEY,
    CROSSBOOK_FILEMAIL_BASE_URL and CROSSBOOK_FILEMAIL_ACCOUNT.

    Args:
        username: the account's user name, an e-mail address.
        password: its password.
        api_key: older accounts need one in addition to the password. It is sent with every call.
        source: the kind of device, a parameter of the vendor's login.
        tokens: where the login token is stored; by default in memory, for this book alone, or in `shared`.
        account: a name for the account; see `AddressBook`.
        options: see `BookOptions`.

    Attributes:
        wire: every operation of the vendor's API, with the same authentication and limits.

    Source: the vendor's pages on contacts (documented) and on authentication (public); see `specs/filemail.yaml`.

    Example:
        ```python
        book = Filemail("user@example.com", "its password")
        ```
    """

    profile = PROFILE
    wire: Api
    contacts: Contacts[models.Contact]
    groups: Groups[models.Group]

    @hide_internal_frames
    def __init__(
        self,
        username: str,
        password: str,
        *,
        api_key: str | None = None,
        source: str = "Web",
        tokens: TokenStore | None = None,
        account: str | None = None,
        **options: Unpack[BookOptions],
    ) -> None:
        from crossbook._http.auth import clean_credential

        self._source = clean_credential("source", source)
        shared = options.get("shared")
        if tokens is None and shared is not None:
            tokens = shared.tokens
        self._login = _login_auth(username, password, api_key, tokens)
        super().__init__(self._login, account=account, **options)
        self._session.on_open = self._bind_login

    @hide_internal_frames
    def renew_credentials(self, username: str, password: str, *, api_key: str | None = None) -> None:
        """Replace the password by another of the same account, for this book and its `with_options` copies.

        The token of the old password is not used again.

        Args:
            username: the user name, unchanged unless the book was made with `account=`.
            password: the new password.
            api_key: the API key, if the account needs one.

        Raises:
            InvalidInputError: the user name is another one, and the book was made without `account=`.

        Example:
            ```python
            book = Filemail("user@example.com", "the old password")
            book.renew_credentials("user@example.com", "the new password")
            ```
        """
        self._replace_credentials(_login_auth(username, password, api_key, None))

    def _bind_login(self) -> None:
        from crossbook._http.auth import shared_hash

        session = self._session
        identity = session.identity
        assert identity is not None  # every login has a user name
        account = shared_hash(*session.location, identity.reveal())
        self._login.bind(account=account, login=self._log_in, start_task=session.start_task)

    async def _log_in(self) -> str:
        from crossbook_wire.filemail import Api

        # The token is read from the raw response. A model with a token could show it in a repr or a log.
        responses: list[Response] = []

        async def send(request: Request) -> Response:
            responses.append(await self._send(request))
            return responses[-1]

        await Api(send).authentication.login(source=self._source)
        token = _LOGIN.decode(responses[-1].content).get("logintoken")
        if not isinstance(token, str) or not token:
            raise InvalidResponseError(
                "the response to the login has no token", vendor=PROFILE.vendor, operation="login", sent="yes"
            )
        return token

    def _wire_without_api_key(self) -> Api | None:
        """Return the operations without the API key, for `crossbook_verify`; None if the book has no key."""
        from crossbook_wire.filemail import Api

        from crossbook._http.client import Client

        session = copy(self._session)
        auth = self._login.without_shared()
        if auth is None:
            return None
        session.auth = auth
        return Api(Client(session, self._options).send)

    def _make_adapter(self, send: Send) -> FilemailAdapter:
        from crossbook_wire.filemail import Api

        from crossbook.vendors.filemail.adapter import FilemailAdapter

        self._send = send
        self.wire = Api(send)
        return FilemailAdapter(self.wire)


def _login_auth(username: str, password: str, api_key: str | None, tokens: TokenStore | None) -> LoginAuth:
    from crossbook._http.auth import LoginAuth, clean_credential, clean_password

    credentials = {"username": clean_credential("username", username), "password": clean_password("password", password)}
    if api_key is not None:
        credentials["apikey"] = clean_credential("api_key", api_key)
    return LoginAuth(
        vendor=PROFILE.vendor,
        operation="login",
        parameter="logintoken",
        credentials=credentials,
        shared=frozenset({"apikey"}),
        identity=credentials["username"],
        dead_codes=EXPIRED_TOKEN,
        tokens=tokens,
    )
