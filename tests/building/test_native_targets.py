"""Bundles of the native engine: the same bits on every target, and what they cost there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from building.native_bundles import ESTIMATORS, build_sample, sample, write_sample
from ecu_bundle.building.driver import build_bundle
from ecu_bundle.building.elf import elf_of
from ecu_bundle.building.resources import measure
from ecu_bundle.building.runner import run_rows, run_self_test
from ecu_bundle.building.targets import get_target, load_targets
from ecu_bundle.errors import VerificationError

STACK_OF_RUN = {32: 512, 64: 768}
"""Bytes at most, by the width of a pointer."""

EVERY_KIND = ("host", "cortex-m4f", "riscv32", "powerpc")
"""Targets that run each kind of model in every test run; the others run the perceptron there, whose products
are loaded by the processor's own instructions."""


def _marks(name: str, kind: str) -> list[pytest.MarkDecorator]:
    if name == "host":
        return []
    slow = load_targets()[name].needs_newer or (kind != "perceptron" and name not in EVERY_KIND)
    return [pytest.mark.cross, *([pytest.mark.slow] if slow else [])]


CASES = [
    pytest.param(name, kind, marks=_marks(name, kind))
    for name, target in load_targets().items()
    if "native" in target.engines
    for kind in ESTIMATORS
]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_target_gives_the_bits_of_the_host(name: str, kind: str, tmp_path: Path) -> None:
    chosen, target = sample(kind), get_target(name)
    built = build_sample(chosen, name, tmp_path)
    assert run_self_test(built, target).startswith("PASS")
    outputs = run_rows(built, target, chosen.rows, chosen.model.interface)
    for output, values in chosen.expected.outputs.items():
        assert np.array_equal(outputs[output].view(np.uint32), values.view(np.uint32)), output
    figures = measure(built, target, chosen.image, None)
    for part, sizes in figures["library"].items():
        assert sizes["data"] == sizes["bss"] == 0, part
    assert figures["symbols"]["double"] == [] or not target.single_precision
    if target.is_bare:
        elf = elf_of(built.self_test)
        assert elf is not None and figures["stack"]["run"] <= STACK_OF_RUN[elf[0]]
        linked = figures["linked"]
        assert linked["model"]["rodata"] >= len(chosen.image.data)
        assert 0 < figures["instructions"]["run_least"] <= figures["instructions"]["run_most"]
        assert figures["totals"]["flash"] == sum(part["text"] + part["rodata"] for part in linked.values())


@pytest.mark.cross
def test_fused_products_change_the_bits(tmp_path: Path) -> None:
    """The canary of the float contract: results without ``-ffp-contract=off`` are not the certificate's."""
    chosen, target = sample("perceptron"), get_target("cortex-m4f")
    built = build_sample(chosen, target.name, tmp_path)
    recipe = built.bundle_dir / "CMakeLists.txt"
    recipe.write_text(recipe.read_text().replace("-ffp-contract=off", "-ffp-contract=fast"))
    fused = build_bundle(built.bundle_dir, target, tmp_path / "fused")
    outputs = run_rows(fused, target, chosen.rows, chosen.model.interface)
    assert any(
        not np.array_equal(outputs[name].view(np.uint32), values.view(np.uint32))
        for name, values in chosen.expected.outputs.items()
    )


def test_only_the_kernels_of_the_model_are_there(tmp_path: Path) -> None:
    built = build_sample(sample("tree"), "host", tmp_path)
    kernels = built.bundle_dir / "src/ecu/native/kernels"
    assert (kernels / "tree_rows.cpp").is_file()
    assert not (kernels / "matmul_f32.cpp").exists()
    listed = (built.bundle_dir / "sources.txt").read_text()
    assert "tree_rows.cpp" in listed
    assert "onnxruntime" not in listed
    assert not (built.bundle_dir / "third_party").exists()


@pytest.mark.cross
def test_a_model_larger_than_the_board_is_no_defect(tmp_path: Path) -> None:
    chosen = sample("tree")
    write_sample(chosen, "cortex-m4f", tmp_path / "bundle")
    compiler_file = tmp_path / "bundle/cmake/cortex-m4f.cmake"
    text = compiler_file.read_text(encoding="utf-8")
    small = text.replace("ecu_model_size=0x00200000", "ecu_model_size=0x00000100")
    assert small != text
    compiler_file.write_text(small, encoding="utf-8")
    with pytest.raises(VerificationError, match=f"the model image: {len(chosen.image.data) - 256} bytes"):
        build_bundle(tmp_path / "bundle", get_target("cortex-m4f"), tmp_path / "build")
