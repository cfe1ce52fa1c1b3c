"""Packages for the simulated ECU, good and bad."""

from __future__ import annotations

from functools import cache

from ecu_bundle.flashing.delivery import Delivery
from ecu_bundle.packaging.signing import KeySigner, sign_envelope
from packages.examples import ED25519, model_image, unsigned_model

DIGEST = model_image()[-32:].hex()


@cache
def package(sequence: int, signer: KeySigner = ED25519) -> bytes:
    """A signed package of the model of the format page."""
    return sign_envelope(unsigned_model(sequence), signer).encode()


def delivery(data: bytes, sequence: int) -> Delivery:
    """The same as it is handed to the client, without any check."""
    return Delivery(data, f"model {sequence}", sequence, DIGEST)


def good(sequence: int) -> Delivery:
    """A package that the ECU takes."""
    return delivery(package(sequence), sequence)
