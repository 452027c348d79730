"""The base class of all books: one account at one vendor, with its options and its connection."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, Unpack

from crossbook._http.options import CallOptions
from crossbook._suggestions import did_you_mean
from crossbook._tracebacks import copy_without_traceback, hide_internal_frames
from crossbook.errors import CrossbookError, InvalidInputError
from crossbook.vendor import Rate, VendorProfile, environment_variable

if TYPE_CHECKING:
    from crossbook_wire.http import Send

    from crossbook._batch.assemble import BatchContext
    from crossbook._http.auth import Auth
    from crossbook._http.options import Options
    from crossbook._http.raw_response import RawResponse, RetryName
    from crossbook.contacts import Contacts
    from crossbook.groups import Groups
    from crossbook.shared import Shared
    from crossbook.suppressions import SuppressionList
    from crossbook.vendor import VendorAdapter

BATCH_ATTEMPTS = 8


class BookOptions(CallOptions, total=False):
    """The options that every book takes in addition to its credentials. Each has a default.

    Attributes:
        base_url: the API's address; by default the profile's. Atom has no default: each account has its own address.
        default_region: the region ("PL") of phone numbers without a country code; by default the profile's.
        default_group: the group of new contacts without a group (Atom).
        rate: requests a second, instead of the profile's: a negotiated limit, or your share of a limit.
        concurrency: the number of the account's requests in flight at once; by default the profile's.
        transport: "httpx" (default), "httpx2" (extra `httpx2`), or "aiohttp" (extra `fast`). aiohttp is the fastest,
            runs on asyncio only, and is faster still on uvloop (`uvloop.run(main())`).
        http_client: an `AsyncClient` of httpx or httpx2, or a connector of aiohttp
            (`aiohttp.TCPConnector(ssl=context)`), for client certificates, your own CA, or proxies. You keep its pool
            and redirects, and you close it. The cookies in its jar are not sent.
        suppressions: the list of people who opted out, which the book honours (`SuppressionList`). You close it.
        shared: one limit and one login for the account in all processes: `crossbook_fleet.Postgres` (extra `fleet`).
        allow_http: allows a base_url without https. Loopback addresses are always allowed.
    """

    base_url: str | None
    default_region: str | None
    default_group: str | None
    rate: float | None
    concurrency: int
    transport: Literal["httpx", "httpx2", "aiohttp"]
    http_client: Any
    suppressions: SuppressionList | None
    shared: Shared | None
    allow_http: bool


class AddressBook:
    """The base class of `SerwerSMS`, `Atom`, `Filemail` and `Vercom`: the address book of one account.

    Open a book once with `async with`, or with `open` and `aclose`, in the event loop that uses it. Any number of tasks
    can share it.
    Closing the book ends the calls of other tasks at once. They raise `NoResponseError` if their request was sent,
    `ConnectError` if not, or the error of their last attempt. (A request through your own `http_client` runs to its
    end.)

    Each vendor's class takes its credentials and these arguments:

    - `account`: a name for the account. It stays when credentials are renewed, so a journal knows the account by it.
      The default is the user name, if there is one.
    - `options`: see `BookOptions`.

    Attributes:
        contacts: methods for contacts.
        groups: methods for groups.
        profile: the vendor's facts: capabilities, fields, limits.

    Example:
        ```python
        async def names(book: AddressBook) -> list[str | None]:
            return [contact.name async for contact in book.contacts.list()]
        ```
    """

    profile: ClassVar[VendorProfile]
    contacts: Contacts[Any]
    groups: Groups[Any]

    def __init__(
        self, auth: Auth, brand: str = "", *, account: str | None = None, **options: Unpack[BookOptions]
    ) -> None:
        # These imports take long. They are made with the first book: neither with the class, nor in the first call.
        from crossbook import _transports
        from crossbook._http.options import Options
        from crossbook._http.request import BaseUrl
        from crossbook._http.session import Session

        profile = self.profile
        settings: dict[str, Any] = dict(options)
        url = settings.pop("base_url", None) or profile.base_urls.get(brand)
        if not url:
            raise self._invalid("base_url", "is missing: pass the API URL of your account")
        allow_http = settings.pop("allow_http", False)
        if not isinstance(allow_http, bool):  # the text "false" is true
            raise self._invalid("allow_http", "must be True or False")
        base = BaseUrl.parse(url, allow_http=allow_http)
        self._region = self._check_region(settings.pop("default_region", None))
        self._default_group = self._check_default_group(settings.pop("default_group", None))
        rate = self._check_rate(settings.pop("rate", None))
        concurrency = settings.pop("concurrency", profile.concurrency)
        if not (type(concurrency) is int and concurrency > 0):
            raise self._invalid("concurrency", "must be a whole number, at least 1")
        account = self._check_account(account)
        transport = _transports.make_transport(
            settings.pop("transport", "httpx"), base.origin, concurrency, settings.pop("http_client", None)
        )
        self._suppressions: SuppressionList | None = settings.pop("suppressions", None)
        if self._suppressions is not None and not hasattr(self._suppressions, "check_many"):
            raise self._invalid("suppressions", "must be a crossbook.SuppressionList")
        shared = settings.pop("shared", None)
        self._check_call_options(settings, (*BookOptions.__annotations__, *CallOptions.__annotations__))
        self._options = Options(**settings)
        self._session = Session(
            profile, base, auth, transport, rate, concurrency, account=account, brand=brand, shared=shared
        )
        if shared is not None and self._session.identity is None:
            raise self._invalid("account", "is missing: shared= needs the name of the account, which is not in its key")
        self._bind()

    def _bind(self) -> None:
        from crossbook._http.client import Client
        from crossbook.contacts import Contacts
        from crossbook.groups import Groups

        self._client = Client(self._session, self._options)
        is_single = self._client.breaker is None
        self._adapter = self._make_adapter(self._client.send if is_single else self._client.send_in_batch)
        self._adapter.region = self._region
        self._adapter.in_batch = self._options.max_wait is not None
        self.contacts = Contacts(
            self._adapter, self._session, self._batch_context, self._default_group, self._suppressions
        )
        self.groups = Groups(self._adapter, self._session, self._batch_context, self._suppressions)

    def _batch_context(self, max_wait: float | None = None) -> BatchContext:
        """Return what a batch uses of this book, with more attempts, longer waits and a separate count of requests."""
        from msgspec.structs import replace

        from crossbook._batch.assemble import BatchContext

        attempts = max(BATCH_ATTEMPTS, self._options.max_attempts)
        other = self._copy(
            replace(self._options, max_attempts=attempts, max_wait=math.inf if max_wait is None else max_wait)
        )
        return BatchContext(other._adapter, other._session, other._options, other._client, self._suppressions)

    def _make_adapter(self, send: Send) -> VendorAdapter:
        raise TypeError("AddressBook is an abstract class: use SerwerSMS, Atom, Filemail or Vercom")

    def _replace_credentials(self, auth: Auth) -> None:
        """Replace the book's credentials by others of the same account, from the next request on."""
        self._session.replace_credentials(auth)

    @classmethod
    @hide_internal_frames
    def from_env(cls, account: str | None = None, **options: Unpack[BookOptions]) -> Self:
        """Make a book with credentials from environment variables.

        Each vendor's class lists its variables, such as CROSSBOOK_VERCOM_AUTHORIZATION.

        Args:
            account: the name of a further account. Its variables have its name instead of the vendor's: with `eu`,
                CROSSBOOK_EU_AUTHORIZATION; see `crossbook.open`.
            options: see `BookOptions`.

        Raises:
            InvalidInputError: a variable is missing; `error.field` is its name.

        Example:
            ```python
            book = SerwerSMS.from_env()
            ```
        """
        return cls._from_env(account, options)

    @classmethod
    def _from_env(cls, account: str | None, options: Mapping[str, Any]) -> Self:
        profile, account = cls.profile, cls._check_account(account)
        variables = profile.environment
        if account is not None:
            variables = {parameter: environment_variable(account, parameter) for parameter in variables}
        found = {parameter: os.environ[name] for parameter, name in variables.items() if os.environ.get(name)}
        chosen = next((names for names in profile.credentials if found.keys() >= set(names)), profile.credentials[-1])
        needs_address = not profile.base_urls and not options.get("base_url")
        for parameter in (*chosen, "base_url") if needs_address else chosen:
            if parameter not in found:
                name = variables[parameter]
                raise InvalidInputError(f"set the environment variable {name}", field=name, vendor=profile.vendor)
        unused = set(chain(*profile.credentials)) - set(chosen)
        arguments: dict[str, Any] = {name: value for name, value in found.items() if name not in unused}
        if account is not None and "username" not in arguments:
            arguments.setdefault("account", account)
        return cls(**{**arguments, **options})

    @hide_internal_frames
    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return a copy of the book with other call options. It shares connections, login and limits with this book.

        Example:
            ```python
            await book.with_options(timeout=3, max_attempts=1).contacts.get(created.id)
            ```
        """
        from msgspec.structs import replace

        self._check_call_options(options, CallOptions.__annotations__)
        return self._copy(replace(self._options, **options))

    @hide_internal_frames
    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        retry: RetryName = "create",
    ) -> RawResponse[Any]:
        """Send a request that crossbook has no method for, with the book's login, limits, retries and error mapping.

        A response that is not in the vendor's usual format is an error, as for every other method.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            path: the path below the base URL, percent-encoded: `/v2.1/group/17`.
            params: query parameters; None is left out, a list is one parameter for each item.
            json: the body, as values that JSON can express or a wire model.
            retry: what two requests would do, which decides about retries. "safe": the request only reads.
                "idempotent": two have the effect of one. "create", the default: two create two records, so the request
                is sent again only if it never left or was refused before it was processed.

        Returns:
            A `RawResponse`; `.parse()` returns the body as JSON values.

        Raises:
            InvalidInputError: the method or the path is invalid, or the body is not JSON.
            CrossbookError: the vendor refused the request, or no response came.

        Example:
            ```python
            raw = await book.request("GET", "/v2.1/group", params={"limit": 1}, retry="safe")
            print(raw.status, raw.parse())
            ```
        """
        from crossbook._http.raw_response import send_request

        return await send_request(self._client, method, path, params, json, retry)

    def _copy(self, options: Options) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._options = options
        other._bind()
        return other

    @hide_internal_frames
    async def open(self) -> Self:
        """Open the book, where `async with` does not fit. Call `aclose` at the end. An open book stays as it is.

        Any task of the event loop may open the book, and any task may close it.

        Returns:
            The book itself.

        Raises:
            UsageError: the book was closed, or is open in another event loop.

        Example:
            ```python
            book = await SerwerSMS.from_env().open()
            try:
                print(await book.contacts.count())
            finally:
                await book.aclose()
            ```
        """
        await self._session.open_anywhere()
        return self

    @hide_internal_frames
    async def aclose(self) -> None:
        """Close the book, as the end of its `async with` block does. A closed book stays as it is.

        The copies of `with_options` share the connections, so they are closed too.

        Raises:
            UsageError: the book belongs to another event loop.
        """
        await self._session.close_anywhere()

    async def __aenter__(self) -> Self:
        from crossbook._transports import log_faster_transport

        await self._session.open()
        log_faster_transport(self.profile.vendor, self._session.transport.name)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    @property
    def account_key(self) -> tuple[str, str, str]:
        """What identifies the account in every process: vendor, base URL, and its name (`account=` or user name)."""
        return self._session.account_key

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self._session.base_url}>"

    def __reduce__(self) -> str:
        raise TypeError("a book has connections and cannot be pickled: make a book in each process")

    @classmethod
    def _invalid(cls, field: str, problem: str) -> InvalidInputError:
        return InvalidInputError(f"{field} {problem}", field=field, vendor=cls.profile.vendor)

    @classmethod
    def _check_call_options(cls, options: Mapping[str, Any], names: Collection[str]) -> None:
        unknown = sorted(set(options) - set(CallOptions.__annotations__))
        if unknown:
            hint = did_you_mean(unknown[0], names)
            raise InvalidInputError(
                f"unknown option {', '.join(unknown)}{hint}", field=unknown[0], vendor=cls.profile.vendor
            )

    @classmethod
    def _check_account(cls, account: str | None) -> str | None:
        if account is None:
            return None
        if not isinstance(account, str) or not account.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
            raise cls._invalid("account", "must be the name of an account, as text")
        try:
            account.encode()
        except UnicodeEncodeError:
            raise cls._invalid("account", "contains half of a surrogate pair: pass valid Unicode text") from None
        return account.strip()

    @classmethod
    def _check_region(cls, region: str | None) -> str | None:
        if region is None or region == cls.profile.default_region:
            return cls.profile.default_region
        from crossbook import _phones

        if not _phones.is_region(region):
            raise cls._invalid("default_region", 'must be a country code of two capital letters, such as "PL"')
        return region

    @classmethod
    def _check_default_group(cls, group: str | None) -> str | None:
        if group is None:
            return None
        if not cls.profile.single_group:  # the option would have no effect
            raise cls._invalid(
                "default_group", f"has no effect: {cls.profile.title} needs no group; set groups on each contact"
            )
        from crossbook import _validation

        return _validation.check_id(cls.profile, "default_group", group)

    @classmethod
    def _check_rate(cls, rate: float | None) -> Rate | None:
        if rate is None:
            return cls.profile.rate
        if isinstance(rate, bool) or not (isinstance(rate, (int, float)) and 0 < rate < math.inf):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise cls._invalid("rate", "must be a number of requests a second, more than 0")
        return Rate(rate, max(1, round(rate)))


@dataclass(frozen=True, slots=True)
class BookHealth:
    """The result of a health check of one book.

    Args:
        vendor: the book's vendor.
        healthy: whether the vendor answered a read, and so accepts the credentials.
        seconds: how long the read took.
        error: why the book is not healthy.
    """

    vendor: str
    healthy: bool
    seconds: float
    error: CrossbookError | None = None


async def check_health(book: AddressBook, timeout: float) -> BookHealth:
    """Check whether an open book works, by one request: read one group, or one contact if the vendor has no groups.

    Args:
        book: an open book.
        timeout: seconds for the read.
    """
    # Two attempts: a connection that the vendor closed, or an expired login token, does not make a book unhealthy.
    limited = book.with_options(
        timeout=timeout, connect_timeout=timeout, read_timeout=timeout, queue_timeout=None, max_attempts=2
    )
    has_groups = book.profile.capability("groups.list").support != "unsupported"
    resource = limited.groups if has_groups else limited.contacts
    began, error = time.monotonic(), None
    try:
        await resource.list(page_size=1)
    except CrossbookError as raised:
        error = copy_without_traceback(raised)
    seconds = round(time.monotonic() - began, 3)
    return BookHealth(vendor=book.profile.vendor, healthy=error is None, seconds=seconds, error=error)
