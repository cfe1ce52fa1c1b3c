"""``hex``: Intel HEX with 32-bit addresses, written by bincopy and read back by intelhex."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecu_bundle.packaging.exporters.flash_image import FlashImage, Region


def bin_file(image: FlashImage) -> Any:
    """The regions as an object of bincopy."""
    from bincopy import BinFile

    file = BinFile()
    for region in image.regions:
        file.add_binary(region.data, region.address)
    return file


def encode(image: FlashImage) -> bytes:
    """The file."""
    text: str = bin_file(image).as_ihex()
    return text.encode()


def decode(path: Path, _: FlashImage) -> list[Region]:
    """The regions that intelhex finds."""
    from intelhex import IntelHex

    file = IntelHex(str(path))
    return [Region(start, file.tobinstr(start, end - 1)) for start, end in file.segments()]
