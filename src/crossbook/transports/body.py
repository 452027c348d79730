"""A body as it comes in: in pieces, inflated by us, and never larger than the cap, whatever was announced."""

from __future__ import annotations

import zlib

from crossbook.core.exchange import Failure


class Body:
    """Takes raw pieces; `failure` says when to stop reading."""

    def __init__(self, encoding: str, cap: int) -> None:
        self._cap = cap
        self._pieces: list[bytes] = []
        self._size = 0
        self.failure: Failure | None = None
        name = encoding.strip().lower()
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if name in ("gzip", "x-gzip") else None
        if name not in ("", "identity", "gzip", "x-gzip"):
            # Asked for was gzip alone; a chain of encodings is how bombs are built.
            self.failure = Failure("encoding", "yes", f"content-encoding {name[:40]}")

    def feed(self, raw: bytes) -> bool:
        """Whether to go on reading."""
        try:
            while raw and self.failure is None:
                piece, raw = self._inflated(raw)
                self._size += len(piece)
                if self._size > self._cap:
                    self.failure = Failure("too_large", "yes", f"more than {self._cap:,} bytes")
                    self._pieces.clear()
                elif piece:
                    self._pieces.append(piece)
        except zlib.error as error:
            self.failure = Failure("encoding", "yes", type(error).__name__)
        return self.failure is None

    def _inflated(self, raw: bytes) -> tuple[bytes, bytes]:
        if self._inflate is None:
            return raw, b""
        piece = self._inflate.decompress(raw, self._cap - self._size + 1)
        # What follows the end of the stream is no part of the answer.
        return piece, b"" if self._inflate.eof else self._inflate.unconsumed_tail

    def content(self) -> bytes | None:
        """The whole body; None if the compressed stream was cut off."""
        if self._inflate is not None and not self._inflate.eof and self._size:
            return None
        return b"".join(self._pieces)
