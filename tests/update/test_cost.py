"""What the update code costs on a Cortex-M4F, and that it works there: the figures of docs/slots.md.

``ECU_PRINT_COST=1`` prints them; the code as a whole is in ``test_code_size.py``.
"""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from ecu_bundle.image import read_image
from ecu_bundle.packaging.facts import Information, encode_facts
from ecu_bundle.packaging.layout import class_id, vendor_id
from ecu_bundle.packaging.packing import image_facts
from ecu_bundle.packaging.signing import KeySigner, sign_envelope
from ecu_bundle.packaging.suit import make_envelope
from packages.board import QEMU, Build, build_board
from packages.examples import CLASS, ED25519, P256, VENDOR, model_image
from runtime.build import CHECKOUT, run
from update.build import PROGRAMS

pytestmark = [pytest.mark.cross, pytest.mark.slow]

PARTS = ("area", "installer", "journal", "key_set", "slots", "stored", "update")
CALLS = ("open", "boot", "confirm", "revert", "begin", "write", "finish", "abort")
ENTRIES = tuple(f"ecu_update_{name}" for name in CALLS)
PAYLOAD = 100_000


def _package(signer: KeySigner) -> bytes:
    image = model_image()
    envelope = make_envelope(
        "model",
        sequence=7,
        vendor=vendor_id(VENDOR),
        device_class=class_id(VENDOR, CLASS),
        facts=encode_facts(image_facts(read_image(image)), Information(VENDOR, CLASS)),
        payload=image + bytes(index * 7 % 251 for index in range(PAYLOAD - len(image))),
    )
    return sign_envelope(envelope, signer).encode()


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Build:
    image = model_image()
    facts = image_facts(read_image(image))
    tables = {
        "kImage": image,
        "kInterface": facts.interface_hash,
        "kKernels": facts.kernel_bits,
        "kVendor": vendor_id(VENDOR),
        "kClass": class_id(VENDOR, CLASS),
        "kEd25519Id": ED25519.public.id,
        "kEd25519Key": ED25519.public.raw,
        "kEd25519Package": _package(ED25519),
        "kP256Id": P256.public.id,
        "kP256Key": P256.public.raw,
        "kP256Package": _package(P256),
    }
    return build_board(tmp_path_factory.mktemp("board"), PROGRAMS / "measure_update.cpp", PARTS, tables)


@pytest.fixture(scope="module")
def measured(board: Build) -> dict[str, list[float]]:
    """Static memory and stack."""
    outcome = run([*QEMU, board.program])
    assert outcome.values("failures") == ["0"], outcome.output
    static = int(outcome.values("state")[0])
    rows: dict[str, list[float]] = {}
    for name, verify in (("Ed25519", "ecu_verify_ed25519"), ("P-256", "ecu_verify_p256")):
        pointers = {"package": board.stack(verify), "area": 0, "slots": 0, "update": 0}
        stack = max(board.stack(entry, pointers) for entry in ENTRIES)
        rows[f"all, with {name}"] = [static, stack]
    return rows


def documented() -> dict[str, list[float]]:
    page = (CHECKOUT / "docs/slots.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [\d,]+ \| ([\d,]+) \| ([\d,]+) \|$", page, re.M)
    return {name: [float(number.replace(",", "")) for number in numbers] for name, *numbers in rows}


def test_the_page_has_the_figures(measured: dict[str, list[float]]) -> None:
    if os.environ.get("ECU_PRINT_COST"):
        for name, row in measured.items():
            print(f"| {name} |", " | ".join(f"{number:,.0f}" for number in row), "|")  # noqa: T201
    found: Any = {name: pytest.approx(row, rel=0.02) for name, row in measured.items()}
    assert documented() == found


def test_the_page_has_the_code_of_the_parts_and_the_instructions(board: Build) -> None:
    own = Build(board.program, [path for path in board.objects if path.stem in PARTS])
    counted = board.counted("install")
    page = (CHECKOUT / "docs/slots.md").read_text(encoding="utf-8")
    code = re.search(r"Of the code ([\d,]+) bytes", page)
    millions = re.search(r"([\d.]+) million instructions with Ed25519, ([\d.]+) with P-256", page)
    assert code is not None, own.code(*ENTRIES)
    assert float(code[1].replace(",", "")) == pytest.approx(own.code(*ENTRIES), rel=0.02)
    assert millions is not None, counted
    assert [float(number) for number in millions.groups()] == pytest.approx(
        [counted.least / 1e6, counted.most / 1e6], rel=0.02
    ), counted


def test_memory_keeps_the_limit(measured: dict[str, list[float]]) -> None:
    assert all(static + stack <= 4096 for static, stack in measured.values())
