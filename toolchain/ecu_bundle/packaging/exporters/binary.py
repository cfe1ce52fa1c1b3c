"""``bin``: the bytes from the slot on; a gap is filled as erased flash reads. Read back by GNU objcopy."""

from __future__ import annotations

from pathlib import Path

from ecu_bundle.errors import UsageError
from ecu_bundle.packaging.exporters import srecord
from ecu_bundle.packaging.exporters.flash_image import ERASED, FlashImage, Region, merged

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
    """The bytes that objcopy puts at the addresses of the regions; what lies between them must be erased.

    Raises:
        ToolMissingError: there is no objcopy.
    """
    options = ("-I", "binary", "--change-addresses", f"{image.address:#x}")
    found = merged(srecord.read_with_objcopy(path, image, *options))
    if len(found) != 1 or (found[0].address, found[0].end) != (image.address, image.regions[-1].end):
        return []
    whole = found[0].data
    parts: list[Region] = []
    at = image.address
    for region in image.regions:
        gap = whole[at - image.address : region.address - image.address]
        if gap.strip(bytes([ERASED])):
            return []
        at = region.end
        parts.append(Region(region.address, whole[region.address - image.address : at - image.address]))
    return parts
