"""COSE_Sign1 (RFC 9052) as the profile has it: detached payload, algorithm and key id protected."""

from __future__ import annotations

from typing import Final

from ecu_bundle.packaging import cbor
from ecu_bundle.packaging.keys import KeyKind, PublicKey
from ecu_bundle.packaging.layout import KEY_ID_SIZE

ALGORITHMS: Final[dict[int, KeyKind]] = {-7: "p256", -8: "ed25519", -9: "p256", -19: "ed25519"}
"""ES256 and EdDSA, which are written, then ESP256 and Ed25519, their names in RFC 9864."""
WRITTEN: Final[dict[KeyKind, int]] = {"p256": -7, "ed25519": -8}

SIGN1_TAG: Final = 18


def protected_header(algorithm: int, key_id: bytes) -> bytes:
    """``{1: algorithm, 4: key id}``, 13 bytes."""
    return cbor.mapping({cbor.integer(1): cbor.integer(algorithm), cbor.integer(4): cbor.byte_string(key_id)})


PROTECTED_SIZE: Final = len(protected_header(-8, bytes(KEY_ID_SIZE)))


def signed_bytes(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure of RFC 9052, section 4.4: the bytes that a signature is made over."""
    return cbor.array(
        [
            cbor.text("Signature1"),
            cbor.byte_string(protected),
            cbor.byte_string(b""),
            cbor.byte_string(payload),
        ]
    )


def sign1(protected: bytes, signature: bytes) -> bytes:
    """COSE_Sign1 with its tag and without its payload."""
    return cbor.tag(
        SIGN1_TAG,
        cbor.array([cbor.byte_string(protected), cbor.mapping({}), cbor.NULL, cbor.byte_string(signature)]),
    )


def bytes_to_sign(key: PublicKey, payload: bytes) -> tuple[bytes, bytes]:
    """Protected header for a key, and the bytes that it signs."""
    protected = protected_header(WRITTEN[key.kind], key.id)
    return protected, signed_bytes(protected, payload)
