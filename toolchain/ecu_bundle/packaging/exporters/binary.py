"""``bin``: the bytes from the slot on; a gap is filled as erased flash reads."""

from __future__ import annotations

from pathlib import Path

from ecu_bundle.errors import UsageError
from ecu_bundle.packaging.exporters.flash_image import ERASED, FlashImage, Region

MAX_BYTES = 1 << 28


def encode(image: FlashImage) -> bytes:
    """The file.

    Raises:
        UsageError: it would be larger than any slot.
    """
    size = image.regions[-1].end - image.address
    if size > MAX_BYTES:
        raise UsageError(
            "export",
            f"the file would have {size} bytes, most of them a gap",
            hint="export hex or s19, which have no gaps, or check --slot-size",
        )
    data = bytearray([ERASED]) * size
    for region in image.regions:
        data[region.address - image.address : region.end - image.address] = region.data
    return bytes(data)


def decode(path: Path, image: FlashImage) -> list[Region]:
    """The regions at their places in the file; what lies between them must be erased."""
    data = path.read_bytes()
    if data != encode(image):
        return []
    return [
        Region(region.address, data[region.address - image.address : region.end - image.address])
        for region in image.regions
    ]
