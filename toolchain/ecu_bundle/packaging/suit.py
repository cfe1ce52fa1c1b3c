"""A SUIT envelope (draft-ietf-suit-manifest-37) in profile 1: manifest, then envelope, as bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from ecu_bundle.errors import UsageError
from ecu_bundle.packaging import cbor, cose
from ecu_bundle.packaging.layout import (
    FACTS,
    HEADER_LIMIT,
    MANIFEST_VERSION,
    MAX_SEQUENCE,
    SHA256,
    SIGNATURE_SIZE,
    UUID_SIZE,
    PackageKind,
)

ENVELOPE_TAG: Final = 107

_VENDOR_CONDITION, _CLASS_CONDITION, _MATCH_CONDITION = 1, 2, 3
_SET_COMPONENT, _OVERRIDE, _FETCH = 12, 20, 21
_VENDOR, _CLASS, _DIGEST, _SIZE, _URI = 1, 2, 3, 14, 21
_REPORT_ALL = 15
_SHARED_ITEMS = 16


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is signed.

    Attributes:
        kind: ``model``, or ``trust`` for a key set.
        sequence: 1 to 2^32 - 1.
        vendor, device_class: UUIDs, 16 bytes each.
        facts_digest, payload_digest: SHA-256.
        facts_size, payload_size: in bytes.
    """

    kind: PackageKind
    sequence: int
    vendor: bytes
    device_class: bytes
    facts_digest: bytes
    facts_size: int
    payload_digest: bytes
    payload_size: int

    def encode(self) -> bytes:
        """The manifest, without the head of the string that wraps it."""
        components = cbor.array(
            [cbor.array([cbor.byte_string(name.encode())]) for name in (FACTS, self.kind)]
        )
        common = _map({2: components, 4: cbor.byte_string(self._shared())})
        return _map(
            {
                1: cbor.integer(MANIFEST_VERSION),
                2: cbor.integer(self.sequence),
                3: cbor.byte_string(common),
                7: cbor.byte_string(VALIDATE),
                20: cbor.byte_string(install_sequence(self.kind)),
            }
        )

    def _shared(self) -> bytes:
        start, between, end = id_pieces()
        pieces = [start, self.vendor, between, self.device_class, end]
        for index, (digest, size) in enumerate(
            ((self.facts_digest, self.facts_size), (self.payload_digest, self.payload_size))
        ):
            wanted = cbor.byte_string(digest_item(digest)) + cbor.integer(_SIZE) + cbor.integer(size)
            pieces += [component_head(index), wanted]
        return b"".join(pieces)


def _map(items: dict[int, bytes]) -> bytes:
    return cbor.mapping({cbor.integer(key): value for key, value in items.items()})


def _sequence(*items: int | bytes) -> bytes:
    return cbor.head(cbor.Major.ARRAY, len(items)) + _items(*items)


def _items(*items: int | bytes) -> bytes:
    return b"".join(item if isinstance(item, bytes) else cbor.integer(item) for item in items)


def digest_item(digest: bytes) -> bytes:
    """``[-16, digest]``."""
    return cbor.array([cbor.integer(SHA256), cbor.byte_string(digest)])


def id_pieces() -> tuple[bytes, bytes, bytes]:
    """The shared sequence before, between and after its two ids."""
    ids = cbor.head(cbor.Major.MAP, 2) + cbor.integer(_VENDOR) + cbor.head(cbor.Major.BYTES, UUID_SIZE)
    items = (_SET_COMPONENT, cbor.TRUE, _OVERRIDE, ids)
    conditions = (_VENDOR_CONDITION, _REPORT_ALL, _CLASS_CONDITION, _REPORT_ALL)
    return (
        cbor.head(cbor.Major.ARRAY, _SHARED_ITEMS) + _items(*items),
        cbor.integer(_CLASS) + cbor.head(cbor.Major.BYTES, UUID_SIZE),
        _items(*conditions),
    )


def component_head(index: int) -> bytes:
    """The shared sequence from the choice of a component up to its digest."""
    wanted = cbor.head(cbor.Major.MAP, 2) + cbor.integer(_DIGEST)
    return _items(_SET_COMPONENT, index, _OVERRIDE, wanted)


