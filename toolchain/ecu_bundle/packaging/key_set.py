"""The keys of a device, as the payload of a key package."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag

from ecu_bundle.errors import UsageError
from ecu_bundle.packaging.keys import KEY_KINDS, RAW_SIZES, PublicKey
from ecu_bundle.packaging.layout import DIGEST_SIZE, MAX_SEQUENCE, PackageKind
from ecu_bundle.packaging.refusals import PackageError, Status

MAX_KEYS = 4
VERSION = 1
_MAGIC = b"ECUK"
_HEADER = struct.Struct("<4sBBH")
"""Magic, version, number of keys, reserved."""
_KEY = struct.Struct("<BB2sI8s64s")
"""Kind, uses, reserved, minimum counter, id, raw key with zeros behind."""

KEY_SET_SIZES = frozenset(_HEADER.size + count * _KEY.size + DIGEST_SIZE for count in range(1, MAX_KEYS + 1))


class Uses(IntFlag):
    """What a key may sign, with the bits of a key set; a key has at least one."""

    MODELS = 1
    KEYS = 2

    @property
    def words(self) -> list[str]:
        """``models``, ``keys``, or both."""
        return [str(use.name).lower() for use in self]


EVERYTHING = Uses.MODELS | Uses.KEYS
USE_OF: dict[PackageKind, Uses] = {"model": Uses.MODELS, "trust": Uses.KEYS}
"""What the key that signs such a package must be for."""
_ALL_USES = (Uses.MODELS, Uses.KEYS, EVERYTHING)


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that a device accepts.

    Attributes:
        key: the public key.
        minimum: the lowest sequence of a package that it may sign.
        uses: the kinds of packages that it may sign.
    """

    key: PublicKey
    minimum: int = 0
    uses: Uses = EVERYTHING


def encode_key_set(keys: Sequence[TrustedKey]) -> bytes:
    """The key set as bytes.

    Raises:
        UsageError: no key, too many, one twice, one for nothing, or a minimum that does not fit.
    """
    if not 1 <= len(keys) <= MAX_KEYS:
        raise UsageError("keys", f"{len(keys)} keys; a device has 1 to {MAX_KEYS}")
    if len({entry.key.id for entry in keys}) != len(keys):
        raise UsageError("keys", "the same key is given twice")
    body = _HEADER.pack(_MAGIC, VERSION, len(keys), 0)
    for entry in keys:
        if not 0 <= entry.minimum <= MAX_SEQUENCE:
            raise UsageError(
                "keys", f"a minimum counter of {entry.minimum} is not within 0 and {MAX_SEQUENCE}"
            )
        if entry.uses not in _ALL_USES:
            raise UsageError("keys", f"the key {entry.key.id.hex()} may sign nothing")
        kind = KEY_KINDS[entry.key.kind]
        body += _KEY.pack(kind, entry.uses, bytes(2), entry.minimum, entry.key.id, entry.key.raw)
    return body + hashlib.sha256(body).digest()


def decode_key_set(data: bytes) -> tuple[TrustedKey, ...]:
    """Reads a key set.

    Raises:
        PackageError: not a key set, damaged, or a key that is none.
    """
    body, digest = data[:-DIGEST_SIZE], data[-DIGEST_SIZE:]
    if len(data) not in KEY_SET_SIZES or hashlib.sha256(body).digest() != digest:
        raise _refusal("its size or digest is wrong")
    magic, version, count, reserved = _HEADER.unpack_from(body)
    if (magic, version, reserved) != (_MAGIC, VERSION, 0) or len(body) != _HEADER.size + count * _KEY.size:
        raise _refusal("its header is wrong")
    kinds = {number: kind for kind, number in KEY_KINDS.items()}
    keys: list[TrustedKey] = []
    for number, uses, gap, minimum, key_id, padded in _KEY.iter_unpack(body[_HEADER.size :]):
        if number not in kinds or uses not in _ALL_USES or any(gap):
            raise _refusal(f"key {len(keys)} is of kind {number} with uses {uses}")
        size = RAW_SIZES[kinds[number]]
        entry = TrustedKey(PublicKey(kinds[number], padded[:size]), minimum, Uses(uses))
        if any(padded[size:]) or entry.key.id != key_id or entry.key in [one.key for one in keys]:
            raise _refusal(f"key {len(keys)} has a wrong id or padding, or is there twice")
        keys.append(entry)
    return tuple(keys)


def _refusal(cause: str) -> PackageError:
    return PackageError(Status.ECU_PACKAGE_BAD_KEY_SET, f"the key set is malformed: {cause}")
