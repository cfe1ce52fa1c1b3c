"""Bytes -> a checked package."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from ecu_bundle.packaging import cbor, cose
from ecu_bundle.packaging.facts import Information, decode_information
from ecu_bundle.packaging.keys import KeyKind, PublicKey
from ecu_bundle.packaging.layout import HEADER_LIMIT, class_id, vendor_id
from ecu_bundle.packaging.refusals import PackageError, Status
from ecu_bundle.packaging.suit import Envelope, digest_item
from ecu_bundle.packaging.template import Header, read_header

BOTH_KINDS = "; a program for both kinds has both libraries and ecu_verify_any"
_COPY_AGAIN = "copy the package again from where it was made"


@dataclass(frozen=True, slots=True)
class Package:
    """A whole package whose digests are right; whether its signature is, `check_signature` says.

    Attributes:
        header: everything before the payload.
        information: what is for people.
        payload: image and golden vectors, or a key set.
    """

    header: Header
    information: Information
    payload: bytes

    @property
    def envelope(self) -> Envelope:
        """The same in pieces that can be written again."""
        return Envelope(
            kind=self.header.manifest.kind,
            manifest=self.header.manifest_bytes,
            facts=self.header.facts,
            payload=self.payload,
            protected=self.header.authentication.protected,
            signature=self.header.authentication.signature,
        )


def read_package(data: bytes, *, allow_unsigned: bool = False) -> Package:
    """Takes a package apart and checks everything but signature and applicability.

    Raises:
        PackageError: the first thing that is wrong, in the order of the page.
    """
    header = read_header(data, allow_unsigned=allow_unsigned)
    check_digests(header)
    return read_rest(data, header)


def check_digests(header: Header) -> None:
    """Compares the digests of manifest and facts.

    Raises:
        PackageError: one does not match.
    """
    wrapped = cbor.byte_string(header.manifest_bytes)
    stated = {"manifest": header.authentication.digest, "facts": header.manifest.facts_digest}
    for what, data in (("manifest", wrapped), ("facts", header.facts)):
        if hashlib.sha256(data).digest() != stated[what]:
            raise PackageError(
                Status.ECU_PACKAGE_BAD_DIGEST,
                f"the {what} does not match its digest"
                if what == "manifest"
                else f"the {what} do not match their digest",
                place=what,
                hint=_COPY_AGAIN,
            )


def check_signature(
    header: Header, keys: dict[bytes, PublicKey], kinds: Collection[KeyKind] | None = None
) -> PublicKey:
    """Checks the signature with the key that the package names; gives that key.

    Args:
        header: with right digests.
        keys: those that are trusted, by id.
        kinds: of keys that can be checked; None for all.

    Raises:
        PackageError: the key is unknown or of another kind, or the signature is wrong.
    """
    authentication = header.authentication
    key = keys.get(authentication.key_id)
    if key is None:
        signer = authentication.key_id.hex() or "nobody"
        raise PackageError(
            Status.ECU_PACKAGE_UNKNOWN_KEY,
            f"the package is signed by {signer}, which is none of the keys",
            place="keys " + ", ".join(one.hex() for one in keys),
            hint="give the public key of the signer, or sign with a key of the device",
        )
    if cose.ALGORITHMS[authentication.algorithm] != key.kind:
        raise PackageError(
            Status.ECU_PACKAGE_BAD_ALGORITHM,
            f"algorithm {authentication.algorithm} is not that of the key {key.id.hex()} ({key.kind})",
        )
    if kinds is not None and key.kind not in kinds:
        raise PackageError(
            Status.ECU_PACKAGE_BAD_ALGORITHM,
            f"the package is signed with a key of the kind {key.kind}, the program of the bundle checks "
            + ", ".join(sorted(kinds)),
            hint=f"sign with a key of the kind that the device checks{BOTH_KINDS}",
        )
    message = cose.signed_bytes(authentication.protected, digest_item(authentication.digest))
    if not key.verifies(message, authentication.signature):
        raise PackageError(
            Status.ECU_PACKAGE_BAD_SIGNATURE,
            f"the signature is not one of the key {key.id.hex()}",
            hint="sign the package again",
        )
    return key


def read_rest(data: bytes, header: Header) -> Package:
    """Checks what follows the header, and what is for people in it.

    Raises:
        PackageError: the first thing that is wrong.
    """
    size, end = header.manifest.payload_size, header.size + header.manifest.payload_size
    if len(data) < end:
        raise PackageError(
            Status.ECU_PACKAGE_TRUNCATED,
            f"{size} bytes of payload are announced, {len(data) - header.size} are there",
            place=f"byte offset {len(data)}",
            hint=_COPY_AGAIN,
        )
    if len(data) > end:
        raise PackageError(
            Status.ECU_PACKAGE_TOO_LONG,
            "something follows the payload",
            place=f"byte offset {end}",
        )
    payload = data[header.size : end]
    if hashlib.sha256(payload).digest() != header.manifest.payload_digest:
        raise PackageError(
            Status.ECU_PACKAGE_BAD_PAYLOAD,
            "the payload does not match its digest",
            place=f"byte offset {header.size}",
            hint=_COPY_AGAIN,
        )
    return Package(header, read_information(header), payload)


def read_information(header: Header) -> Information:
    """What is for people in a header, whose ids must be those of its texts.

    Raises:
        PackageError: they are not, or its form is wrong.
    """
    information = decode_information(header.information, header.information_offset)
    _require_ids(header, information)
    return information


def is_record(data: bytes) -> bool:
    """Whether this is the record at the end of a slot, or what an ECU hands out of it: the header of a
    package alone, behind it at most what erased flash reads as."""
    try:
        header = read_header(data)
    except PackageError:
        return False
    gap = data[header.size :]
    return len(data) <= HEADER_LIMIT and gap in (bytes(len(gap)), bytes([0xFF]) * len(gap))


def _require_ids(header: Header, information: Information) -> None:
    ids = {
        "vendor": (vendor_id(information.vendor), header.manifest.vendor),
        "class": (
            class_id(information.vendor, information.device_class),
            header.manifest.device_class,
        ),
    }
    for what, (expected, found) in ids.items():
        if expected != found:
            raise PackageError(
                Status.ECU_PACKAGE_MALFORMED,
                f"the {what} id of the manifest is not that of the {what} in the information",
                place="information",
            )
