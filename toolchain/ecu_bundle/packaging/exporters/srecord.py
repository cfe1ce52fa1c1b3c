"""``s19``: Motorola S-record with 32-bit addresses, written by bincopy and read back by GNU objcopy."""

from __future__ import annotations

from pathlib import Path

from ecu_bundle.building.processes import run
from ecu_bundle.errors import VerificationError
from ecu_bundle.packaging.exporters import intel_hex
from ecu_bundle.packaging.exporters.flash_image import FlashImage, Region

_SECONDS = 120.0


def encode(image: FlashImage) -> bytes:
    """The file."""
    text: str = intel_hex.bin_file(image).as_srec()
    return text.encode()


def decode(path: Path, image: FlashImage) -> list[Region]:
    """The regions that objcopy finds; it tells them as Intel HEX.

    Raises:
        ToolMissingError: there is no objcopy.
    """
    return read_with_objcopy(path, image, "-I", "srec")


def read_with_objcopy(path: Path, image: FlashImage, *options: str) -> list[Region]:
    """The regions that objcopy finds with these options.

    Raises:
        ToolMissingError: there is no objcopy.
        VerificationError: it refuses the file.
    """
    other = path.with_suffix(".read.hex")
    done = run(["objcopy", *options, "-O", "ihex", path, other], stage="export", seconds=_SECONDS)
    if not done.ok:
        raise VerificationError(
            "export",
            f"objcopy cannot read the file: {done.ending}",
            place=done.last_lines,
            hint="nothing was written; report this as a defect of ecu-bundle",
        )
    return intel_hex.decode(other, image)
