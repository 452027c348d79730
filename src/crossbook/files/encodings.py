"""Which encoding a file is in: its byte order mark, or what all of its bytes say."""

from __future__ import annotations

import codecs
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import IO, BinaryIO, cast

from attrs import frozen

from crossbook.errors import InvalidInputError

LONGEST = 1 << 20  # characters of a line
_CHUNK = 1 << 20
_MARKED = re.compile(r"[\ud800-\udfff]")
# UTF-32's little-endian mark begins with UTF-16's.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
_BLANK = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # byte order marks, and white space in any encoding
# Of the letters ĄŚŹąśź, which alone are elsewhere in these two, the bytes. And what no text in ISO has: controls.
_CP1250, _ISO, _CONTROLS = bytes.fromhex("a58c8fb99c9f"), bytes.fromhex("a1a6acb1b6bc"), bytes(range(0x80, 0xA0))
_SHOWN = {
    "utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
}  # fmt: skip


def _mark(error: UnicodeError) -> tuple[str, int]:
    """What cannot be decoded becomes half of a character, which no right text holds: its row is found by it."""
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff" * (error.end - error.start), error.end


codecs.register_error("crossbook.mark", _mark)


@frozen
class Encoded:
    """A file whose encoding is known.

    Args:
        file: the bytes, from their beginning.
        name: the encoding, by Python's name.
        lines: about how many lines it has.
    """

    file: IO[bytes]
    name: str
    lines: int

    @property
    def title(self) -> str:
        """The encoding as people call it."""
        return _SHOWN.get(self.name, self.name)

    def text(self) -> Iterator[str]:
        """The lines as they are, with their ends; what is not in the encoding is marked (see `is_broken`).

        Raises:
            InvalidInputError: a line is too long for a file of this kind.
        """
        self.file.seek(0)
        text = TextIOWrapper(self.file, encoding=self.name, errors="crossbook.mark", newline="")
        try:
            number = 0
            while line := text.readline(LONGEST):
                number += 1
                if len(line) == LONGEST:
                    raise InvalidInputError(
                        f"line {number} is longer than {LONGEST:,} characters: is this the right file?"
                    )
                yield line
        finally:
            with suppress(ValueError):  # the file is closed already, and who read it stopped in the middle
                text.detach()


def is_broken(text: str) -> bool:
    """Whether some of it could not be decoded."""
    return not text.isascii() and _MARKED.search(text) is not None


def open_file(path: str | Path) -> BinaryIO:
    """The file, so that it can be read twice; what comes through a pipe ("-" is standard input) is kept on disk."""
    if str(path) != "-":
        file = Path(path).open("rb")  # noqa: SIM115  (the caller closes it)
        if file.seekable():
            return file
        source: BinaryIO = file
    else:
        source = sys.stdin.buffer
    kept = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115
    shutil.copyfileobj(source, kept)
    kept.seek(0)
    return kept


def detect(file: IO[bytes], encoding: str | None = None) -> Encoded:
    """Reads the file once, whole: one letter far down decides between UTF-8 and cp1250.

    Text that is no UTF-8 is taken for cp1250, the encoding of Polish spreadsheets, or for ISO 8859-2 where its Polish
    letters say so; but where most of it is UTF-8, it is that, and its broken rows are reported.

    Args:
        file: bytes that can be read again.
        encoding: the name of an encoding, where this guesses wrong.

    Raises:
        InvalidInputError: no such encoding, or not this file's; a spreadsheet or another packed file; an empty one.
    """
    file.seek(0)
    start = file.read(4096)
    if not start.strip(_BLANK):
        raise InvalidInputError("the file is empty", field="file")
    if start.startswith(_PACKED):
        raise InvalidInputError("this is a spreadsheet or an archive: save it as CSV first", field="file")
    name = _named(encoding, start) if encoding is not None else _by_start(start)
    good = bad = lines = windows = iso = 0
    last = b""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(name or "utf-8")("crossbook.mark")
    while chunk := file.read(_CHUNK):
        lines += max(chunk.count(b"\n"), chunk.count(b"\r"))
        last = chunk[-1:]
        if name is None:
            text = decoder.decode(chunk)
            if not text.isascii():
                windows += _many(chunk, _CP1250 + _CONTROLS)
                iso += _many(chunk, _ISO)
                broken = len(_MARKED.findall(text))
                bad += broken
                good += len(text) - len(text.encode("ascii", "ignore")) - broken
    if name is None:
        bad += len(decoder.decode(b"", final=True))
        name = "utf-8" if good > bad or not bad else "iso8859-2" if iso > windows else "cp1250"
    file.seek(0)
    return Encoded(file, name, lines + (last not in b"\r\n\0"))


def _many(chunk: bytes, of: bytes) -> int:
    return len(chunk) - len(chunk.translate(None, of))


def _named(encoding: str, start: bytes) -> str:
    try:
        "".encode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError, ValueError):
        raise InvalidInputError(f"there is no encoding {encoding[:40]!r}", field="encoding") from None
    try:
        codecs.getincrementaldecoder(name)("crossbook.mark").decode(start)
    except UnicodeError:
        # Not one letter that is broken, which is its row's: UTF-16 without its mark, for instance.
        raise InvalidInputError(
            f"the file is not in {name}: leave out the encoding, and it is guessed", field="encoding"
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _by_start(start: bytes) -> str | None:
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    # Every other byte of Latin text in UTF-16 is a zero.
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) // 4:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None
