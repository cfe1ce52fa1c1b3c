"""Public keys: their two kinds, ids and signatures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ecu_bundle.packaging.layout import KEY_ID_SIZE, SIGNATURE_SIZE

KeyKind = Literal["ed25519", "p256"]

KEY_KINDS: dict[KeyKind, int] = {"ed25519": 1, "p256": 2}
"""Numbers in a key set."""
RAW_SIZES: dict[KeyKind, int] = {"ed25519": 32, "p256": 64}
"""Bytes of a raw public key: the point of Ed25519 (RFC 8032); x and y of P-256, big-endian."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with.

    Attributes:
        kind: ``ed25519`` or ``p256``.
        raw: 32 or 64 bytes.
    """

    kind: KeyKind
    raw: bytes

    @property
    def id(self) -> bytes:
        """The first 8 bytes of SHA-256 of the raw key."""
        return hashlib.sha256(self.raw).digest()[:KEY_ID_SIZE]

    def native(self) -> ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey:
        """The same as an object of `cryptography`.

        Raises:
            ValueError: no point of the curve.
        """
        if self.kind == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(self.raw)
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + self.raw)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether a signature of 64 bytes is right; r and s of ECDSA are big-endian, side by side."""
        if len(signature) != SIGNATURE_SIZE:
            return False
        try:
            key = self.native()
            if isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, message)
            else:
                r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
                key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


def public_key(native: object) -> PublicKey:
    """A key of `cryptography` as ours.

    Raises:
        ValueError: neither Ed25519 nor P-256.
    """
    if isinstance(native, ed25519.Ed25519PublicKey):
        return PublicKey("ed25519", native.public_bytes_raw())
    if isinstance(native, ec.EllipticCurvePublicKey) and isinstance(native.curve, ec.SECP256R1):
        numbers = native.public_numbers()
        return PublicKey("p256", numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))
    raise ValueError(f"{type(native).__name__.removeprefix('_')} is neither Ed25519 nor P-256")
