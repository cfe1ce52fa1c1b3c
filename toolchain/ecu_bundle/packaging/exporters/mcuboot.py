"""``mcuboot``: an image of MCUboot with the payload in it, not bootable, written and verified by imgtool.

Security counter, vendor id and class id are those of the package.
"""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from ecu_bundle.errors import UsageError
from ecu_bundle.folders import scratch_folder
from ecu_bundle.packaging.exporters.flash_image import FlashImage, Region

HEADER_SIZE = 32
"""Bytes of MCUboot's header before the payload; keeps the model image aligned to 16."""


def encode(image: FlashImage) -> bytes:
    """The file.

    Raises:
        UsageError: imgtool refuses it, for instance because it does not fit the slot.
    """
    import click
    from imgtool.image import Image
    from imgtool.version import decode_version

    with scratch_folder() as folder:
        payload, signed = folder / "payload.bin", folder / "signed.bin"
        payload.write_bytes(image.regions[0].data)
        try:
            made = Image(
                version=decode_version(version_text(image)),
                header_size=HEADER_SIZE,
                pad_header=True,
                slot_size=image.slot_size or 0,
                security_counter=image.sequence,
                non_bootable=True,
                vid=image.vendor_id.hex(),
                cid=image.class_id.hex(),
            )
            with redirect_stdout(io.StringIO()):  # results of ours stand there
                made.load(str(payload))
                made.create(_key(image), "hash", None)
                made.save(str(signed))
        except click.UsageError as error:
            raise UsageError(
                "export",
                f"imgtool refuses the image: {error.format_message()}",
                hint="check --slot-size",
            ) from error
        return signed.read_bytes()


def decode(path: Path, image: FlashImage) -> list[Region]:
    """The payload, when imgtool says that the image is right."""
    from imgtool.image import Image, VerifyResult

    result = Image.verify(str(path), _key(image))
    if result[0] != VerifyResult.OK:
        return []
    size = len(image.regions[0].data)
    return [Region(image.address, path.read_bytes()[HEADER_SIZE : HEADER_SIZE + size])]


def version_text(image: FlashImage) -> str:
    """A version as MCUboot has it: that of the model where it has such a form, and the sequence."""
    found = re.match(r"(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,5}))?(?![\w.])", image.version)
    numbers = [int(one or 0) for one in found.groups()] if found else [0, 0, 0]
    limits = (0xFF, 0xFF, 0xFFFF)
    fits = all(number <= limit for number, limit in zip(numbers, limits, strict=True))
    major, minor, revision = numbers if fits else (0, 0, 0)
    return f"{major}.{minor}.{revision}+{image.sequence}"


def _key(image: FlashImage) -> Any:
    """The signing key as imgtool has it, with deterministic ECDSA, so that the file is reproducible."""
    if image.signer is None:
        return None
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from imgtool import keys

    private = image.signer.private
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        return keys.Ed25519(private)

    key = keys.ECDSA256P1(private)  # imgtool asks for exactly this class
    key.raw_sign = partial(
        private.sign, signature_algorithm=ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    )
    return key
