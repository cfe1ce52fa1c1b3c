"""The byte template of everything before the payload, as the device has it, in Python.

The device has its own (``runtime/src/update/``); tests compare the two, refusal by refusal.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecu_bundle.image.layout import aligned
from ecu_bundle.packaging import cbor, cose, suit
from ecu_bundle.packaging.cbor import Major
from ecu_bundle.packaging.cursor import Cursor
from ecu_bundle.packaging.facts import DeviceFacts, decode_facts
from ecu_bundle.packaging.key_set import KEY_SET_SIZES
from ecu_bundle.packaging.layout import (
    DIGEST_SIZE,
    FACTS,
    HEADER_LIMIT,
    KEY_ID_SIZE,
    MANIFEST_VERSION,
    SIGNATURE_SIZE,
    UUID_SIZE,
    PackageKind,
)
from ecu_bundle.packaging.mistaken import hint_for
from ecu_bundle.packaging.payload import LEAST_GOLDEN
from ecu_bundle.packaging.refusals import Status
from ecu_bundle.packaging.suit import Manifest

MAGIC = cbor.tag(suit.ENVELOPE_TAG, cbor.head(Major.MAP, 4)) + cbor.integer(2)
_KINDS: tuple[PackageKind, ...] = ("model", "trust")
_DIGEST_HEAD = cbor.byte_string(suit.digest_item(bytes(DIGEST_SIZE)))[:-DIGEST_SIZE]
_SIGNATURE_HEAD = cbor.mapping({}) + cbor.NULL + cbor.head(Major.BYTES, SIGNATURE_SIZE)
_UNSIGNED_SIZE = len(cbor.array([_DIGEST_HEAD + bytes(DIGEST_SIZE)]))


@dataclass(frozen=True, slots=True)
class Authentication:
    """The block before the manifest.

    Attributes:
        digest: what it says is the digest of the manifest.
        algorithm: COSE number; 0 when there is no signature.
        key_id: of the key that signed, 8 bytes.
        protected, signature: of COSE_Sign1; empty when there is no signature.
    """

    digest: bytes
    algorithm: int = 0
    key_id: bytes = b""
    protected: bytes = b""
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Header:
    """Everything before the payload; its digests and its signature are not checked yet.

    Attributes:
        size: in bytes.
        authentication: digest and signature of the manifest.
        manifest: what is signed.
        manifest_bytes: the same as it stands in the package, without the head that wraps it.
        facts: the string as it stands.
        device: what the device reads of it; None in a key package.
        information: the rest of it, not looked into.
        information_offset: where that starts in the package.
    """

    size: int
    authentication: Authentication
    manifest: Manifest
    manifest_bytes: bytes
    facts: bytes
    device: DeviceFacts | None
    information: bytes
    information_offset: int


def read_header(data: bytes, *, allow_unsigned: bool = False) -> Header:
    """Compares everything before the payload with the template, byte by byte, front to back.

    Args:
        data: starts with the header; the payload may be missing.
        allow_unsigned: accept the form without signature too, which no device accepts.

    Raises:
        PackageError: at the first byte that is wrong.
    """
    cursor = Cursor(data, limit=HEADER_LIMIT)
    cursor.expect(MAGIC, "start of a package", Status.ECU_PACKAGE_BAD_MAGIC, hint=hint_for(data))
    authentication = _authentication(cursor, allow_unsigned)
    cursor.expect(cbor.integer(3), "key of the manifest")
    length = cursor.argument(Major.BYTES, "manifest")
    inside = cursor.at
    manifest = _manifest(cursor)
    _require_end(cursor, inside, length, "manifest")
    manifest_bytes = data[inside : cursor.at]
    cursor.expect(cbor.text(f"#{FACTS}"), "key of the facts")
    size = manifest.facts_size
    facts = cursor.byte_string("facts", least=size, most=size)
    device, information = decode_facts(facts, manifest.kind, cursor.at - size)
    information_offset = cursor.at - len(information)
    cursor.expect(cbor.text(f"#{manifest.kind}"), "key of the payload")
    if cursor.argument(Major.BYTES, "payload") != manifest.payload_size:
        raise cursor.malformed("the payload has another size than the manifest says")
    if not _fits(manifest, device):
        raise cursor.malformed("the payload has a size that its content cannot have")
    return Header(
        size=cursor.at,
        authentication=authentication,
        manifest=manifest,
        manifest_bytes=manifest_bytes,
        facts=facts,
        device=device,
        information=information,
        information_offset=information_offset,
    )


def _authentication(cursor: Cursor, allow_unsigned: bool) -> Authentication:
    length = cursor.argument(Major.BYTES, "authentication")
    inside = cursor.at
    unsigned = allow_unsigned and length == _UNSIGNED_SIZE
    cursor.expect(cbor.head(Major.ARRAY, 1 if unsigned else 2), "authentication")
    digest = _digest(cursor, "digest of the manifest")
    if unsigned:
        _require_end(cursor, inside, length, "authentication")
        return Authentication(digest)
    block = cursor.argument(Major.BYTES, "signature block")
    block_start = cursor.at
    cursor.expect(cbor.tag(cose.SIGN1_TAG, cbor.head(Major.ARRAY, 4)), "signature block")
    cursor.expect(cbor.head(Major.BYTES, cose.PROTECTED_SIZE), "protected header")
    cursor.expect(cbor.head(Major.MAP, 2) + cbor.integer(1), "protected header")
    algorithm = _algorithm(cursor)
    cursor.expect(cbor.integer(4) + cbor.head(Major.BYTES, KEY_ID_SIZE), "protected header")
    key_id = cursor.take(KEY_ID_SIZE)
    cursor.expect(_SIGNATURE_HEAD, "signature")
    signature = cursor.take(SIGNATURE_SIZE)
    _require_end(cursor, block_start, block, "signature block")
    _require_end(cursor, inside, length, "authentication")
    protected = cose.protected_header(algorithm, key_id)
    return Authentication(digest, algorithm, key_id, protected, signature)


def _algorithm(cursor: Cursor) -> int:
    byte = cursor.take(1)
    for algorithm in cose.ALGORITHMS:
        if cbor.integer(algorithm) == byte:
            return algorithm
    cursor.at -= 1
    raise cursor.refuse(Status.ECU_PACKAGE_BAD_ALGORITHM, f"byte {byte.hex()} is no algorithm of the table")


def _manifest(cursor: Cursor) -> Manifest:
    cursor.expect(cbor.head(Major.MAP, 5) + cbor.integer(1), "manifest")
    cursor.expect(cbor.integer(MANIFEST_VERSION), "manifest version", Status.ECU_PACKAGE_BAD_VERSION)
    cursor.expect(cbor.integer(2), "key of the sequence")
    sequence = cursor.unsigned("sequence", least=1)
    cursor.expect(cbor.integer(3), "key of the common part")
    common = cursor.argument(Major.BYTES, "common part")
    common_start = cursor.at
    kind = _components(cursor)
    cursor.expect(cbor.integer(4), "key of the shared sequence")
    shared = cursor.argument(Major.BYTES, "shared sequence")
    shared_start = cursor.at
    vendor, device_class = _ids(cursor)
    facts_digest, facts_size = _component(cursor, 0)
    payload_digest, payload_size = _component(cursor, 1)
    _require_end(cursor, shared_start, shared, "shared sequence")
    _require_end(cursor, common_start, common, "common part")
    cursor.expect(cbor.integer(7) + cbor.byte_string(suit.VALIDATE), "validate sequence")
    cursor.expect(cbor.integer(20) + cbor.byte_string(suit.install_sequence(kind)), "install sequence")
    return Manifest(
        kind=kind,
        sequence=sequence,
        vendor=vendor,
        device_class=device_class,
        facts_digest=facts_digest,
        facts_size=facts_size,
        payload_digest=payload_digest,
        payload_size=payload_size,
    )


def _components(cursor: Cursor) -> PackageKind:
    names = {kind: cbor.array([cbor.byte_string(kind.encode())]) for kind in (FACTS, *_KINDS)}
    cursor.expect(cbor.head(Major.MAP, 2) + cbor.integer(2) + cbor.head(Major.ARRAY, 2), "components")
    cursor.expect(names[FACTS], "components")
    kind: PackageKind = "trust" if cursor.peek(2) == ord("t") else "model"
    cursor.expect(names[kind], "components")
    return kind


def _ids(cursor: Cursor) -> tuple[bytes, bytes]:
    start, between, end = suit.id_pieces()
    cursor.expect(start, "shared sequence")
    vendor = cursor.take(UUID_SIZE)
    cursor.expect(between, "shared sequence")
    device_class = cursor.take(UUID_SIZE)
    cursor.expect(end, "shared sequence")
    return vendor, device_class


def _component(cursor: Cursor, index: int) -> tuple[bytes, int]:
    cursor.expect(suit.component_head(index), "shared sequence")
    digest = _digest(cursor, "digest of a component")
    cursor.expect(cbor.integer(14), "key of a size")
    return digest, cursor.unsigned("size of a component")


def _digest(cursor: Cursor, what: str) -> bytes:
    cursor.expect(_DIGEST_HEAD, what)
    return cursor.take(DIGEST_SIZE)


def _require_end(cursor: Cursor, start: int, length: int, what: str) -> None:
    if cursor.at - start != length:
        raise cursor.malformed(f"{what} has {cursor.at - start} bytes, its head says {length}")


def _fits(manifest: Manifest, device: DeviceFacts | None) -> bool:
    if device is None:
        return manifest.payload_size in KEY_SET_SIZES
    return manifest.payload_size >= aligned(device.image_size) + LEAST_GOLDEN
