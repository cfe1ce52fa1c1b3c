"""What a package, and the record of one in an ECU, say about the model."""

from __future__ import annotations

from pathlib import Path

from ecu_bundle.errors import UsageError
from ecu_bundle.flashing.delivery import Delivery
from ecu_bundle.image.layout import DIGEST_SIZE
from ecu_bundle.image.reader import read_image
from ecu_bundle.packaging.facts import decode_information
from ecu_bundle.packaging.files import read_file
from ecu_bundle.packaging.reader import read_package
from ecu_bundle.packaging.refusals import PackageError
from ecu_bundle.packaging.template import read_header


def read_delivery(path: Path) -> Delivery:
    """A package file, checked as far as it can be without keys.

    Raises:
        UsageError: the file cannot be read, or is not signed.
        VerificationError: not an update package, or a damaged one.
    """
    data = read_file(path)
    package = read_package(data, allow_unsigned=True)
    if not package.header.authentication.signature:
        raise UsageError(
            "read", "the package is not signed", place=str(path), hint="ecu-bundle sign writes a signed one"
        )
    manifest, information = package.header.manifest, package.information
    digest = ""
    if package.header.device is not None:
        digest = read_image(package.payload).image.data[-DIGEST_SIZE:].hex()
    title = " ".join(filter(None, [information.name, information.version])) or "the key package"
    return Delivery(data, title, manifest.sequence, digest)


def rxswin_of(record: bytes) -> tuple[str, ...]:
    """RX software identification numbers in an ECU's signed record; none where there is no record."""
    try:
        return decode_information(read_header(record).information).rxswin
    except PackageError:
        return ()
