"""Exports, read back by tools that are not ours."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from intelhex import IntelHex

from cli.program import PROGRAM, call, succeed
from ecu_bundle.packaging import exporters
from ecu_bundle.packaging.exporters import EXPORTERS
from ecu_bundle.packaging.exporters.flash_image import FlashImage, Region
from ecu_bundle.packaging.exporters.mcuboot import version_text
from ecu_bundle.packaging.key_files import private_pem, public_pem
from ecu_bundle.packaging.reader import read_package
from packages.examples import ED25519, P256, key_package, model_package, unsigned_model

ADDRESS, SIZE = 0x0804_0000, 0x2000
PAYLOAD = read_package(model_package()).payload
RECORD = model_package()[: -len(PAYLOAD)].ljust(1024, b"\xff")
OBJCOPY = ["objcopy", "--gap-fill", "0xff", "-O", "binary"]


TRUST: list[str | Path] = []
"""Options with the keys of the examples."""


@pytest.fixture(scope="module", autouse=True)
def trust(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("keys")
    TRUST[:] = ["--slot-address", "0"]
    for name, signer in (("ed25519", ED25519), ("p256", P256)):
        path = folder / f"{name}.pub.pem"
        path.write_bytes(public_pem(signer.public))
        TRUST.extend(["-p", path])


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "model.suit"
    path.write_bytes(model_package())
    return path


def export(package: Path, form: str, *arguments: str | Path) -> Path:
    """The exported file."""
    output = package.with_name(f"out.{form}")
    succeed("export", package, *TRUST, "--to", form, "-o", output, *arguments)
    return output


def slot(*, record: bool) -> bytes:
    """What the slot holds, gaps erased."""
    return PAYLOAD.ljust(SIZE - 1024, b"\xff") + RECORD if record else PAYLOAD


@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("form", ["bin", "hex", "s19"])
def test_what_lies_in_the_slot(package: Path, form: str, record: bool) -> None:
    """GNU objcopy and intelhex find the payload at its address, and the header at the end of the slot."""
    where = ["--slot-address", hex(ADDRESS), *(["--slot-size", str(SIZE)] if record else [])]
    output = export(package, form, *where)
    found = output.read_bytes()
    if form != "bin":
        kind = {"hex": "ihex", "s19": "srec"}[form]
        flat = package.with_name("flat.bin")
        subprocess.run([*OBJCOPY, "-I", kind, output, flat], check=True, capture_output=True)
        found = flat.read_bytes()
        listing = subprocess.run(["objdump", "-h", output], check=True, capture_output=True, text=True)
        assert f"{ADDRESS:08x}" in listing.stdout
    if form == "hex":
        file = IntelHex(str(output))
        assert (file.minaddr(), file.tobinstr(ADDRESS, ADDRESS + len(PAYLOAD) - 1)) == (ADDRESS, PAYLOAD)
    assert found == slot(record=record)


def test_a_slot_that_is_just_full(package: Path) -> None:
    """Payload and header touch each other."""
    size = len(PAYLOAD) + 1024
    for form in ("bin", "hex", "s19"):
        export(package, form, "--slot-size", str(size))
    assert package.with_name("out.bin").read_bytes() == PAYLOAD + RECORD


@pytest.mark.parametrize("signer", [None, ED25519, P256])
def test_an_image_of_mcuboot(package: Path, signer: Any) -> None:
    """The program imgtool verifies it; the fields are read here once more, by their places."""
    key, public = package.with_name("key.pem"), package.with_name("public.pem")
    options: list[str | Path] = []
    if signer is not None:
        key.write_bytes(private_pem(signer, None))
        public.write_bytes(public_pem(signer.public))
        options = ["--key", key]
    output = export(package, "mcuboot", *options, "--slot-size", str(SIZE))
    command = [str(PROGRAM.with_name("imgtool")), "verify", *(["-k", str(public)] if signer else [])]
    command.append(str(output))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "correctly validated" in done.stdout and "1.0.0+7" in done.stdout
    data = output.read_bytes()
    magic, _, header, protected, size, flags = struct.unpack_from("<IIHHII", data)
    assert (magic, header, size, flags) == (0x96F3B83D, 32, len(PAYLOAD), 0x10)
    assert data[32 : 32 + size] == PAYLOAD
    area = data[32 + size : 32 + size + protected]
    manifest = read_package(model_package()).header.manifest
    assert struct.pack("<HHI", 0x50, 4, 7) in area
    assert struct.pack("<HH", 0x74, 16) + manifest.vendor in area
    assert struct.pack("<HH", 0x75, 16) + manifest.device_class in area
    if signer is not None:
        output.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
        assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("1.2.3", "1.2.3+7"),
        ("2", "2.0.0+7"),
        ("4.5", "4.5.0+7"),
        ("1.2.3-rc1", "1.2.3+7"),
        ("", "0.0.0+7"),
        ("spring", "0.0.0+7"),
        ("1.2.3.4", "0.0.0+7"),
        ("256.0.0", "0.0.0+7"),
        ("1.0.65536", "0.0.0+7"),
    ],
)
def test_versions_as_mcuboot_has_them(version: str, text: str) -> None:
    image = FlashImage((Region(0, b""),), "a", version, "", 7, bytes(16), bytes(16), bytes(32))
    assert version_text(image) == text


@pytest.mark.parametrize(("content", "data"), [("package", model_package()), ("payload", PAYLOAD)])
def test_a_container_for_a_diagnostic_tester(package: Path, content: str, data: bytes) -> None:
    """Its XML is read here without odxtools."""
    from xml.etree import ElementTree

    output = export(package, "pdx", "--content", content, "--slot-address", "0x10000")
    with zipfile.ZipFile(output) as container:
        assert container.namelist() == ["index.xml", "neg.odx-f"]
        assert {member.date_time for member in container.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        root = ElementTree.fromstring(container.read("neg.odx-f"))  # noqa: S314
        index = container.read("index.xml").decode()
    assert 'CREATION-DATE="1980-01-01T00:00:00"' in index and "neg.odx-f" in index
    found = {element.tag: element.text for element in root.iter()}
    assert bytes.fromhex(found["DATA"] or "") == data
    assert int(found["SOURCE-START-ADDRESS"] or "", 16) == 0x10000
    assert found["UNCOMPRESSED-SIZE"] == str(len(data))
    idents = [element.text for element in root.iter("IDENT-VALUE")]
    assert idents == [
        read_package(model_package()).header.manifest.device_class.hex().upper(),
        *("00000007", "A-123", "1.0"),
    ]


def test_keys_for_the_program_of_the_device(package: Path) -> None:
    package.write_bytes(key_package())
    output = package.with_name("release_keys.h")
    succeed("export", package, *TRUST, "--to", "keys", "-o", output)
    text = output.read_text()
    assert "RELEASE_KEY_COUNT 2U" in text and "ECU_KEY_P256 | ECU_KEY_FOR_KEYS,\n     300U," in text
    export(package, "pdx")
    export(package, "hex", "--content", "package")


@pytest.mark.parametrize("form", EXPORTERS)
def test_the_same_bytes_every_time(package: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    once = export(package, form).read_bytes()
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    (package.parent / "elsewhere").mkdir()
    other = package.parent / "elsewhere" / "other.suit"
    shutil.copy(package, other)
    assert export(other, form).read_bytes() == once


SIGNED, UNSIGNED, KEYS = model_package(), unsigned_model().encode(), key_package()


@pytest.mark.parametrize(
    ("data", "arguments", "refused"),
    [
        (SIGNED, ["hex", "--slot-size", str(len(PAYLOAD) + 1023)], (2, "do not fit the slot")),
        (SIGNED, ["pdx", "--slot-size", str(len(SIGNED) - 1)], (2, "do not fit the slot")),
        (SIGNED, ["mcuboot", "--slot-size", str(len(PAYLOAD) + 100)], (2, "imgtool refuses the image")),
        (SIGNED, ["s19", "--slot-address", "0xfffffff0"], (2, "beyond 32-bit addresses")),
        (SIGNED, ["hex", "--slot-address", "0x8", "--slot-size", "0x8000"], (2, "is no address of a slot")),
        (SIGNED, ["bin", "--slot-size", "0x20000000"], (2, "most of them a gap")),
        (SIGNED, ["bin", "--slot-address", "-16"], (2, "is not a number")),
        (SIGNED, ["mcuboot", "--content", "package"], (2, "mcuboot holds no package")),
        (SIGNED, ["hex", "--key", "key.pem"], (2, "--key signs nothing")),
        (SIGNED, ["keys"], (2, "the package brings a model, not keys")),
        (SIGNED, ["tar"], (2, "'tar' is not one of")),
        (KEYS, ["hex"], (2, "keys have no slot")),
        (UNSIGNED, ["hex"], (2, "the package is not signed")),
        (SIGNED[:-1], ["hex"], (1, "ECU_PACKAGE_TRUNCATED")),
        (b"", ["hex"], (1, "ECU_PACKAGE_TRUNCATED")),
    ],
)
def test_what_cannot_be_exported(
    package: Path,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
    arguments: list[str],
    refused: tuple[int, str],
) -> None:
    monkeypatch.chdir(package.parent)
    package.write_bytes(data)
    Path("key.pem").write_bytes(private_pem(ED25519, None))
    outcome = call("export", package, *TRUST, "-o", "out", "--to", *arguments)
    assert (outcome.code, refused[1] in outcome.stderr) == (refused[0], True), outcome.stderr
    assert sorted(path.name for path in package.parent.iterdir()) == ["key.pem", "model.suit"]


@pytest.mark.parametrize("form", EXPORTERS)
def test_nothing_is_written_when_the_tool_reads_something_else(
    package: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong byte, a wrong address, or nothing at all."""
    exporter = EXPORTERS[form]
    right = exporter.decode

    def wrong(path: Path, image: FlashImage) -> list[Region]:
        first, *rest = right(path, image)
        return [Region(first.address, bytes([first.data[0] ^ 1]) + first.data[1:]), *rest]

    def moved(path: Path, image: FlashImage) -> list[Region]:
        return [Region(region.address + 1, region.data) for region in right(path, image)]

    output = package.with_name("out")

    def nothing(_: Path, __: FlashImage) -> list[Region]:
        return []

    for decode in (wrong, moved, nothing):
        monkeypatch.setitem(exporters.EXPORTERS, form, replace(exporter, decode=decode))
        outcome = call("export", package, *TRUST, "--to", form, "-o", output)
        assert (outcome.code, "reads something else" in outcome.stderr) == (1, True)
        assert not output.exists()


