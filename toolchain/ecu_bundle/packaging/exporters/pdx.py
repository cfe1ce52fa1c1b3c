"""``pdx``: an ODX-F flash container for a diagnostic tester, written and read back by odxtools.

One ECU-MEM with one session: the class of the device is what is expected to be there, one data block holds
the bytes, and its SHA-256 is the checksum. Times in the container are fixed, so that the same package gives
the same file.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from pathlib import Path
from typing import Any

from ecu_bundle.errors import UsageError
from ecu_bundle.folders import scratch_folder
from ecu_bundle.packaging.exporters.flash_image import FlashImage, Region

_SHORT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,126}")
_TIME = (1980, 1, 1, 0, 0, 0)
"""The first one that a zip file can hold."""
_DATE = "1980-01-01T00:00:00"


def encode(image: FlashImage) -> bytes:
    """The file.

    Raises:
        UsageError: the name of the model can be no name in ODX, nor of a file.
    """
    from odxtools.database import Database
    from odxtools.writepdxfile import write_pdx_file

    if not _SHORT_NAME.fullmatch(image.name):
        raise UsageError(
            "export",
            f"the name {image.name!r} of the model is no identifier, as ODX wants it",
            hint="name the model with letters, digits and underscores, and pack it again",
        )
    database = Database()
    database.short_name = image.name
    database._flashs.append(_flash(image))
    with scratch_folder() as folder:
        path = folder / "flash.pdx"
        write_pdx_file(str(path), database)
        return _without_times(path.read_bytes())


def decode(path: Path, _: FlashImage) -> list[Region]:
    """The segments of the data blocks."""
    from odxtools.database import Database

    database = Database()
    database.add_pdx_file(str(path))
    database.refresh()
    regions = []
    for memory in (memory for flash in database.flashs for memory in flash.ecu_mems):
        for block in memory.mem.datablocks:
            data = b"" if block.flashdata is None else bytes(block.flashdata.blob)
            for segment in block.segments:
                size = segment.uncompressed_size or 0
                regions.append(Region(segment.source_start_address, data[:size]))
                data = data[size:]
    return regions


def _flash(image: FlashImage) -> Any:
    from odxtools.checksum import Checksum
    from odxtools.checksumresult import ChecksumResult
    from odxtools.datablock import Datablock
    from odxtools.dataformat import Dataformat
    from odxtools.dataformatselection import DataformatSelection
    from odxtools.ecumem import EcuMem
    from odxtools.expectedident import ExpectedIdent
    from odxtools.flash import Flash
    from odxtools.identvalue import IdentValue
    from odxtools.identvaluetype import IdentValueType
    from odxtools.internflashdata import InternFlashdata
    from odxtools.mem import Mem
    from odxtools.nameditemlist import NamedItemList
    from odxtools.odxlink import DocType, OdxDocFragment, OdxLinkId, OdxLinkRef
    from odxtools.ownident import OwnIdent
    from odxtools.segment import Segment
    from odxtools.session import Session
    from odxtools.sessionsubelemtype import SessionSubElemType

    document = (OdxDocFragment(image.name, DocType.FLASH),)

    def named(short_name: str) -> dict[str, Any]:
        return {"odx_id": OdxLinkId(f"{image.name}.{short_name}", document), "short_name": short_name}

    def bytes_of(data: bytes) -> IdentValue:
        return IdentValue(value_raw=data.hex().upper(), value_type=IdentValueType.A_BYTEFIELD)

    (region,) = image.regions
    own = [OwnIdent(**named("Sequence"), ident_value=bytes_of(image.sequence.to_bytes(4, "big")))]
    for name, text in (("PartNumber", image.part_number), ("Version", image.version)):
        if text and text.isascii() and text.isprintable():
            value = IdentValue(value_raw=html.escape(text), value_type=IdentValueType.A_ASCIISTRING)
            own.append(OwnIdent(**named(name), ident_value=value))
    data = InternFlashdata(
        **named("Data"),
        size_length=4,
        address_length=4,
        dataformat=Dataformat(selection=DataformatSelection.BINARY),
        data=region.data.hex().upper(),
    )
    segment = Segment(
        **named("Segment"), source_start_address=region.address, uncompressed_size=len(region.data)
    )
    block = Datablock(
        **named("Block"),
        data_type="DATA",
        logical_block_index=0,
        flashdata_ref=OdxLinkRef.from_id(data.odx_id),
        segments=NamedItemList([segment]),
        own_idents=NamedItemList(own),
    )
    checksum = Checksum(
        **named("Checksum"),
        source_start_address=region.address,
        uncompressed_size=len(region.data),
        checksum_alg="SHA-256",
        checksum_result=ChecksumResult(
            value_raw=image.digest.hex().upper(), value_type=SessionSubElemType.A_BYTEFIELD
        ),
    )
    session = Session(
        **named("Session"),
        expected_idents=NamedItemList(
            [ExpectedIdent(**named("DeviceClass"), ident_values=[bytes_of(image.class_id)])]
        ),
        checksums=NamedItemList([checksum]),
        datablock_refs=[OdxLinkRef.from_id(block.odx_id)],
    )
    memory = EcuMem(
        **named("Memory"),
        mem=Mem(
            sessions=NamedItemList([session]),
            datablocks=NamedItemList([block]),
            flashdatas=NamedItemList([data]),
        ),
    )
    return Flash(**named(image.name), ecu_mems=NamedItemList([memory]))


def _without_times(data: bytes) -> bytes:
    """The same container with fixed times, its members in the order of their names."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "index.xml":
                content = re.sub(rb'CREATION-DATE="[^"]*"', b'CREATION-DATE="%s"' % _DATE.encode(), content)
            member = zipfile.ZipInfo(name, _TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            target.writestr(member, content)
    return made.getvalue()