VALIDATE: Final = _sequence(_SET_COMPONENT, cbor.TRUE, _MATCH_CONDITION, _REPORT_ALL)


def install_sequence(kind: PackageKind) -> bytes:
    """Fetch both components from the envelope, and compare their digests."""
    items: list[int | bytes] = []
    for index, name in enumerate((FACTS, kind)):
        uri = _map({_URI: cbor.text(f"#{name}")})
        items += [_SET_COMPONENT, index, _OVERRIDE, uri, _FETCH, _REPORT_ALL, _MATCH_CONDITION, _REPORT_ALL]
    return _sequence(*items)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A package in pieces.

    Attributes:
        kind: of its payload.
        manifest: its bytes, without the head that wraps them.
        facts, payload: the two integrated payloads.
        protected, signature: of COSE_Sign1; both empty in an unsigned package.
    """

    kind: PackageKind
    manifest: bytes
    facts: bytes
    payload: bytes
    protected: bytes = b""
    signature: bytes = b""

    @property
    def manifest_digest(self) -> bytes:
        """SHA-256 of the manifest with the head that wraps it."""
        return hashlib.sha256(cbor.byte_string(self.manifest)).digest()

    @property
    def signed_payload(self) -> bytes:
        """What COSE signs, detached: ``[-16, manifest digest]``."""
        return digest_item(self.manifest_digest)

    def header(self) -> bytes:
        """Everything before the bytes of the payload.

        Raises:
            UsageError: more than the device buffers.
        """
        blocks = [cbor.byte_string(self.signed_payload)]
        if self.signature:
            blocks.append(cbor.byte_string(cose.sign1(self.protected, self.signature)))
        return b"".join(
            [
                *(cbor.head(cbor.Major.TAG, ENVELOPE_TAG), cbor.head(cbor.Major.MAP, 4)),
                *(cbor.integer(2), cbor.byte_string(cbor.array(blocks))),
                *(cbor.integer(3), cbor.byte_string(self.manifest)),
                *(cbor.text(f"#{FACTS}"), cbor.byte_string(self.facts)),
                *(cbor.text(f"#{self.kind}"), cbor.head(cbor.Major.BYTES, len(self.payload))),
            ]
        )

    def encode(self) -> bytes:
        """The package."""
        return self.header() + self.payload


def make_envelope(
    kind: PackageKind, *, sequence: int, vendor: bytes, device_class: bytes, facts: bytes, payload: bytes
) -> Envelope:
    """An unsigned package.

    Raises:
        UsageError: a number or the header is beyond the limits of the profile.
    """
    if not 1 <= sequence <= MAX_SEQUENCE:
        raise UsageError(
            "pack",
            f"sequence {sequence} is not within 1 and {MAX_SEQUENCE}",
            hint="choose another --sequence",
        )
    if len(payload) > MAX_SEQUENCE:
        raise UsageError("pack", f"a payload of {len(payload)} bytes; a package has less than 4 GiB")
    manifest = Manifest(
        kind=kind,
        sequence=sequence,
        vendor=vendor,
        device_class=device_class,
        facts_digest=hashlib.sha256(facts).digest(),
        facts_size=len(facts),
        payload_digest=hashlib.sha256(payload).digest(),
        payload_size=len(payload),
    )
    envelope = Envelope(kind, manifest.encode(), facts, payload)
    signed = Envelope(kind, envelope.manifest, facts, b"", bytes(cose.PROTECTED_SIZE), bytes(SIGNATURE_SIZE))
    size = len(signed.header()) - 1 + len(cbor.head(cbor.Major.BYTES, len(payload)))
    if size > HEADER_LIMIT:
        raise UsageError(
            "pack",
            f"the facts are too long: {size} bytes before the payload, {HEADER_LIMIT} are allowed",
            hint=f"take {size - HEADER_LIMIT} bytes away: fewer RXSWINs, predecessors, tools; shorter texts",
        )
    return envelope
