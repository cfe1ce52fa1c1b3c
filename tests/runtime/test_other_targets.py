"""The runtime on a 32-bit and a 64-bit ARM target, under QEMU; ONNX Runtime itself is not needed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from .build import PROGRAMS, Outcome, compile_object, compile_program, run, runtime_sources

SOURCES = [PROGRAMS / "process.c", PROGRAMS / "stub_engine.cpp", *runtime_sources(engine=False)]
FLAGS = ("-static", "-DECU_TEST_STUB_ORT")


def _results(outcome: Outcome) -> list[str]:
    assert outcome.status == 0, outcome.output
    return outcome.values("status") + outcome.values("label")


@pytest.mark.cross
@pytest.mark.parametrize(
    ("prefix", "emulator"),
    [("aarch64-linux-gnu-", "qemu-aarch64"), ("arm-linux-gnueabihf-", "qemu-arm")],
)
def test_the_same_image_opens_and_runs(tmp_path: Path, image_file: Path, prefix: str, emulator: str) -> None:
    host = compile_program(tmp_path / "host", SOURCES, flags=FLAGS)
    target = compile_program(tmp_path / "target", SOURCES, flags=FLAGS, prefix=prefix)
    assert _results(run([emulator, target, image_file, "1"])) == _results(run([host, image_file, "1"]))
    damaged = tmp_path / "damaged.ecui"
    damaged.write_bytes(image_file.read_bytes()[:-1] + b"\0")
    assert run([emulator, target, damaged, "1"]).values("status")[0].startswith("19 ECU_IMAGE_BAD_DIGEST")


@pytest.mark.cross
@pytest.mark.parametrize("prefix", ["aarch64-linux-gnu-", "arm-linux-gnueabihf-"])
def test_the_onnxruntime_engine_compiles(tmp_path: Path, prefix: str) -> None:
    """Without a warning, and within the sizes that the format promises for 32-bit targets."""
    for source in set(runtime_sources()) - set(runtime_sources(engine=False)):
        compile_object(tmp_path / f"{source.stem}.o", source, prefix=prefix)
