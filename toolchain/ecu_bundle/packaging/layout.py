"""Numbers of the update package, profile 1; ``docs/update_package.md`` is normative."""

from __future__ import annotations

import uuid
from typing import Final, Literal

PROFILE: Final = 1
MANIFEST_VERSION: Final = 1
HEADER_LIMIT: Final = 1024
"""Most bytes before those of the payload."""
MAX_SEQUENCE: Final = (1 << 32) - 1
DIGEST_SIZE: Final = 32
KEY_ID_SIZE: Final = 8
SIGNATURE_SIZE: Final = 64
UUID_SIZE: Final = 16

PackageKind = Literal["model", "trust"]
"""What a package brings; also the name of its second component."""
FACTS: Final = "facts"

MAX_KERNEL_BYTES: Final = 32
MAX_HARDWARE_IDS: Final = 4
MAX_TEXT: Final = 64
"""Bytes of one text of the information."""
MAX_ENTRIES: Final = 8
"""Tools, RXSWINs and predecessors, each."""

SHA256: Final = -16
"""COSE algorithm number of SHA-256."""


def vendor_id(vendor: str) -> bytes:
    """UUID version 5 of a vendor's domain name, 16 bytes; RFC 9124 and MCUboot's VID."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, vendor).bytes


def class_id(vendor: str, device_class: str) -> bytes:
    """UUID version 5 of a class of devices in the name space of its vendor, 16 bytes; MCUboot's CID."""
    return uuid.uuid5(uuid.UUID(bytes=vendor_id(vendor)), device_class).bytes
