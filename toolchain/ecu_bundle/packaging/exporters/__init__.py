"""The formats of flashing lines: one module and one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ecu_bundle.packaging.exporters import binary, intel_hex, mcuboot, pdx, srecord
from ecu_bundle.packaging.exporters.flash_image import FlashImage, Region

Content = Literal["payload", "package"]


@dataclass(frozen=True, slots=True)
class Exporter:
    """A format.

    Attributes:
        encode: the file of an image.
        decode: the regions that an independent tool finds in a file; none when it refuses the file.
        tool: that one.
        content: what is exported unless told otherwise.
        keeps_record: the format has room for the header of the package at the end of the slot.
        has_addresses: the file says at which address flash is written.
        has_place: the address of the slot means something for it.
        contents: what can be exported.
    """

    encode: Callable[[FlashImage], bytes]
    decode: Callable[[Path, FlashImage], Sequence[Region]]
    tool: str
    content: Content = "payload"
    keeps_record: bool = False
    has_addresses: bool = False
    has_place: bool = True
    contents: tuple[Content, ...] = ("payload", "package")


EXPORTERS = {
    "bin": Exporter(binary.encode, binary.decode, "objcopy and intelhex", keeps_record=True),
    "hex": Exporter(intel_hex.encode, intel_hex.decode, "intelhex", keeps_record=True, has_addresses=True),
    "s19": Exporter(srecord.encode, srecord.decode, "objcopy", keeps_record=True, has_addresses=True),
    "mcuboot": Exporter(mcuboot.encode, mcuboot.decode, "imgtool", has_place=False, contents=("payload",)),
    "pdx": Exporter(pdx.encode, pdx.decode, "odxtools", content="package"),
}
"""By the name that ``export --to`` takes."""
