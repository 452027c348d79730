"""What generated code speaks of: a request, a response, and the callable that turns one into the other.

Neither opens a connection. Whoever makes an API class brings the `Send`, which authenticates, sends, and judges the
status; generated code builds the request and decodes the response.

Written from specs/codegen/templates/http.py.jinja, never by hand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar, cast
from urllib.parse import quote

from attrs import define, fields
from msgspec import UNSET, Struct
from msgspec.json import Decoder, Encoder

T = TypeVar("T")

encode = Encoder().encode
"""Turns a model into JSON; fields that are UNSET are left out."""


class Discreet(Struct, frozen=True):
    """A value whose repr tells the fields named in `told`, and no other: those may hold secrets or personal data."""

    told: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich shows, which would find every field by itself."""
        return [(name, getattr(self, name)) for name in self.told]


class Request(Discreet, frozen=True):
    """One call, without base URL and credentials; its repr tells nothing that an argument went into."""

    operation: str
    """The operationId of the spec, such as `listContacts`."""
    method: str
    """The HTTP method, in capitals."""
    path: str
    """The raw path, percent-encoded, beginning with a slash."""
    query: str = ""
    """The query string, encoded, without the question mark."""
    body: bytes = b""
    """The encoded body; empty for none."""
    content_type: str | None = None
    """The media type of the body; None for none."""

    told: ClassVar[tuple[str, ...]] = ("operation", "method")


class Response(Discreet, frozen=True):
    """One answer, read to its end; its repr tells the status and the size alone."""

    status: int
    """The HTTP status. Decoding does not look at it."""
    headers: Mapping[str, str]
    """The headers, names in lower case."""
    content: bytes
    """The body, decompressed."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("status", self.status), ("size", len(self.content))]

    def decode(self, decoder: Decoder[T]) -> T:
        """Decode the body; raises `msgspec.DecodeError` if it is not the JSON that the decoder wants."""
        return decoder.decode(self.content)

    async def decode_async(self, decoder: Decoder[T]) -> T:
        """Decode the body as `decode` does; a `Send` may answer what lets other tasks run while a long one is decoded."""
        return self.decode(decoder)


Send = Callable[[Request], Awaitable[Response]]


async def answer(send: Send, decoder: Callable[[], Decoder[T]], request: Request) -> T:
    """Send a request and decode what comes back.

    The methods of the API classes hand over to it instead of awaiting themselves: a traceback with locals then shows
    none of their arguments, which hold personal data.
    """
    response = await send(request)
    return await response.decode_async(decoder())


@define(repr=False, eq=False)
class Model:
    """What all models share: a repr that names the fields that are set, and shows nothing of what is in them."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self.__rich_repr__())}>"

    def __rich_repr__(self) -> Iterator[str]:
        """What rich shows, which looks into attrs classes by itself."""
        return (name.name for name in fields(type(self)) if getattr(self, name.name) is not UNSET)


def segment(value: object) -> str:
    """Encode a path parameter; raises `ValueError` for what would make the path another one."""
    text = quote(str(value), safe="")
    if text in ("", ".", ".."):
        raise ValueError("A path parameter may be neither empty nor made of dots.")
    return text


def query_string(parameters: Mapping[str, object]) -> str:
    """Encode query parameters, by encoded names: UNSET is left out, a list is one pair an item, True is `true`."""
    pairs: list[str] = []
    for name, value in parameters.items():
        if value is UNSET:
            continue
        if type(value) is int:  # nothing to encode
            pairs.append(f"{name}={value}")
        elif isinstance(value, list):
            pairs += [f"{name}={_encoded(item)}" for item in cast("list[object]", value)]
        else:
            pairs.append(f"{name}={_encoded(value)}")
    return "&".join(pairs)


def _encoded(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if text.isascii() and text.isalnum() else quote(text, safe="")
