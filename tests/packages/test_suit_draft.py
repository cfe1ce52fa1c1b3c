"""Envelopes of draft-ietf-suit-manifest beyond our profile: digest and signature are judged alike.

The manifests are written from the draft's templates (secure boot, download, try-each, load, two components,
a severed element), encoded by cbor2 and signed by cryptography with ES256 and no key id, as the draft's own
examples are. A device refuses them all, since they are none of our profile.

The bytes of the draft's own examples are not ours to copy. Who has them names their folder, with the public
key as ``public_key.pem``, and they are judged too: ``ECU_SUIT_EXAMPLES=FOLDER``.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ecu_bundle.packaging.cose import signed_bytes
from ecu_bundle.packaging.key_files import read_public
from ecu_bundle.packaging.keys import PublicKey, public_key
from ecu_bundle.packaging.refusals import PackageError
from ecu_bundle.packaging.suit import Envelope
from ecu_bundle.packaging.template import read_header

PRIVATE = ec.derive_private_key(77, ec.SECP256R1())
PUBLIC = public_key(PRIVATE.public_key())
REAL = os.environ.get("ECU_SUIT_EXAMPLES", "")
DIGEST = cbor2.dumps([-16, hashlib.sha256(b"image").digest()])
IDS = {1: bytes(range(16)), 2: bytes(range(16, 32))}
CHECK = [1, 15, 2, 15]
URI = {21: "coaps://updates.example/image"}


def _sequence(*items: Any) -> bytes:
    return cbor2.dumps(list(items))


def _manifest(shared: bytes, components: int = 1, **sequences: Any) -> dict[int, Any]:
    keys = {"text": 23, "payload_fetch": 16, "install": 20, "validate": 7, "load": 8, "invoke": 9, "uri": 4}
    common = {2: [[bytes([i])] for i in range(components)], 4: shared}
    parts = {1: 1, 2: components, 3: cbor2.dumps(common)}
    return dict(sorted({**parts, **{keys[name]: value for name, value in sequences.items()}}.items()))


SHARED = _sequence(20, {**IDS, 3: DIGEST, 14: 34768}, *CHECK)
BOTH = _sequence(12, 0, 20, {**IDS, 3: DIGEST, 14: 7}, *CHECK, 12, 1, 20, {3: DIGEST, 14: 9})
SLOTS = [_sequence(20, {5: slot}, 5, 5, 20, {3: DIGEST, 14: 7}) for slot in (0, 1)]
MANIFESTS = {
    "secure boot": _manifest(SHARED, validate=_sequence(3, 15), invoke=_sequence(23, 2)),
    "download": _manifest(SHARED, validate=_sequence(3, 15), install=_sequence(20, URI, 21, 2, 3, 15)),
    "severed": _manifest(
        SHARED, install=cbor2.loads(DIGEST), text=cbor2.loads(DIGEST), uri="https://a.example"
    ),
    "try-each": _manifest(_sequence(20, IDS, 15, SLOTS, *CHECK), install=_sequence(15, SLOTS, 21, 2, 3, 15)),
    "load": _manifest(
        BOTH,
        2,
        payload_fetch=_sequence(12, 1, 20, URI, 21, 2, 3, 15),
        install=_sequence(12, 0, 20, {22: 1}, 22, 2, 3, 15),
        load=_sequence(12, 1, 20, {22: 0}, 22, 2, 3, 15),
        invoke=_sequence(12, 1, 23, 2),
    ),
    "two components": _manifest(BOTH, 2, validate=_sequence(12, 0, 3, 15, 12, 1, 3, 15)),
}


def envelope(manifest: dict[int, Any]) -> bytes:
    """The whole, with tag."""
    wrapped = cbor2.dumps(cbor2.dumps(manifest))
    digest = cbor2.dumps([-16, hashlib.sha256(wrapped).digest()])
    protected = cbor2.dumps({1: -7})
    message = cbor2.dumps(["Signature1", protected, b"", digest])
    r, s = decode_dss_signature(PRIVATE.sign(message, ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    block = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, None, signature]))
    return cbor2.dumps(cbor2.CBORTag(107, {2: cbor2.dumps([digest, block]), 3: cbor2.dumps(manifest)}))


def judged(data: bytes, key: PublicKey = PUBLIC) -> bool:
    """Whether digest and signature are right, by our code."""
    fields = dict(cbor2.loads(data).value)
    stated, block = cbor2.loads(fields[2])
    protected, _, _, signature = cbor2.loads(block).value
    found = Envelope("model", fields[3], b"", b"", protected, signature).signed_payload
    message = signed_bytes(protected, found)
    return found == stated and key.verifies(message, signature)


def changed(data: bytes) -> bytes:
    """Another last bit of the manifest."""
    fields = dict(cbor2.loads(data).value)
    manifest = fields[3][:-1] + bytes([fields[3][-1] ^ 1])
    return cbor2.dumps(cbor2.CBORTag(107, {**fields, 3: manifest}))


@pytest.mark.parametrize("name", MANIFESTS)
def test_digest_and_signature_are_judged_as_in_the_draft(name: str) -> None:
    data = envelope(MANIFESTS[name])
    assert judged(data)
    assert not judged(changed(data))


if REAL:  # the draft's own bytes are no part of this project

    def test_the_examples_of_the_draft_are_judged_right() -> None:
        folder = Path(REAL)
        examples = [path.read_bytes() for path in sorted(folder.glob("*.cbor"))]
        key = read_public(folder / "public_key.pem")
        assert [judged(data, key) for data in examples] == [True] * 6
        assert not any(judged(changed(data), key) or judged(data) for data in examples)
        for data in examples:
            with pytest.raises(PackageError):
                read_header(data)


@pytest.mark.parametrize("name", MANIFESTS)
def test_what_is_not_our_profile_is_refused(name: str) -> None:
    with pytest.raises(PackageError):
        read_header(envelope(MANIFESTS[name]))
