"""A new model without a compiler: its image takes the place of the old one in a linked program."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from building.native_bundles import Sample, build_sample, sample
from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.runner import run_rows
from ecu_bundle.building.targets import Target, get_target
from ecu_bundle.errors import VerificationError

pytestmark = pytest.mark.cross

KIND = "pipeline"
OTHER = "tree"
"""Of the same interface, with less memory and another kernel."""


@pytest.fixture(scope="module")
def target() -> Target:
    return get_target("cortex-m4f")


@pytest.fixture(scope="module")
def built(target: Target, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_sample(sample(KIND), target.name, tmp_path_factory.mktemp("update"))


def swapped(built: BuildResult, image: bytes, folder: Path) -> BuildResult:
    """The same program with another image in MODEL_A, not linked again."""
    (folder / "new.ecui").write_bytes(image)
    program = folder / "run_rows"
    command = ["arm-none-eabi-objcopy", "--update-section", f"MODEL_A={folder / 'new.ecui'}"]
    subprocess.run([*command, built.run_rows, program], check=True, capture_output=True)
    return replace(built, run_rows=program)


def outputs_of(program: BuildResult, target: Target, chosen: Sample) -> dict[str, bytes]:
    outputs = run_rows(program, target, chosen.rows, chosen.model.interface)
    return {name: np.ascontiguousarray(values).tobytes() for name, values in outputs.items()}


@pytest.mark.parametrize("seed", [1, 3])
def test_a_retrained_model_runs_without_linking(
    built: BuildResult, target: Target, seed: int, tmp_path: Path
) -> None:
    old, new = sample(KIND), sample(KIND, seed)
    assert new.image.data != old.image.data
    expected = {name: values.tobytes() for name, values in new.expected.outputs.items()}
    assert outputs_of(built, target, new) != expected
    assert outputs_of(swapped(built, new.image.data, tmp_path), target, new) == expected


def refusal(built: BuildResult, target: Target, image: bytes, folder: Path) -> str:
    chosen = sample(KIND)
    with pytest.raises(VerificationError) as caught:
        run_rows(swapped(built, image, folder), target, chosen.rows, chosen.model.interface)
    return caught.value.place


def test_another_interface_is_refused(built: BuildResult, target: Target, tmp_path: Path) -> None:
    image = sample(KIND, features=3).image.data
    assert "ECU_INTERFACE_MISMATCH" in refusal(built, target, image, tmp_path)


def test_a_missing_kernel_is_refused(built: BuildResult, target: Target, tmp_path: Path) -> None:
    image = sample(OTHER).image.data
    assert "ECU_KERNEL_MISSING" in refusal(built, target, image, tmp_path)


def test_a_damaged_image_is_refused(built: BuildResult, target: Target, tmp_path: Path) -> None:
    image = bytearray(sample(KIND).image.data)
    image[len(image) // 2] ^= 1
    assert "ECU_IMAGE_BAD_DIGEST" in refusal(built, target, bytes(image), tmp_path)
