"""What a flashing line writes: regions of flash, and the words that some formats repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecu_bundle.packaging.signing import KeySigner

ERASED = 0xFF
"""What a gap reads as where a format has no gaps."""


@dataclass(frozen=True, slots=True)
class Region:
    """Bytes at an address."""

    address: int
    data: bytes

    @property
    def end(self) -> int:
        return self.address + len(self.data)


@dataclass(frozen=True, slots=True)
class FlashImage:
    """What is exported.

    Attributes:
        regions: in ascending order, without overlap; the first one starts at the slot.
        name: short name: C identifier of the model, or ``trust``.
        version, part_number: of the model; may be empty.
        sequence: of the package.
        vendor_id, class_id: 16 bytes each.
        digest: SHA-256 of the first region.
        slot_size: bytes; None when unknown.
        signer: signs what the format signs itself; None: nothing does.
    """

    regions: tuple[Region, ...]
    name: str
    version: str
    part_number: str
    sequence: int
    vendor_id: bytes
    class_id: bytes
    digest: bytes
    slot_size: int | None = None
    signer: KeySigner | None = None

    @property
    def address(self) -> int:
        return self.regions[0].address


def merged(regions: Sequence[Region]) -> tuple[Region, ...]:
    """The same bytes in as few regions as possible."""
    found: list[Region] = []
    for region in sorted(regions, key=lambda one: one.address):
        if found and found[-1].end == region.address:
            found[-1] = Region(found[-1].address, found[-1].data + region.data)
        else:
            found.append(region)
    return tuple(found)
