"""Files that are given for a package by mistake: what they are, by how they begin."""

from __future__ import annotations

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b":", "Intel HEX"),
    (b"S0", "an S-record file"),
    (b"S3", "an S-record file"),
    (bytes.fromhex("3db8f396"), "an image of MCUboot"),
    (b"PK\x03\x04", "a zip container, as a PDX file is one"),
    (b"ECUI", "a model image, or a slot that begins with one"),
    (b"-----BEGIN", "a PEM file, as keys are"),
)


def hint_for(data: bytes) -> str:
    """The next step for who gave these bytes for a package; empty when nothing is known about them."""
    for start, what in _BEGINNINGS:
        if data.startswith(start):
            return f"this is {what}; give the .suit file that `ecu-bundle pack` and `sign` wrote"
    return ""
