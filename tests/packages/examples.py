"""The two packages of ``docs/update_package.md``, from their ingredients."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ecu_bundle.artifacts import GoldenVectors
from ecu_bundle.image import read_image
from ecu_bundle.interface import Rows
from ecu_bundle.packaging.facts import DeviceFacts, Information, encode_facts
from ecu_bundle.packaging.key_set import TrustedKey, Uses, encode_key_set
from ecu_bundle.packaging.layout import class_id, vendor_id
from ecu_bundle.packaging.payload import ModelPayload, encode_golden
from ecu_bundle.packaging.signing import KeySigner, sign_envelope
from ecu_bundle.packaging.suit import Envelope, make_envelope

DOCS = Path(__file__).parents[2] / "docs"
VENDOR, CLASS = "ecu.example", "brake"

ED25519 = KeySigner(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
P256 = KeySigner(ec.derive_private_key(int.from_bytes(bytes(range(1, 33)), "big"), ec.SECP256R1()))


def hex_blocks(page: str) -> list[bytes]:
    """The bytes of each ``hex`` block of a page."""
    blocks = re.findall(r"^```hex\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.M | re.S)
    return [bytes.fromhex("".join(line[4:].split("|")[0] for line in block.splitlines())) for block in blocks]


def hex_lines(data: bytes) -> str:
    """Bytes as the pages show them."""
    lines = []
    for offset in range(0, len(data), 16):
        row = data[offset : offset + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{offset:04x}  {row.hex(' '):<47} | {text}")
    return "\n".join(lines)


def model_image() -> bytes:
    """The native example of ``docs/model_image.md``."""
    return hex_blocks("model_image.md")[1]


def golden() -> GoldenVectors:
    """Two rows: y is -x."""
    x = np.array([[1.5], [-2.0]], dtype=np.float32)
    return GoldenVectors(Rows({"x": x}), {"y": -x}, {"y": 0.0}, {"y": 0.0})


def unsigned_model(sequence: int = 7) -> Envelope:
    """The model package of the page, before it is signed."""
    image = model_image()
    contents = read_image(image)
    facts = encode_facts(
        DeviceFacts(
            kind=2,
            image_format=1,
            program_format=1,
            interface_hash=contents.interface_hash,
            arena=contents.arena_size,
            stack=480,
            image_size=len(image),
            kernels=(44,),
            hardware=(0x1001,),
        ),
        Information(
            VENDOR,
            CLASS,
            name=contents.image.name,
            version=contents.version,
            onnx_digest=contents.model_digest,
            tools={"ecu-bundle": "0.1.0"},
            part_number="A-123",
            rxswin=("R79-0042",),
        ),
    )
    payload = ModelPayload(image, encode_golden(golden(), contents.image.interface)).encode()
    return make_envelope(
        "model",
        sequence=sequence,
        vendor=vendor_id(VENDOR),
        device_class=class_id(VENDOR, CLASS),
        facts=facts,
        payload=payload,
    )


def model_package() -> bytes:
    """The first example."""
    return sign_envelope(unsigned_model(), ED25519).encode()


def key_package() -> bytes:
    """The second example: a key for models and one for keys, which signs."""
    keys = [TrustedKey(ED25519.public, 7, Uses.MODELS), TrustedKey(P256.public, 300, Uses.KEYS)]
    envelope = make_envelope(
        "trust",
        sequence=300,
        vendor=vendor_id(VENDOR),
        device_class=class_id(VENDOR, CLASS),
        facts=encode_facts(None, Information(VENDOR, CLASS)),
        payload=encode_key_set(keys),
    )
    return sign_envelope(envelope, P256).encode()
