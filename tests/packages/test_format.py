"""The bytes of a package: the examples of the page, and other libraries as judges."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ecu_bundle.packaging.reader import check_signature, read_package
from ecu_bundle.packaging.refusals import Status
from packages.examples import (
    CLASS,
    DOCS,
    ED25519,
    P256,
    VENDOR,
    hex_blocks,
    key_package,
    model_image,
    model_package,
    unsigned_model,
)
from runtime.build import RUNTIME

PACKAGES = {"model": model_package(), "trust": key_package()}
SIGNERS = {"model": ED25519, "trust": P256}


def test_the_examples_of_the_page_can_be_made_again() -> None:
    assert hex_blocks("update_package.md") == list(PACKAGES.values())
    page = (DOCS / "update_package.md").read_text(encoding="utf-8")
    for signer in SIGNERS.values():
        assert signer.public.raw.hex(" ") in page


def test_page_and_runtime_have_the_same_statuses() -> None:
    page = (DOCS / "update_package.md").read_text(encoding="utf-8")
    header = (RUNTIME / "include" / "ecu" / "status.h").read_text(encoding="utf-8")
    ours = {status.name: int(status) for status in Status}
    for text, pattern in ((page, r"\| (\d+) \| `(ECU_PACKAGE_\w+)`"), (header, r"(ECU_PACKAGE_\w+) = (\d+)")):
        pairs = [sorted(pair, key=str.isdigit) for pair in re.findall(pattern, text)]
        assert {name: int(number) for name, number in pairs} == ours
    for status in Status:
        assert f"| `{status.name}`" in page or f"; `{status.name}`" in page


@pytest.mark.parametrize("kind", PACKAGES)
def test_another_library_reads_and_writes_the_same(kind: str) -> None:
    """cbor2 takes the package apart and puts it together again, in its canonical form."""
    data = PACKAGES[kind]
    envelope = cbor2.loads(data)
    assert cbor2.dumps(envelope, canonical=True) == data
    assert envelope.tag == 107
    fields: dict[Any, Any] = dict(envelope.value)
    assert list(fields) == [2, 3, "#facts", f"#{kind}"]
    for wrapped in (fields[3], fields["#facts"], dict(cbor2.loads(fields[3]))[3]):
        assert cbor2.dumps(cbor2.loads(wrapped), canonical=True) == wrapped


@pytest.mark.parametrize("kind", PACKAGES)
def test_another_library_finds_the_digests_right(kind: str) -> None:
    fields = dict(cbor2.loads(PACKAGES[kind]).value)
    authentication = cbor2.loads(fields[2])
    assert cbor2.loads(authentication[0]) == [-16, hashlib.sha256(cbor2.dumps(fields[3])).digest()]
    manifest = dict(cbor2.loads(fields[3]))
    common = dict(cbor2.loads(manifest[3]))
    assert common[2] == [[b"facts"], [kind.encode()]]
    shared = cbor2.loads(common[4])
    vendor = uuid.uuid5(uuid.NAMESPACE_DNS, VENDOR)
    assert shared[3] == {1: vendor.bytes, 2: uuid.uuid5(vendor, CLASS).bytes}
    for position, key in ((11, "#facts"), (15, f"#{kind}")):
        content = fields[key]
        digest = cbor2.dumps([-16, hashlib.sha256(content).digest()])
        assert shared[position] == {3: digest, 14: len(content)}
    assert cbor2.loads(manifest[7]) == [12, True, 3, 15]
    fetch = [(12, i, 20, {21: key}, 21, 15, 3, 15) for i, key in enumerate(("#facts", f"#{kind}"))]
    assert cbor2.loads(manifest[20]) == [*fetch[0], *fetch[1]]


@pytest.mark.parametrize("kind", PACKAGES)
def test_another_library_finds_the_signature_right(kind: str) -> None:
    authentication = cbor2.loads(dict(cbor2.loads(PACKAGES[kind]).value)[2])
    block = cbor2.loads(authentication[1])
    protected, unprotected, payload, signature = block.value
    assert (block.tag, unprotected, payload) == (18, {}, None)
    message = cbor2.dumps(["Signature1", protected, b"", authentication[0]])
    raw = SIGNERS[kind].public.raw
    key_id = hashlib.sha256(raw).digest()[:8]
    if kind == "model":
        assert cbor2.loads(protected) == {1: -8, 4: key_id}
        ed25519.Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    else:
        assert cbor2.loads(protected) == {1: -7, 4: key_id}
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + raw)
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("kind", PACKAGES)
def test_a_package_is_read_as_it_was_written(kind: str) -> None:
    package = read_package(PACKAGES[kind])
    assert package.envelope.encode() == PACKAGES[kind]
    assert check_signature(package.header, {s.public.id: s.public for s in SIGNERS.values()}) == (
        SIGNERS[kind].public
    )
    assert (package.information.vendor, package.information.device_class) == (VENDOR, CLASS)


def test_the_payload_begins_with_the_image() -> None:
    package = read_package(model_package())
    assert package.payload.startswith(model_image())
    assert unsigned_model().header() + package.payload != model_package()
