"""Signatures: from a private key, or from a command that keeps the key to itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ecu_bundle.errors import VerificationError
from ecu_bundle.packaging.cose import bytes_to_sign
from ecu_bundle.packaging.keys import PublicKey, public_key
from ecu_bundle.packaging.suit import Envelope


class Signer(Protocol):
    """Whatever signs."""

    @property
    def public(self) -> PublicKey:
        """The key that its signatures are checked with."""

    def sign(self, message: bytes) -> bytes:
        """A signature of 64 bytes."""


@dataclass(frozen=True, slots=True)
class KeySigner:
    """Signs with a private key in memory; the same signature for the same message.

    Attributes:
        private: Ed25519 (RFC 8032), or P-256 with the nonces of RFC 6979.
    """

    private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey

    @property
    def public(self) -> PublicKey:
        return public_key(self.private.public_key())

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        r, s = decode_dss_signature(
            self.private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        )
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign_envelope(envelope: Envelope, signer: Signer) -> Envelope:
    """The package with a signature; one that it had is replaced.

    Raises:
        VerificationError: what the signer gave is no signature of its key.
    """
    key = signer.public
    protected, message = bytes_to_sign(key, envelope.signed_payload)
    signature = signer.sign(message)
    if not key.verifies(message, signature):
        raise VerificationError(
            "sign",
            f"the signer gave {len(signature)} bytes that are no signature of the key {key.id.hex()}",
            hint="a signature has 64 bytes, for P-256 r and s side by side; is it the right key?",
        )
    return replace(envelope, protected=protected, signature=signature)
