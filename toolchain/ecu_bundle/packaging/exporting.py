"""``export``: a package in the format of a flashing line, read back before it is called done."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ecu_bundle.errors import InternalError, ToolMissingError, UsageError, VerificationError
from ecu_bundle.folders import scratch_folder
from ecu_bundle.image.layout import ALIGNMENT
from ecu_bundle.packaging.checking import check_content, check_signer
from ecu_bundle.packaging.exporters import EXPORTERS, Content, Exporter
from ecu_bundle.packaging.exporters.flash_image import ERASED, FlashImage, Region, merged
from ecu_bundle.packaging.files import read_file, write_file
from ecu_bundle.packaging.key_files import read_trusted
from ecu_bundle.packaging.key_header import key_header
from ecu_bundle.packaging.key_set import decode_key_set
from ecu_bundle.packaging.layout import HEADER_LIMIT
from ecu_bundle.packaging.reader import Package, read_package
from ecu_bundle.packaging.signing import KeySigner

_ADDRESSES = 1 << 32


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        content: ``payload``, ``package`` or ``keys``.
        key: id of the key that signed the package.
        bytes: of it, without what the format adds.
        address: where it starts in flash; None when that is not known or means nothing.
        record_address: where the header of the package lies in the slot; None when it was not written.
        read_back: the tool that read the file.
    """

    content: str
    key: str
    bytes: int
    address: int | None
    record_address: int | None
    read_back: str


def export_package(
    path: Path,
    form: str,
    output: Path,
    public_key: Sequence[str],
    *,
    slot_address: int | None = None,
    slot_size: int | None = None,
    content: Content | None = None,
    signer: KeySigner | None = None,
) -> Exported:
    """Writes a package as another file.

    Args:
        path: of the package; it must be signed.
        form: one of `EXPORTERS`, or ``keys`` for the C header of a key package.
        output: file to write.
        public_key: for each key of the device, as `read_trusted` takes it.
        slot_address: where the slot starts; only a format without addresses does without.
        slot_size: bytes of the slot.
        content: the payload alone, or the whole package.
        signer: signs an image of MCUboot.

    Raises:
        UsageError: it does not fit, or cannot be written.
        VerificationError: none of the keys has signed the package, or the independent tool reads
            something else.
        ToolMissingError: the tool is not installed.
    """
    package = read_package(read_file(path), allow_unsigned=True)
    if not package.header.authentication.signature:
        raise UsageError(
            "export", "the package is not signed", place=str(path), hint="`ecu-bundle sign` does that"
        )
    key = check_signer(package.header, [*map(read_trusted, public_key)]).id.hex()
    check_content(package)
    if signer is not None and form != "mcuboot":
        raise UsageError("export", f"--key signs nothing in the format {form}", hint="leave it away")
    if form == "keys":
        return _export_keys(package, output, key)
    exporter = EXPORTERS[form]
    content = content or exporter.content
    if content not in exporter.contents:
        raise UsageError("export", f"{form} holds no {content}", hint="leave --content away")
    if slot_address is None and exporter.has_addresses and content == "payload":
        raise UsageError(
            "export",
            f"{form} says where flash is written",
            hint="give --slot-address, for instance 0x8040000",
        )
    image = _flash_image(
        package,
        content,
        slot_address=slot_address or 0,
        slot_size=slot_size,
        keeps_record=exporter.keeps_record,
        signer=signer,
    )
    write_file(output, _checked(exporter, form, image))
    record = image.regions[1].address if len(image.regions) > 1 else None
    size = len(image.regions[0].data)
    address = slot_address if exporter.has_place else None
    return Exported(content, key, size, address, record, exporter.tool)


def _export_keys(package: Package, output: Path, key: str) -> Exported:
    if package.header.device is not None:
        raise UsageError(
            "export", "the package brings a model, not keys", hint="`pack --keys` makes a key package"
        )
    text = key_header(decode_key_set(package.payload), output.stem.removesuffix("_keys"))
    write_file(output, text.encode())
    return Exported("keys", key, len(package.payload), None, None, "our own reader")


def _flash_image(
    package: Package,
    content: Content,
    *,
    slot_address: int,
    slot_size: int | None,
    keeps_record: bool,
    signer: KeySigner | None,
) -> FlashImage:
    is_payload = content == "payload"
    if is_payload and package.header.device is None:
        raise UsageError(
            "export",
            "keys have no slot: the ECU installs a key package itself",
            hint="export --content package, or --to keys for the C header",
        )
    if is_payload and slot_address % ALIGNMENT:
        raise UsageError(
            "export",
            f"{slot_address:#x} is no address of a slot",
            place="--slot-address",
            hint=f"a multiple of {ALIGNMENT}",
        )
    data = package.payload if is_payload else package.envelope.encode()
    regions = [Region(slot_address, data)]
    if is_payload and keeps_record and slot_size is not None:
        record = package.envelope.header().ljust(HEADER_LIMIT, bytes([ERASED]))
        regions.append(Region(slot_address + slot_size - HEADER_LIMIT, record))
    _require_fit(regions, slot_address, slot_size)
    manifest, information = package.header.manifest, package.information
    return FlashImage(
        regions=tuple(regions),
        name=information.name or manifest.kind,
        version=information.version,
        part_number=information.part_number,
        sequence=manifest.sequence,
        vendor_id=manifest.vendor,
        class_id=manifest.device_class,
        digest=hashlib.sha256(data).digest(),
        slot_size=slot_size,
        signer=signer,
    )


def _require_fit(regions: list[Region], address: int, size: int | None) -> None:
    """Refuses what lies outside the slot or outside 32-bit addresses."""
    needed = sum(len(region.data) for region in regions)
    if size is not None and needed > size:
        record = f", {HEADER_LIMIT} of them the header of the package" if len(regions) > 1 else ""
        raise UsageError(
            "export",
            f"{needed} bytes do not fit the slot of {size} bytes{record}",
            hint="check --slot-size, or pack fewer golden rows or a smaller model",
        )
    if size is not None and len(regions) > 1 and size % ALIGNMENT:
        raise UsageError(
            "export",
            f"{size:#x} is no size of a slot",
            place="--slot-size",
            hint=f"whole sectors of flash, so a multiple of {ALIGNMENT}: the ECU looks for the header of the "
            "package at the end of the slot",
        )
    if not 0 <= address <= max(region.end for region in regions) <= _ADDRESSES:
        raise UsageError(
            "export",
            f"{address:#x} and {needed} bytes are beyond 32-bit addresses",
            hint="check --slot-address and --slot-size",
        )


def _checked(exporter: Exporter, form: str, image: FlashImage) -> bytes:
    """The file, after the independent tool has read it."""
    try:
        data = exporter.encode(image)
        if exporter.encode(image) != data:
            raise InternalError("export", f"two {form} files of one package differ")
        with scratch_folder() as folder:
            path = folder / f"export.{form}"
            path.write_bytes(data)
            found = merged(exporter.decode(path, image))
    except ImportError as error:
        raise ToolMissingError(
            "export",
            f"the Python package {error.name} is missing",
            hint="pip install 'ecu-bundle[packaging]'",
        ) from error
    if found != merged(image.regions):
        raise VerificationError(
            "export",
            f"{exporter.tool} reads something else from the {form} file than was exported",
            hint="nothing was written; report this as a defect of ecu-bundle",
        )
    return data
