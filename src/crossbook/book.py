"""An address book: what unified code takes, whoever the vendor is; its lifetime, its options."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, Unpack

from crossbook._http.options import CallOptions
from crossbook._tracebacks import own_copy
from crossbook.errors import CrossbookError, InvalidInputError
from crossbook.vendor import Rate, VendorProfile

if TYPE_CHECKING:
    from crossbook_wire.http import Send

    from crossbook._batch.builder import BatchContext
    from crossbook._http.auth import Auth
    from crossbook._http.options import Options
    from crossbook.vendor import VendorAdapter

BATCH_ATTEMPTS = 8


class BookOptions(CallOptions, total=False):
    """What every book takes beside its credentials, as keywords; each has a default.

    Attributes:
        base_url: where the vendor is; the profile's address by default (Atom has none: it is the account's own).
        default_region: the country ("PL") in which phones without a country code are read; the profile's by default.
        default_group: the group of a new contact that names none (Atom).
        rate: requests a second, over the profile's: a negotiated limit, or your share of one.
        concurrency: requests of the account in flight at once; the profile's by default.
        transport: "httpx", the default, "httpx2" (extra `httpx2`), or "aiohttp" (extra `fast`): the fastest by far, for
            asyncio alone, faster still on uvloop (`uvloop.run(main())`).
        http_client: an `AsyncClient` of httpx or httpx2 to send through, or a connector of aiohttp
            (`aiohttp.TCPConnector(ssl=context)`), for client certificates, a CA or proxies of your own. Its pool,
            cookies, redirects and closing stay yours.
        allow_http: lets a base_url without https through; loopback needs no leave.
    """

    base_url: str | None
    default_region: str | None
    default_group: str | None
    rate: float | None
    concurrency: int
    transport: Literal["httpx", "httpx2", "aiohttp"]
    http_client: Any
    allow_http: bool


class AddressBook:
    """One account at one vendor. Made by `SerwerSMS`, `Atom`, `Filemail` or `Vercom`, or by `crossbook.open(name)`.

    It is opened with `async with`, once, in the event loop that uses it; one book serves any number of tasks. When it
    closes, calls that other tasks still make end at once: `NoResponseError` if they left, `ConnectError` if not, or with what
    their last attempt ended with. (Over an `http_client` of yours a request on its way goes on to its end.)

    Attributes:
        contacts: verbs for contacts.
        groups: verbs for groups.
        profile: the vendor's facts: what it can, what it holds, how fast it may be asked.

    Example:
        ```python
        async def names(book: AddressBook) -> list[str | None]:
            return [contact.name async for contact in book.contacts.list()]
        ```
    """

    profile: ClassVar[VendorProfile]

    def __init__(
        self, auth: Auth, brand: str = "", *, account: str | None = None, **options: Unpack[BookOptions]
    ) -> None:
        # What a call needs is imported when a book is made: not with the class, which costs who only names it, and not
        # by the first call, in somebody's event loop.
        from crossbook import _transports
        from crossbook._http.options import Options
        from crossbook._http.request import BaseUrl
        from crossbook._http.session import Session

        profile = self.profile
        settings: dict[str, Any] = dict(options)
        url = settings.pop("base_url", None) or profile.base_urls.get(brand)
        if not url:
            raise InvalidInputError(
                f"{profile.title} has an address of its own for each account: pass base_url (the account's API URL)",
                field="base_url", vendor=profile.vendor,
            )  # fmt: skip
        allow_http = settings.pop("allow_http", False)
        if not isinstance(allow_http, bool):  # the text "false" would allow it
            raise InvalidInputError("allow_http is True or False", field="allow_http", vendor=profile.vendor)
        base = BaseUrl.parse(url, allow_http=allow_http)
        self._region = _region(profile, settings.pop("default_region", None))
        self._default_group = _default_group(profile, settings.pop("default_group", None))
        rate = _rate(profile, settings.pop("rate", None))
        concurrency = settings.pop("concurrency", profile.concurrency)
        if not (type(concurrency) is int and concurrency > 0):
            raise InvalidInputError("concurrency is a whole number from 1", field="concurrency", vendor=profile.vendor)
        account = _account(profile, account)
        transport = _transports.make(
            settings.pop("transport", "httpx"), base.origin, concurrency, settings.pop("http_client", None)
        )
        _no_others(profile, settings)
        self._options = Options(**settings)
        self._session = Session(profile, base, auth, transport, rate, concurrency, account=account, brand=brand)
        self._bind()

    def _bind(self) -> None:
        from crossbook._http.client import Client
        from crossbook.contacts import Contacts
        from crossbook.groups import Groups

        self._client = Client(self._session, self._options)
        self._adapter = self._make_adapter(self._client.send)
        self._adapter.region = self._region
        self.contacts = Contacts(self._adapter, self._session, self._default_group, self._batch_context)
        self.groups = Groups(self._adapter, self._session, self._batch_context)

    def _batch_context(self, max_wait: float | None = None) -> BatchContext:
        """What a batch works with: the same book, counting its own requests, more patient with a busy vendor."""
        from msgspec.structs import replace

        from crossbook._batch.builder import BatchContext

        attempts = max(BATCH_ATTEMPTS, self._options.max_attempts)
        other = self._with(
            replace(self._options, max_attempts=attempts, max_wait=math.inf if max_wait is None else max_wait)
        )
        return BatchContext(other._adapter, other._session, other._options, lambda: other._client.requests)

    def _make_adapter(self, send: Send) -> VendorAdapter:
        raise TypeError("AddressBook is made as SerwerSMS, Atom, Filemail or Vercom")

    @classmethod
    def _environment(cls, account: str | None, optional: frozenset[str] = frozenset({"base_url"})) -> dict[str, str]:
        """The credentials from the profile's variables, or from those of a named account, which bear its name instead of
        the vendor's; InvalidInputError names the variable that is missing."""
        account, found = _account(cls.profile, account), dict[str, str]()
        for parameter, variable in cls.profile.environment.items():
            if account is not None:
                variable = variable_of(account, parameter)
            value = os.environ.get(variable, "")
            if value:
                found[parameter] = value
            elif parameter not in optional and parameter != "account":
                raise InvalidInputError(
                    f"set the environment variable {variable}", field=variable, vendor=cls.profile.vendor
                )
        return found

    @classmethod
    def _from(cls, account: str | None, found: Mapping[str, str], options: Mapping[str, Any]) -> Self:
        """The book of these variables. A named account is known by its name, unless its user name tells more."""
        named = {} if account is None or "username" in found else {"account": account}
        arguments: dict[str, Any] = {**named, **found, **options}
        return cls(**arguments)

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """The same book with other options for its calls; it shares connections, login and limits.

        Example:
            ```python
            await book.with_options(timeout=3, attempts=1).contacts.get(created.id)
            ```
        """
        from msgspec.structs import replace

        _no_others(self.profile, options)
        return self._with(replace(self._options, **options))

    def _with(self, options: Options) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._options = options
        other._bind()
        return other

    async def __aenter__(self) -> Self:
        await self._session.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self._session.base_url}>"

    def __reduce__(self) -> str:
        raise TypeError("a book holds credentials and connections and cannot be pickled: make it where it is needed")


