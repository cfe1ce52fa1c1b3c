"""What reading a package costs on a Cortex-M4F, and that it works: the figures of docs/update_package.md."""

from __future__ import annotations

import re

import pytest

from runtime.build import CHECKOUT, run

from .board import QEMU, Build, build_board
from .device import PROGRAMS
from .examples import ED25519, P256
from .test_device_template import VARIANTS

MESSAGE = b"a message of the length that a device checks: 65 bytes, as it is."


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Build:
    tables = {
        "kMessage": MESSAGE,
        "kEd25519Key": ED25519.public.raw,
        "kEd25519Signature": ED25519.sign(MESSAGE),
        "kP256Key": P256.public.raw,
        "kP256Signature": P256.sign(MESSAGE),
        "kHeader": VARIANTS["the longest"](),
    }
    return build_board(tmp_path_factory.mktemp("board"), PROGRAMS / "measure_reader.cpp", (), tables)


@pytest.mark.cross
def test_signatures_are_judged_right_on_the_board(board: Build) -> None:
    outcome = run([*QEMU, board.program])
    assert outcome.values("failures") == ["0"], outcome.output


HASHER = "_ZN3ecu14sha256_matchesENS_4SpanIKhEEPS1_"
MATCHER = "_ZN3ecu11read_headerENS_4SpanIKhEERNS_13PackageHeaderE"

# Part: entries of its code, entry of its stack, what is called on the board.
PARTS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "header: template": ((MATCHER,), MATCHER, "match_header"),
    "SHA-256 of 100 kB": ((HASHER,), HASHER, "hash_payload"),
    "Ed25519, with SHA-512": (("ecu_verify_ed25519",), "ecu_verify_ed25519", "ecu_verify_ed25519"),
    "ECDSA P-256, with SHA-256": (("ecu_verify_p256",), "ecu_verify_p256", "ecu_verify_p256"),
}


def documented() -> dict[str, list[float]]:
    """Code, stack and millions of instructions by part."""
    page = (CHECKOUT / "docs" / "update_package.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([\d,]+) \| ([\d,]+) \| ([\d.]+) \|$", page, re.M)
    return {name: [float(number.replace(",", "")) for number in numbers] for name, *numbers in rows}


@pytest.mark.cross
@pytest.mark.parametrize("part", PARTS)
def test_the_page_has_the_figures(board: Build, part: str) -> None:
    entries, deepest, called = PARTS[part]
    measured = [board.code(*entries), board.stack(deepest), board.instructions(called) / 1e6]
    assert measured == pytest.approx(documented()[part], rel=0.02, abs=0.01), measured
