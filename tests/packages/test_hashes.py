"""SHA-256 and SHA-512 of the device are those of hashlib."""

from __future__ import annotations

import hashlib
import random

import pytest

from .device import Reader

HASHES = ("sha256", "sha512")


@pytest.mark.parametrize("which", HASHES)
def test_every_length_and_split(reader: Reader, which: str) -> None:
    data = random.Random(1).randbytes(300)  # noqa: S311
    for size in range(301):
        expected = hashlib.new(which, data[:size]).digest()
        for first in (0, size // 3, size):
            assert reader.digest(which, data[:first], data[first:size]) == expected, (size, first)


@pytest.mark.parametrize("which", HASHES)
@pytest.mark.parametrize("size", [4096, 100_000, 1_000_001])
def test_long_messages(reader: Reader, which: str, size: int) -> None:
    data = random.Random(size).randbytes(size)  # noqa: S311
    assert reader.digest(which, data[:777], data[777:]) == hashlib.new(which, data).digest()