def variable_of(account: str, parameter: str) -> str:
    """The environment variable that holds this of a named account: `eu`, `token` → CROSSBOOK_EU_TOKEN."""
    return f"CROSSBOOK_{account.upper().replace('-', '_')}_{parameter.upper()}"


def _no_others(profile: VendorProfile, options: Mapping[str, Any]) -> None:
    unknown = sorted(set(options) - set(CallOptions.__annotations__))
    if unknown:
        raise InvalidInputError(f"there is no option {', '.join(unknown)}", field=unknown[0], vendor=profile.vendor)


def _account(profile: VendorProfile, asked: str | None) -> str | None:
    if asked is None:
        return None
    if not isinstance(asked, str) or not asked.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError(
            "account must be the name of an account, as text", field="account", vendor=profile.vendor
        )
    if not asked.isascii():
        try:
            asked.encode()
        except UnicodeEncodeError:
            what = "account has half of a surrogate pair, which no text can hold: give valid Unicode"
            raise InvalidInputError(what, field="account", vendor=profile.vendor) from None
    return asked.strip()


def _region(profile: VendorProfile, asked: str | None) -> str | None:
    if asked is None or asked == profile.default_region:
        return profile.default_region
    from crossbook import _phones

    if not _phones.is_region(asked):
        raise InvalidInputError(
            'default_region is a country as two capital letters, such as "PL"',
            field="default_region",
            vendor=profile.vendor,
        )
    return asked


def _default_group(profile: VendorProfile, asked: str | None) -> str | None:
    if asked is None:
        return None
    if not profile.single_group:
        # Nobody would notice that it does nothing.
        raise InvalidInputError(
            f"{profile.title} takes contacts without a group: name groups on each contact",
            field="default_group", vendor=profile.vendor,
        )  # fmt: skip
    from crossbook import _validation

    return _validation.check_id(profile, "default_group", asked)


def _rate(profile: VendorProfile, asked: float | None) -> Rate | None:
    if asked is None:
        return profile.rate
    if isinstance(asked, bool) or not (isinstance(asked, (int, float)) and 0 < asked < math.inf):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError(
            "rate must be a number of requests a second, more than 0", field="rate", vendor=profile.vendor
        )
    return Rate(asked, max(1, round(asked)))


# Whether a book's vendor answers, and accepts the credentials.


@dataclass(frozen=True, slots=True, kw_only=True)
class BookHealth:
    """One book.

    Args:
        vendor: whose it is.
        answers: whether the vendor answered a read, and so accepts the credentials.
        seconds: how long that took.
        error: why not.
    """

    vendor: str
    answers: bool
    seconds: float
    error: CrossbookError | None = None


async def check_health(book: AddressBook, timeout: float) -> BookHealth:
    """Asks the vendor for a group, or a contact where it has no groups, which costs it one call.

    Args:
        book: one that is open.
        timeout: seconds that the vendor has.
    """
    # One repeat: a connection that the vendor closed meanwhile, or a login token that died, is no illness.
    hurried = book.with_options(
        timeout=timeout, connect_timeout=timeout, read_timeout=timeout, queue_timeout=None, max_attempts=2
    )
    asked = hurried.contacts if book.profile.capability("groups.list").support == "unsupported" else hurried.groups
    began, error = time.monotonic(), None
    try:
        await asked.list(page_size=1)
    except CrossbookError as raised:
        error = own_copy(raised)
    seconds = round(time.monotonic() - began, 3)
    return BookHealth(vendor=book.profile.vendor, answers=error is None, seconds=seconds, error=error)
