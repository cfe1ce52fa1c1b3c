"""The package that the test program of a bundle installs, as a C++ header.

``python -m update.example_package`` in ``tests/`` writes it again.
"""

from __future__ import annotations

import hashlib

from ecu_bundle.building.crypto_sources import Signature
from ecu_bundle.generation.literals import byte_table
from ecu_bundle.packaging.facts import DeviceFacts, Information, encode_facts
from ecu_bundle.packaging.keys import PublicKey
from ecu_bundle.packaging.layout import class_id, vendor_id
from ecu_bundle.packaging.signing import KeySigner, sign_envelope
from ecu_bundle.packaging.suit import make_envelope
from packages.board import table
from packages.examples import CLASS, ED25519, P256, VENDOR
from runtime.build import CHECKOUT

PLACE = CHECKOUT / "templates/cpp/update"
PAYLOAD_SIZE = 100_000
IMAGE_SIZE = PAYLOAD_SIZE - 64
START = b"ECUI\1\0\2\0" + IMAGE_SIZE.to_bytes(4, "little")
SIGNERS: dict[Signature, KeySigner] = {"ed25519": ED25519, "p256": P256}
KINDS: dict[Signature, str] = {"ed25519": "ECU_KEY_ED25519", "p256": "ECU_KEY_P256"}
INTERFACE = bytes(range(32))


def payload() -> bytes:
    """What ``fill_payload`` of the program makes."""
    pattern = bytes(index * 7 % 251 for index in range(IMAGE_SIZE))
    image = START + pattern[len(START) : -32]
    return (image + hashlib.sha256(image).digest()).ljust(PAYLOAD_SIZE, b"\0")


def header(signature: Signature) -> str:
    """``update_package.h`` for one kind of signature."""
    facts = DeviceFacts(
        kind=2,
        image_format=1,
        program_format=1,
        interface_hash=INTERFACE,
        arena=0,
        stack=0,
        image_size=IMAGE_SIZE,
        kernels=(),
        hardware=(),
    )
    envelope = make_envelope(
        "model",
        sequence=7,
        vendor=vendor_id(VENDOR),
        device_class=class_id(VENDOR, CLASS),
        facts=encode_facts(facts, Information(VENDOR, CLASS)),
        payload=payload(),
    )
    signer = SIGNERS[signature]
    package = sign_envelope(envelope, signer).encode()
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "/// @file",
        "/// A package of 100 kB without its payload, and the device that it is for. The key is that of the",
        "/// examples in docs/update_package.md: never trust it on a device.",
        "#ifndef UPDATE_PACKAGE_H",
        "#define UPDATE_PACKAGE_H",
        "",
        "#include <stdint.h>",
        "",
        '#include "ecu/signature.h"',
        '#include "ecu/update.h"',
        "",
        "namespace package {",
        "",
        "// clang-format off",
        f"constexpr uint32_t kPayloadSize = {PAYLOAD_SIZE}U;",
        f"constexpr uint32_t kImageSize = {IMAGE_SIZE}U;",
        "constexpr uint32_t kSignatureAt = 0x43U;",
        f"constexpr ecu_verify kVerify = &ecu_verify_{signature};",
        _table("kImageStart", START),
        _table("kImageDigest", payload()[IMAGE_SIZE - 32 : IMAGE_SIZE]),
        _table("kVendor", vendor_id(VENDOR)),
        _table("kClass", class_id(VENDOR, CLASS)),
        _table("kInterface", INTERFACE),
        _table("kHeader", package[:-PAYLOAD_SIZE]),
        _key(signer.public, KINDS[signature]),
        "// clang-format on",
        "",
        "}  // namespace package",
        "#endif",
        "",
    ]
    return "\n".join(lines)


def _table(name: str, data: bytes) -> str:
    return table(name, data).rstrip()


def _key(key: PublicKey, kind: str) -> str:
    parts = (byte_table(part, indent=5) for part in (key.id, key.raw.ljust(64, b"\0")))
    inner = ",\n    ".join(f"{{{part.strip()}}}" for part in parts)
    return f"constexpr ecu_key kKey = {{\n    {kind} | ECU_KEY_FOR_MODELS, 0U,\n    {inner}}};"


if __name__ == "__main__":
    for kind in SIGNERS:
        (PLACE / f"update_package_{kind}.h").write_text(header(kind), encoding="utf-8")
