"""Responses that are small on the wire and large after decompression."""

from __future__ import annotations

import zlib
from functools import cache

MIB = 1 << 20
GIB = 1 << 30
_GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


@cache
def deflated_zeros(size: int = GIB) -> bytes:
    """Return compressed zeros. A block of a MiB is compressed once and repeated, since each block is independent."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (size // MIB)


def gzip_bomb() -> bytes:
    return _GZIP + deflated_zeros()


@cache
def gzip_over_gzip() -> bytes:
    """Return a bomb in a bomb: one KiB becomes a GiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(gzip_bomb()) + packer.flush()


def repeated(before: bytes, piece: bytes, after: bytes, size: int = 16 * MIB) -> bytes:
    """Return as many pieces as fit, with commas between them."""
    room = size - len(before) - len(after)
    return before + (piece + b",") * (room // (len(piece) + 1) - 1) + piece + after


def nested(depth: int, opening: bytes, inner: bytes, closing: bytes) -> bytes:
    return opening * depth + inner + closing * depth
