"""Envelopes from cbor2 and cryptography alone, right or wrong in one place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ed25519

from packages.examples import unsigned_model

PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
"""That of the page."""

Change = Callable[[Any], Any]
"""Gets a part in its usual form, gives the one to be used."""


def same(part: Any) -> Any:
    """No change."""
    return part


def head(major: int, value: int, size: int) -> bytes:
    """The head of a CBOR item with an argument of so many bytes, the shortest or not."""
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + value.to_bytes(size, "big")


def package(
    *,
    facts: Change = same,
    shared: Change = same,
    common: Change = same,
    manifest: Change = same,
    wrapped: Change = same,
    protected: Change = same,
    sign1: Change = same,
    authentication: Change = same,
    envelope: Change = same,
    payload: Change = same,
) -> bytes:
    """A package of the example model, signed after the changes, so that nothing but them is wrong.

    Args:
        facts, shared, common, manifest, protected, authentication, envelope: change lists, maps (as lists of
            pairs) or bytes before they are encoded; a change that gives bytes is taken as it is.
        wrapped: changes the string that wraps the manifest, with its head.
        sign1: changes the four items of COSE_Sign1.
        payload: changes the bytes of the payload before their digest is taken.
    """
    usual = unsigned_model()
    content = payload(usual.payload)
    fact_bytes = _bytes(facts(cbor2.loads(usual.facts)))
    sizes = [(hashlib.sha256(data).digest(), len(data)) for data in (fact_bytes, content)]
    fields = dict(cbor2.loads(usual.manifest))
    ids = cbor2.loads(dict(cbor2.loads(fields[3]))[4])[3]
    commands: list[Any] = [12, True, 20, dict(ids), 1, 15, 2, 15]
    for index, (digest, size) in enumerate(sizes):
        commands += [12, index, 20, {3: cbor2.dumps([-16, digest]), 14: size}]
    pairs = [[2, [[b"facts"], [b"model"]]], [4, _bytes(shared(commands))]]
    fetch = [[12, i, 20, {21: uri}, 21, 15, 3, 15] for i, uri in enumerate(("#facts", "#model"))]
    parts = [
        *([1, 1], [2, 7], [3, _map(common(pairs))], [7, cbor2.dumps([12, True, 3, 15])]),
        [20, cbor2.dumps(fetch[0] + fetch[1])],
    ]
    manifest_string = wrapped(cbor2.dumps(_map(manifest(parts))))
    digest = cbor2.dumps([-16, hashlib.sha256(manifest_string).digest()])
    key_id = hashlib.sha256(PRIVATE.public_key().public_bytes_raw()).digest()[:8]
    header = _map(protected([[1, -8], [4, key_id]]))
    signature = PRIVATE.sign(cbor2.dumps(["Signature1", header, b"", digest]))
    block = b"\xd2" + _bytes(sign1([header, {}, None, signature]))
    outer = [
        [2, _bytes(authentication([digest, block]))],
        [3, _Raw(manifest_string)],
        ["#facts", fact_bytes],
        ["#model", content],
    ]
    return b"\xd8\x6b" + _map(envelope(outer))


class _Raw(bytes):
    """Bytes that are encoded already."""


def _bytes(part: Any) -> bytes:
    return part if isinstance(part, bytes) else cbor2.dumps(part)


def _map(pairs: Any) -> bytes:
    """A map in the order of its pairs, which may repeat a key."""
    if isinstance(pairs, bytes):
        return pairs
    items = [cbor2.dumps(key) + (bytes(v) if isinstance(v, _Raw) else cbor2.dumps(v)) for key, v in pairs]
    return bytes([0xA0 | len(items)]) + b"".join(items)