@pytest.mark.parametrize("form", ["hex", "s19"])
def test_a_file_with_addresses_wants_to_know_them(package: Path, form: str) -> None:
    outcome = call("export", package, *TRUST[2:], "--to", form, "-o", package.with_name("out"))
    assert (outcome.code, "--slot-address" in outcome.stderr) == (2, True)
    assert list(package.parent.iterdir()) == [package]


NOTE = "note: without --slot-size the signed record at the end of the slot is not written"


@pytest.mark.parametrize(
    ("form", "arguments", "said"),
    [
        ("bin", [], True),
        ("hex", [], True),
        ("s19", [], True),
        ("hex", ["--slot-size", str(SIZE)], False),
        ("hex", ["--content", "package"], False),
        ("hex", ["--json"], False),
        ("mcuboot", [], False),
        ("pdx", [], False),
    ],
)
def test_a_slot_without_its_record_is_said_once(
    package: Path, form: str, arguments: list[str], said: bool
) -> None:
    """Only formats that have room for it say so, and only for the payload."""
    done = succeed("export", package, *TRUST, "--to", form, "-o", package.with_name("out"), *arguments)
    assert done.stderr.count(NOTE) == said


@pytest.mark.parametrize(
    ("form", "address", "said"),
    [
        ("bin", [], ""),
        ("bin", ["--slot-address", "0x40"], " at 0x40,"),
        ("mcuboot", ["--slot-address", "0x40"], ""),
        ("pdx", [], ""),
    ],
)
def test_an_address_that_means_nothing_is_not_told(
    package: Path, form: str, address: list[str], said: str
) -> None:
    words = ["export", package, *TRUST[2:], "--to", form, "-o", package.with_name("out"), *address]
    outcome = succeed(*words)
    assert (" at 0x" in outcome.stdout, said in outcome.stdout) == (bool(said), True)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b":020000040804EE\n", "this is Intel HEX"),
        (b"S00600004844521B\n", "this is an S-record file"),
        (b"S31508040000", "this is an S-record file"),
        (struct.pack("<I", 0x96F3B83D), "this is an image of MCUboot"),
        (b"PK\x03\x04", "this is a zip container, as a PDX file is one"),
        (PAYLOAD, "this is a model image, or a slot that begins with one"),
        (b"-----BEGIN PRIVATE KEY-----\n", "this is a PEM file"),
    ],
)
def test_another_file_is_not_taken_for_a_package(package: Path, start: bytes, said: str) -> None:
    package.write_bytes(start)
    for verb in (["verify-package", package, *TRUST[2:]], ["flash", package, "--doip", "127.0.0.1:9"]):
        outcome = call(*verb)
        assert (outcome.code, f"next: {said}" in outcome.stderr) == (1, True), outcome.stderr
        assert "give the .suit file" in outcome.stderr


