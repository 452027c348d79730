"""Hostile ids and values: ten thousand of each, the same ones in every run."""

from __future__ import annotations

import random
from collections.abc import Iterator

SEED = 20261123
COUNT = 10_000

PIECES = (
    "..", ".", "...", "%2e%2e", "%2E.", "%252e", "/", "//", "%2f", "%2F..", "\\", "%5c", "..\\", "?", "?id=1", "#",
    "#x", ";", "..;", ";v=1", "&", "&id=2", "=", "\0", "%00", "\n", "\r\n", "\r\nX-Evil: 1", "%0d%0a", "\t", " ",
    "+", "*", "@", ":", "1", "12", "007", "-1", "1e3", "0x1", "１２", "٣", "²", "é", "ż", "\u202e", "\u2028",
    "\ufeff", "\ud800", "😀", "group", "segment", "contact", "sms", "{id}", "${id}", "' OR 1=1--", '"', '","x":"', "}",
    "]", "null", "None", "true",
)  # fmt: skip
# Values that are not ids.
WRONG = (None, 0, 1, -1, 1.5, True, b"1", [], ["1"], ("1",), {"id": "1"}, object(), "", " ", "1 ", " 1", "1\n", "\n1")
GOOD = ("1", "7", "42", "123456", "9" * 18, "1000658322")


def ids() -> Iterator[object]:
    """Return ids: mostly hostile pieces, alone or around a valid one; some are very long, some have a wrong type."""
    yield from (*WRONG, *GOOD, *PIECES, "1" * 100_000, "../" * 10_000)
    dice = random.Random(SEED)
    for _ in range(COUNT - len(WRONG) - len(GOOD) - len(PIECES) - 2):
        pieces = dice.choices(PIECES, k=dice.randint(1, 5))
        match dice.randint(0, 9):
            case 0:
                yield dice.choice(GOOD) + "".join(pieces)
            case 1:
                yield "".join(pieces) + dice.choice(GOOD)
            case 2:
                yield str(dice.randint(0, 10**19))
            case 3:
                yield "".join(chr(dice.randint(0, 0x2FFF)) for _ in range(dice.randint(1, 20)))
            case _:
                yield "".join(pieces)


def texts() -> Iterator[str]:
    """Return values of headers, credentials and fields: control characters, quotes, separators, lone surrogates."""
    parts = (
        *PIECES, "key", "s3cret", "\x7f", "\x85", "\x1b[2J", "\b", "\f", "\v", "\xa0", "\\u0000", "\\ud800", "\\",
        "\\\\", "'", '"}', '","password":"', "</script>", "Bearer ", "Authorization: x", "\r\n\r\nGET / HTTP/1.1",
        "username=", "%", "%zz", "a\u0301", "\u200b", "\U0010ffff", "\udfff",
    )  # fmt: skip
    yield from (*parts, "", "   ", "key\n", "key\r\n", "\nkey", "ke\ny", "key\0", "k" * 100_000)
    dice = random.Random(SEED + 1)
    for _ in range(COUNT - len(parts) - 8):
        yield "".join(dice.choices(parts, k=dice.randint(1, 6)))
