"""All code that a device links for updates. The project aims at 16,384 and 9,216 bytes; what a boot
checks against the stored headers took it above that."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ecu_bundle.building.link_map import linked_sizes
from packages.board import CPU, CXX, compile_objects
from runtime.build import CHECKOUT, RUNTIME, succeed
from update.build import PROGRAMS

pytestmark = pytest.mark.cross

LIMITS = {"ed25519": 16_992, "p256": 10_064}
"""Bytes on a Cortex-M4 with ``-Os``: code, constants and data of ``ecu::update``, its library for signatures
and the SHA-256 that it shares with the engine; not engine, C library and texts of statuses."""

ENGINE = ("model", "reader")
"""What the self-test calls; a device has it anyway."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Archives ``libupdate.a``, with the libraries for signatures, and ``libengine.a``."""
    folder = tmp_path_factory.mktemp("whole")
    sources = [*sorted((RUNTIME / "src/update").glob("*.cpp")), RUNTIME / "src/image/sha256.cpp"]
    sources += [RUNTIME / "src/model.cpp", RUNTIME / "src/image/reader.cpp"]
    objects = compile_objects(folder, sources)
    for archive in ("update", "engine"):
        members = [path for path in objects if (path.stem in ENGINE) == (archive == "engine")]
        succeed(["arm-none-eabi-ar", "rcs", folder / f"lib{archive}.a", *members])
    return folder


def linked(folder: Path, signature: str) -> dict[str, int]:
    """Bytes of each object of the update code in a program that uses all of it."""
    include = (f"-I{RUNTIME}/include", f"-DECU_VERIFY=ecu_verify_{signature}")
    program, text = folder / signature, folder / f"{signature}.map"
    options = ["--specs=nosys.specs", "-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,main", f"-Wl,-Map={text}"]
    archives = [f"-L{folder}", "-lupdate", "-lengine", "-lupdate"]
    source = PROGRAMS / "whole_api.cpp"
    succeed(["arm-none-eabi-g++", *CXX, *CPU, *include, *options, source, *archives, "-o", program])
    sizes = linked_sizes(text.read_text())
    return {
        member: sum(sizes[archive, member].values()) for archive, member in sizes if archive == "libupdate"
    }


@pytest.mark.parametrize("signature", LIMITS)
def test_all_of_it_keeps_the_limit(folder: Path, signature: str) -> None:
    sizes = linked(folder, signature)
    if os.environ.get("ECU_PRINT_COST"):
        print(signature, sum(sizes.values()), sizes)  # noqa: T201
    assert {
        "golden.o",
        "installer.o",
        "journal.o",
        "key_set.o",
        "package.o",
        "sha256.o",
        "slots.o",
        "stored.o",
    } <= set(sizes)
    assert ("monocypher.o" in sizes, "p256-m.o" in sizes) == (signature == "ed25519", signature == "p256")
    assert sum(sizes.values()) <= LIMITS[signature], sizes


def test_the_program_uses_every_function() -> None:
    text = (PROGRAMS / "whole_api.cpp").read_text(encoding="utf-8")
    headers = [
        (RUNTIME / "include/ecu" / name).read_text(encoding="utf-8") for name in ("update.h", "golden.h")
    ]
    declared = re.findall(r"^[\w* ]+?\b(ecu_\w+)\(", "\n".join(headers), re.M)
    assert len(declared) == 11
    assert set(declared) == set(re.findall(r"any\(&(ecu_\w+)\)", text))


def test_the_page_has_the_sums(folder: Path) -> None:
    page = (CHECKOUT / "docs/slots.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| all, with ([\w-]+) \| ([\d,]+) \|", page, re.M))
    added = re.search(r"runs a model already grows by ([\d,]+) and ([\d,]+) bytes", page)
    assert added is not None
    found = [int(number.replace(",", "")) for number in (rows["Ed25519"], rows["P-256"], *added.groups())]
    sizes = [linked(folder, name) for name in LIMITS]
    sums = [sum(members.values()) for members in sizes]
    grown = [size - members["sha256.o"] for size, members in zip(sums, sizes, strict=True)]
    assert found == pytest.approx([*sums, *grown], rel=0.002)