def test_a_full_disk_and_a_place_that_cannot_be_written(package: Path) -> None:
    outcome = call("export", package, *TRUST, "--to", "hex", "-o", "/dev/full")
    assert (outcome.code, "No space left on device" in outcome.stderr) == (2, True)
    for place, said in ((package.parent, "is a folder"), (package / "x", "cannot be written")):
        outcome = call("export", package, *TRUST, "--to", "hex", "-o", place)
        assert (outcome.code, said in outcome.stderr) == (2, True)


def test_an_older_file_stays_when_the_export_fails(package: Path) -> None:
    output = export(package, "hex")
    before = output.read_bytes()
    assert call("export", package, *TRUST, "--to", "hex", "-o", output, "--slot-size", "1").code == 2
    assert output.read_bytes() == before


def test_a_tool_that_is_not_there(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = package.with_name("out")
    monkeypatch.setenv("PATH", "/nowhere")
    outcome = call("export", package, *TRUST, "--to", "s19", "-o", output)
    assert (outcome.code, "objcopy cannot be started" in outcome.stderr) == (4, True)
    monkeypatch.setitem(sys.modules, "intelhex", None)
    outcome = call("export", package, *TRUST, "--to", "hex", "-o", output, "--json")
    assert (outcome.code, outcome.data["cause"]) == (4, "the Python package intelhex is missing")
    assert "ecu-bundle[packaging]" in outcome.data["hint"]
    assert not output.exists()


def test_the_result_for_machines(package: Path) -> None:
    output = package.with_name("out.hex")
    where = ["--slot-address", "0x10", "--slot-size", "4096", "--json"]
    outcome = succeed("export", package, *TRUST, "--to", "hex", "-o", output, *where)
    assert json.loads(outcome.stdout) == {
        "output": str(output),
        "format": "hex",
        "content": "payload",
        "key": ED25519.public.id.hex(),
        "bytes": len(PAYLOAD),
        "address": 16,
        "record_address": 16 + 4096 - 1024,
        "read_back": "intelhex",
    }
