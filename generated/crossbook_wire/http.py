"""The request and response of generated code, and the type of the callable that sends a request.

Generated code builds requests and decodes responses. The caller of an API class passes a `Send`, which authenticates,
sends, and checks the status.

Written from specs/codegen/templates/http.py.jinja, never by hand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)
from urllib.parse import quote

from attrs import define, fields
from msgspec import UNSET, Struct
from msgspec.json import Decoder, Encoder

T = TypeVar("T")

MISSING: Any = UNSET
"""The default of a field that the spec requires. The decoder leaves it in place if a response lacks the field."""

SCALARS = (str, int, float, bool)

if TYPE_CHECKING:
    # The type of a value in a response, by the spec.
    Received = Annotated[T, "received"]
else:

    class Received:
        """A type that is the spec's type for a type checker, and a tolerant type for the decoder.

        Any scalar may be another scalar. An object may be an empty array, since PHP writes `[]`. Anything may be null,
        also an item of an array.
        """

        def __class_getitem__(cls, kind: Any) -> Any:
            kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
            lists = [list[cls[get_args(each)[0]]] for each in kinds if get_origin(each) is list]
            objects = [
                each
                for each in kinds
                if each not in (*SCALARS, NoneType) and get_origin(each) is not list
            ]
            if Any in objects:
                return Any
            if objects and not lists:
                lists = [list[Any]]
            scalars = SCALARS if any(each in SCALARS for each in kinds) else ()
            return Union[(*objects, *lists, *scalars, None)]  # noqa: UP007


encode = Encoder().encode
"""Encode a model as JSON, without the fields that are UNSET."""


class Redacted(Struct, frozen=True):
    """A value whose repr shows only the fields in `shown_fields`. The others may hold secrets or personal data."""

    shown_fields: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the fields that rich shows. By default rich shows all."""
        return [(name, getattr(self, name)) for name in self.shown_fields]


class Request(Redacted, frozen=True):
    """One request, without base URL and credentials. Its repr shows nothing that holds an argument."""

    operation: str
    """The operationId of the spec, such as `listContacts`."""
    method: str
    """The HTTP method, in capitals."""
    path: str
    """The path, percent-encoded, with a leading slash."""
    query: str = ""
    """The query string, encoded, without the question mark."""
    body: bytes = b""
    """The encoded body; empty if there is no body."""
    content_type: str | None = None
    """The media type of the body; None if there is no body."""
    headers: tuple[tuple[str, str], ...] = ()
    """The header parameters of the operation: pairs of name and value."""

    shown_fields: ClassVar[tuple[str, ...]] = ("operation", "method")


class Response(Redacted, frozen=True):
    """One complete response. Its repr shows only the status and the size."""

    status: int
    """The HTTP status. Decoding does not look at it."""
    headers: Mapping[str, str]
    """The headers, names in lower case."""
    content: bytes
    """The body, decompressed."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("status", self.status), ("size", len(self.content))]

    def decode(self, decoder: Decoder[T]) -> T:
        """Decode the body. Raises `msgspec.DecodeError` if the body does not match the decoder's type."""
        return decoder.decode(self.content)

    async def decode_async(self, decoder: Decoder[T]) -> T:
        """Decode the body as `decode` does. A subclass may let other tasks run while it decodes a long body."""
        return self.decode(decoder)


Send = Callable[[Request], Awaitable[Response]]


async def send_and_decode(send: Send, decoder: Callable[[], Decoder[T]], request: Request) -> T:
    """Send a request and decode the response.

    The methods of the API classes return this coroutine instead of awaiting: a traceback with locals then shows none
    of their arguments, which may hold personal data.
    """
    response = await send(request)
    return await response.decode_async(decoder())


async def send_and_decode_if_any(
    send: Send, decoder: Callable[[], Decoder[T]], request: Request
) -> T | None:
    """Send a request and decode the response. Return None if its body is empty."""
    response = await send(request)
    if not response.content.strip():
        return None
    return await response.decode_async(decoder())


async def send_and_discard(send: Send, request: Request) -> None:
    """Send a request whose successful response has no body."""
    await send(request)


@define(repr=False, eq=False)
class Model:
    """The base of all models. Its repr shows the names of the set fields, and no values."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self.__rich_repr__())}>"

    def __rich_repr__(self) -> Iterator[str]:
        """Return what rich shows. By default rich shows all attrs fields."""
        return (name.name for name in fields(type(self)) if getattr(self, name.name) is not UNSET)


class RenamedModel(Struct):
    """The base of models with a property whose name in JSON cannot be the name of a Python field.

    msgspec renames the fields of a `Struct`, but not those of an attrs class. The repr is that of `Model`.
    """

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self.__rich_repr__())}>"

    def __rich_repr__(self) -> Any:
        """Return what rich shows. By default rich shows all fields."""
        return (name for name in self.__struct_fields__ if getattr(self, name) is not UNSET)


def segment(value: object) -> str:
    """Encode a path parameter. Raises `ValueError` for values that would change the path."""
    text = quote(str(value), safe="")
    if text in ("", ".", ".."):
        raise ValueError("a path parameter must not be empty, '.' or '..'")
    return text


def query_string(parameters: Mapping[str, object]) -> str:
    """Encode query parameters with encoded names. UNSET is omitted, a list is one pair per item, True is `true`."""
    pairs: list[str] = []
    for name, value in parameters.items():
        if value is UNSET:
            continue
        if type(value) is int:  # needs no encoding
            pairs.append(f"{name}={value}")
        elif isinstance(value, list):
            pairs += [f"{name}={_encoded(item)}" for item in cast("list[object]", value)]
        else:
            pairs.append(f"{name}={_encoded(value)}")
    return "&".join(pairs)


def header_values(parameters: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of name and text of header parameters. UNSET is omitted, True is `true`."""
    return tuple((name, _text(value)) for name, value in parameters.items() if value is not UNSET)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _encoded(value: object) -> str:
    text = _text(value)
    return text if text.isascii() and text.isalnum() else quote(text, safe="")
