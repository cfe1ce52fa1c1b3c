"""Bundles for ARM, built with Debian's cross compilers and run under QEMU."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecu_bundle.building.driver import BuildResult, build_bundle
from ecu_bundle.building.elf import elf_of
from ecu_bundle.building.resources import measure
from ecu_bundle.building.runner import run_rows, run_self_test
from ecu_bundle.building.targets import Target, get_target
from ecu_bundle.errors import VerificationError
from ecu_bundle.image.writer import compile_image
from generation.bundles import library, write_bundle
from generation.samples import classifier, expected, golden, rows

pytestmark = pytest.mark.cross
TOLERANCE = 1e-5


@pytest.fixture(scope="module", params=["aarch64-linux", "armv7-linux"])
def target(request: pytest.FixtureRequest) -> Target:
    return get_target(request.param)


@pytest.fixture(scope="module")
def built(target: Target, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    folder = tmp_path_factory.mktemp(target.name)
    vectors = golden(classifier(), tolerance=TOLERANCE)
    bundle = write_bundle(classifier(), folder / "bundle", target=target.name, vectors=vectors)
    return build_bundle(bundle, target, folder / "build")


def test_programs_are_for_the_target(built: BuildResult, target: Target) -> None:
    elf = target.ort_source().elf
    assert elf_of(built.self_test) == elf_of(library(target).path) == (elf.bits, elf.machine)
    assert target.emulator is not None
    assert Path(built.emulator[0]).name == target.emulator.program


def test_self_test_and_rows_under_qemu(built: BuildResult, target: Target) -> None:
    model = classifier()
    assert run_self_test(built, target) == "PASS 5 rows"
    inputs = rows(model.interface, 30, seed=9)
    outputs = run_rows(built, target, inputs, model.interface)
    reference = expected(model, inputs)
    assert np.array_equal(outputs["label"], reference["label"])
    np.testing.assert_allclose(outputs["score"], reference["score"], rtol=TOLERANCE, atol=TOLERANCE)


def test_ctest_runs_it_without_python(built: BuildResult) -> None:
    command = ["ctest", "--test-dir", str(built.build_dir), "--output-on-failure"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_cpu_description_is_what_keeps_it_alive(
    built: BuildResult, target: Target, tmp_path: Path
) -> None:
    """The known crash of ONNX Runtime under QEMU is reported as the signal that it is."""
    sysroot = shutil.copytree(built.emulator[2], tmp_path / "sysroot", symlinks=True)
    (sysroot / "proc/cpuinfo").unlink()
    broken = replace(built, emulator=(*built.emulator[:2], str(sysroot)))
    with pytest.raises(VerificationError, match=r"ended by SIG|exit code"):
        run_self_test(broken, target)


def test_nothing_was_written_into_the_system(built: BuildResult) -> None:
    sysroot = Path(built.emulator[2])
    assert sysroot.is_relative_to(built.build_dir)
    assert sorted(path.name for path in sysroot.iterdir() if not path.is_symlink()) == ["proc"]
    assert all(os.access(path, os.R_OK) for path in sysroot.iterdir())


def test_resources_are_those_of_the_target(built: BuildResult, target: Target) -> None:
    figures = measure(
        built, target, compile_image(classifier(), engine="ort"), library(target), instructions=True
    )
    parts = figures["library"]
    assert isinstance(parts, dict)
    assert parts["engine"]["text"] > 1000
    assert "instructions" not in figures
