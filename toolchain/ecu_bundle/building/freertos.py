"""The FreeRTOS kernel for the tests in tests/rtos: pinned sources of a Debian package, in no bundle.

Debian 13 has FreeRTOS 9.0.0 with the port for Cortex-M3 inside the source package of MicroPython.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Final

from ecu_bundle.building.debian_sources import SUITE, source_archive
from ecu_bundle.building.pinned import digest_of, keep, kept_files
from ecu_bundle.errors import VerificationError

KERNEL_VERSION: Final = "9.0.0"

_PACKAGE: Final = "micropython"
_ARCHIVE_SHA256: Final = "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea"
_MEMBERS: Final = "micropython-1.25.0/ports/cc3200/FreeRTOS/"
_PARTS: Final = ("License/", "Source/")
_KERNEL_SHA256: Final = "a40977e5096b37e2d3bace84107fb3233c3e3ddb698dbee515ad0a1aa4aeb48e"


def freertos_kernel(cache_dir: Path) -> Path:
    """The folder with ``Source`` (the kernel and its ports) and ``License``.

    The bytes are compared with a pinned digest each time.

    Args:
        cache_dir: outside the checkout; made when missing.

    Raises:
        ToolMissingError: the sources are not at hand and cannot be downloaded.
        VerificationError: the downloaded bytes are not the pinned ones.
    """
    folder = cache_dir / "freertos" / _KERNEL_SHA256[:16]
    if digest_of(kept_files(folder)) != _KERNEL_SHA256:
        unpack(source_archive(_PACKAGE, cache_dir, content=f"FreeRTOS {KERNEL_VERSION}"), folder)
    return folder


def unpack(archive: bytes, folder: Path) -> None:
    """The kernel's files out of the source archive; the folder appears whole or not at all.

    Raises:
        VerificationError: the archive is not the pinned one.
    """
    origin = f"source package {_PACKAGE} of Debian's {SUITE}"
    if hashlib.sha256(archive).hexdigest() != _ARCHIVE_SHA256:
        raise VerificationError(
            "provision",
            "the source archive does not have the pinned digest",
            place=origin,
            hint="use a mirror that you trust",
        )
    keep(_kernel_files(archive), folder, _KERNEL_SHA256, origin=origin)


def _kernel_files(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:xz") as members:
        files = {}
        for member in members:
            name = member.name.removeprefix(_MEMBERS)
            if member.isfile() and name != member.name and name.startswith(_PARTS):
                content = members.extractfile(member)
                files[name] = content.read() if content else b""
    return files
