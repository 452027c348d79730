"""Detect the encoding of a file, by its byte order mark or by all its bytes, and read its lines."""

from __future__ import annotations

import codecs
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import IO, BinaryIO, cast

from attrs import frozen

from crossbook.errors import InvalidInputError
from crossbook.files.guessing import guess_encoding

SAMPLE_LINES = 200  # lines that a reader looks at before the first row
MAX_LINE = 1 << 20  # characters
_CHUNK = 1 << 20  # bytes
_TITLE_LINES = 3  # the titles, or lines above them
_LONGEST_SAMPLE = 2000  # bytes of a line
Sample = list[tuple[int, bytes]]  # lines, each with its number
_INVALID = "\udcff"  # in place of a byte that cannot be decoded
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # UTF-7 can encode any of them
# UTF-32 comes first: its little-endian mark begins with that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_ARCHIVE_STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
_BLANK = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # byte order marks, and white space in any encoding


def _replace_by_surrogates(error: UnicodeError) -> tuple[str, int]:
    # Valid text has no lone surrogate, so `has_invalid_bytes` finds the row. Python's "surrogateescape" would do the
    # same, but it raises for ASCII bytes that UTF-16 and UTF-32 cannot decode.
    assert isinstance(error, UnicodeDecodeError)
    return _INVALID * (error.end - error.start), error.end


codecs.register_error("crossbook.surrogates", _replace_by_surrogates)


@frozen
class EncodedFile:
    """An open file and its encoding.

    Args:
        file: a seekable binary file.
        name: Python's name of the encoding.
        line_count: the estimated number of lines.
        example: if the encoding is a guess, the number and the text of a line that other encodings would change.
    """

    file: IO[bytes]
    name: str
    line_count: int
    example: tuple[int, str] | None = None

    @property
    def title(self) -> str:
        """The common name of the encoding, such as UTF-8."""
        utf = re.match("utf-[0-9]+", self.name)
        return utf[0].upper() if utf else self.name

    def lines(self) -> Iterator[str]:
        """Yield all lines of the file, decoded, with their line ends; invalid bytes become lone surrogates.

        Raises:
            InvalidInputError: a line is longer than `MAX_LINE`.
        """
        self.file.seek(0)
        text = TextIOWrapper(self.file, encoding=self.name, errors="crossbook.surrogates", newline="")
        try:
            number = 0
            while line := text.readline(MAX_LINE):
                number += 1
                if len(line) == MAX_LINE:
                    raise InvalidInputError(
                        f"line {number} is longer than {MAX_LINE:,} characters: check that this is a contact file"
                    )
                yield line
        finally:
            with suppress(ValueError):  # the file may be closed already, if the caller stopped in the middle
                text.detach()


def has_invalid_bytes(text: str) -> bool:
    """Return whether the text of a file has bytes that `EncodedFile.lines` could not decode."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def open_file(path: str | Path) -> BinaryIO:
    """Open a file to read bytes. Copy a pipe, such as standard input ("-"), to a temporary file, which is seekable."""
    if str(path) == "-":
        source = cast("BufferedReader", sys.stdin.buffer)
    else:
        source = Path(path).open("rb")  # noqa: SIM115  (the caller closes it)
        if source.seekable():
            return source
    spool = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115
    # `read1` returns what has arrived; `read` would wait for a full block, and a signal would wait with it.
    while block := source.read1(_CHUNK):
        spool.write(block)
    return spool


def detect_encoding(
    file: IO[bytes], encoding: str | None = None, *, select: Callable[[Sample], Sample] | None = None
) -> EncodedFile:
    """Detect the encoding of a file from all its bytes, or check the given encoding.

    A byte order mark decides, or the zeros of UTF-16. Other text is UTF-8 if more of its non-ASCII letters are valid
    UTF-8 than not; its rows with invalid bytes are reported. Else `guess_encoding` decides.

    Args:
        file: a seekable binary file.
        encoding: the encoding, if it is detected wrongly.
        select: returns the lines of a sample by which the encoding is guessed, of those given. Each has its number.

    Raises:
        InvalidInputError: the encoding is unknown or not that of the file; the file is empty or an archive.
    """
    file.seek(0)
    start = file.read(4096)
    if not start.strip(_BLANK):
        raise InvalidInputError("the file is empty", field="file")
    if start.startswith(_ARCHIVE_STARTS):
        raise InvalidInputError(
            "the file is a spreadsheet or an archive: name a workbook .xlsx, or save it as CSV; unpack zip files first",
            field="file",
        )
    name = _check_encoding(encoding, start) if encoding is not None else _detect_by_start(start)
    valid = invalid = lines = 0
    example = None
    last = b""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(name or "utf-8")("crossbook.surrogates")
    while chunk := file.read(_CHUNK):
        lines += max(chunk.count(b"\n"), chunk.count(b"\r"))
        last = chunk[-1:]
        if name is None:
            text = decoder.decode(chunk)
            if not text.isascii():
                invalid += text.count(_INVALID)
                valid += max(0, len(chunk) - len(text))  # the bytes that are not the first of their letter
    if name is None:
        invalid += len(decoder.decode(b"", final=True))
        name = "utf-8"
        if invalid >= valid and invalid:
            # Lines in UTF-8, of which a file may have some, say nothing about the others.
            sample = _read_sample(file) if select is None else select(_read_sample(file))
            sample = [each for each in sample if each[1].isascii() or not _is_utf8(each[1])]
            foreign = [each for each in sample if not each[1].isascii()]
            if foreign or select is None:
                name, proved = guess_encoding([line for _, line in sample])
                number, line = (foreign or sample)[-1]
                example = None if proved else (number, line.decode(name, "replace").strip())
    file.seek(0)
    return EncodedFile(file, name, lines + (last not in b"\r\n\0"), example)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_sample(file: IO[bytes]) -> Sample:
    """Return the first lines of a file, and the next lines that are not ASCII, each with its number."""
    file.seek(0)
    sample: Sample = []
    number, rest = 0, b""
    while len(sample) < SAMPLE_LINES and (chunk := file.read(_CHUNK)):
        *whole, rest = (rest + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for number, line in enumerate(whole, number + 1):  # noqa: B020  (the count continues)
            if (number <= _TITLE_LINES or not line.isascii()) and len(sample) < SAMPLE_LINES:
                sample.append((number, line[:_LONGEST_SAMPLE]))
        rest = rest[-_CHUNK:]
    return sample if rest.isascii() and sample else [*sample, (number + 1, rest[:_LONGEST_SAMPLE])]


def _check_encoding(encoding: str, start: bytes) -> str:
    try:
        "".encode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError, ValueError):
        raise InvalidInputError(
            f"unknown encoding {encoding[:40]!r}: expected a name such as utf-8 or cp1250", field="encoding"
        ) from None
    try:
        codecs.getincrementaldecoder(name)("crossbook.surrogates").decode(start)
    except UnicodeError:
        # The whole text cannot be decoded, such as UTF-16 without its mark. Single invalid bytes do not come here.
        raise InvalidInputError(
            f"the file cannot be decoded as {name}: omit encoding=, so that it is detected",
            field="encoding",
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _detect_by_start(start: bytes) -> str | None:
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    # In UTF-16, every second byte of Latin letters, digits and separators is a zero. Other text has no zeros.
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > max(len(start) // 20, 4 * min(even, odd)):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None
