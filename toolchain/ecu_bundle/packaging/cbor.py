"""The part of CBOR (RFC 8949) that a package uses, in its one deterministic form.

The bytes are written by hand because the device compares them with a template: every head is the shortest,
every length is definite, keys ascend. The tests hold them against `cbor2`, which shares nothing with this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum


class Major(IntEnum):
    """Major types, in the three high bits of an initial byte."""

    UNSIGNED = 0
    NEGATIVE = 1
    BYTES = 2
    TEXT = 3
    ARRAY = 4
    MAP = 5
    TAG = 6


TRUE = b"\xf5"
NULL = b"\xf6"


def head(major: Major, argument: int) -> bytes:
    """Initial byte and argument, in the shortest form. The argument is 0 to 2^32 - 1."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for code, size in ((24, 1), (25, 2), (26, 4)):
        if argument < 1 << 8 * size:
            return bytes([major << 5 | code]) + argument.to_bytes(size, "big")
    raise ValueError(f"{argument} does not fit 32 bits")


def integer(value: int) -> bytes:
    """An integer of either sign."""
    return head(Major.UNSIGNED, value) if value >= 0 else head(Major.NEGATIVE, -1 - value)


def byte_string(data: bytes) -> bytes:
    """A byte string with its head."""
    return head(Major.BYTES, len(data)) + data


def text(value: str) -> bytes:
    """A text string."""
    data = value.encode()
    return head(Major.TEXT, len(data)) + data


def array(items: Sequence[bytes]) -> bytes:
    """An array of encoded items."""
    return head(Major.ARRAY, len(items)) + b"".join(items)


def mapping(items: Mapping[bytes, bytes]) -> bytes:
    """A map of encoded keys and values, by ascending bytes of the keys."""
    return head(Major.MAP, len(items)) + b"".join(key + items[key] for key in sorted(items))


def tag(number: int, item: bytes) -> bytes:
    """A tagged item."""
    return head(Major.TAG, number) + item
