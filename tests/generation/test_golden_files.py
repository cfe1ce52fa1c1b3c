"""Generated sources, byte for byte. ``ECU_UPDATE_GOLDEN=1`` writes them anew; review the difference."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ecu_bundle.artifacts import OnnxModel
from generation.bundles import sources, write
from generation.samples import classifier, hostile, regressor

GOLDEN = Path(__file__).parent / "golden"
CONSTANT = ("include/ecu/", "src/ecu/", "LICENSES/", "cmake/", "docs/", "model/")
CONSTANT_FILES = {f"tests/{name}" for name in ("CMakeLists.txt", "self_test.cpp", "run_rows.cpp")}
CONSTANT_FILES |= {"LICENSES.md", "tests/python_binding.cpp", "tests/golden_vectors.h"}


@pytest.mark.parametrize("sample", [regressor, classifier, hostile], ids=lambda sample: sample.__name__)
def test_generated_sources_are_the_golden_ones(sample: Callable[[], OnnxModel]) -> None:
    bundle = sources(sample())
    generated = {
        path: data
        for path, data in bundle.files.items()
        if not path.startswith(CONSTANT) and path not in CONSTANT_FILES
    }
    folder = GOLDEN / sample.__name__
    if os.environ.get("ECU_UPDATE_GOLDEN"):
        write(generated, folder)
    golden = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(generated) == golden
    for path, data in generated.items():
        assert data.decode() == (folder / path).read_text(encoding="utf-8"), path
