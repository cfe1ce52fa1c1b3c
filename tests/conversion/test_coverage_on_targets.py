"""Every model of docs/coverage.md has the bits of the host on every target."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from benchmarks.coverage.outcomes import Outcome
from benchmarks.coverage.page import page, targets_of, totals_of, with_targets
from benchmarks.coverage.sweep import Finding, build_program, compare, run_program
from benchmarks.coverage.swept import Swept, swept_models
from benchmarks.coverage.tables import NAMES
from benchmarks.coverage.targets import PAGE, line, sweep, targets
from numpy.typing import NDArray

from ecu_bundle.artifacts import ModelImage
from ecu_bundle.building.driver import BuildResult, build_bundle
from ecu_bundle.building.targets import get_target
from ecu_bundle.errors import InternalError
from ecu_bundle.image.layout import DIGEST_SIZE
from ecu_bundle.interface import Array

pytestmark = pytest.mark.cross

TEXT = PAGE.read_text(encoding="utf-8")
EVERY_KIND = (
    *("cortex-m3", "cortex-m4f", "riscv32", "powerpc", "cortex-a53"),
    *("aarch64-linux", "armv7-linux"),
)
"""No floating-point unit, single precision, big endian, 64 bits, with an operating system and without."""
SAMPLE = (
    ("estimators", "HistGradientBoostingClassifier"),
    ("estimators", "MLPClassifier"),
    ("estimators", "SVC"),
    ("estimators", "DecisionTreeRegressor"),
)


@cache
def sample() -> tuple[Swept, ...]:
    return tuple(swept_models(SAMPLE))


@cache
def everything() -> tuple[Swept, ...]:
    return tuple(swept_models((table, name) for table, names in NAMES.items() for name in names))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_program(sample(), get_target("cortex-m3"), tmp_path_factory.mktemp("sweep"))


@pytest.fixture(scope="module")
def words(built: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.uint32]:
    return run_program(built, sample(), tmp_path_factory.mktemp("run"))


def test_a_sample_has_the_bits_of_the_host(words: NDArray[np.uint32]) -> None:
    assert len(sample()) == len(SAMPLE)
    assert compare(sample(), words) == []


@pytest.mark.parametrize("position", range(len(SAMPLE)))
def test_one_flipped_bit_of_the_host_is_reported(words: NDArray[np.uint32], position: int) -> None:
    random = np.random.default_rng(position)
    models = list(sample())
    model = models[position]
    name = list(model.outputs)[-1]
    row = int(random.integers(len(model.rows)))
    models[position] = replace(model, outputs={**model.outputs, name: _flipped(model.outputs[name], row)})
    (finding,) = compare(models, words)
    assert (finding.table, finding.name, finding.rows) == (*SAMPLE[position], 1)
    assert f"row {row} (" in finding.first


def _flipped(values: Array, row: int) -> Array:
    """With the lowest bit of the last value of this row inverted."""
    changed = np.ascontiguousarray(values).copy()
    changed[row].view(np.uint32)[-1] ^= np.uint32(1)
    return changed


def test_what_another_image_computes_is_reported(built: BuildResult, tmp_path: Path) -> None:
    """An image with a wrong digest, and one with one bit of a weight inverted."""
    models = list(sample())
    models[0] = replace(models[0], image=_flipped_image(models[0].image, sealed=False))
    models[1] = replace(models[1], image=_flipped_image(models[1].image, sealed=True))
    findings = compare(models, run_program(built, models, tmp_path))
    assert [finding.name for finding in findings] == [name for _, name in SAMPLE[:2]]
    assert findings[0].first == "not opened: status 19"
    assert "on the host 0x" in findings[1].first


def _flipped_image(image: ModelImage, *, sealed: bool) -> ModelImage:
    """One bit of the last constant is another one; sealed: the digest fits."""
    data = bytearray(image.data[:-DIGEST_SIZE])
    data[-2] ^= 1
    digest = hashlib.sha256(data).digest() if sealed else image.data[-DIGEST_SIZE:]
    return replace(image, data=bytes(data) + digest)


@pytest.mark.parametrize("words_more", [-(10**5), -1, 1])
def test_too_few_or_too_many_words_are_no_success(words: NDArray[np.uint32], words_more: int) -> None:
    wrong = words[:words_more] if words_more < 0 else np.concatenate([words, words[:words_more]])
    with pytest.raises(InternalError, match=r"the program (ended|wrote)"):
        compare(sample(), wrong)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_model_has_the_bits_of_the_host(name: str, tmp_path: Path) -> None:
    assert sweep(everything(), get_target(name), tmp_path) == []
    assert f"| {name} | {len(everything())} |" in targets_of(TEXT), (
        "run python -m benchmarks.coverage.targets"
    )


@pytest.mark.slow
def test_fused_products_are_reported(tmp_path: Path) -> None:
    """A canary: without ``-ffp-contract=off`` smooth models have other bits on a Cortex-M4F."""
    built = build_program(sample(), get_target("cortex-m4f"), tmp_path)
    recipe = built.bundle_dir / "CMakeLists.txt"
    recipe.write_text(recipe.read_text().replace("-ffp-contract=off", "-ffp-contract=fast"))
    fused = build_bundle(built.bundle_dir, get_target("cortex-m4f"), tmp_path / "fused")
    found = {finding.name for finding in compare(sample(), run_program(fused, sample(), tmp_path))}
    assert {"MLPClassifier", "SVC"} <= found
    assert "DecisionTreeRegressor" not in found


def test_the_page_has_every_model_on_every_target() -> None:
    natives = sum(int(line.split("|")[-2]) for line in totals_of(TEXT)[2:])
    found = re.findall(r"^\| (\S+) \| (\d+) \| \d+ \| (\d+) \|$", targets_of(TEXT), re.MULTILINE)
    assert [target for target, _, _ in found] == targets()
    assert {(int(models), int(different)) for _, models, different in found} == {(natives, 0)}


def test_the_section_about_targets_is_kept_and_renewed() -> None:
    results = {"estimators": {"A": Outcome("right", "exact")}, "variants": {}, "pipelines": {}, "trials": {}}
    section = "## The same bits on every target\n\nwords\n\n| cortex-m3 | 1 | 2 | 0 |\n"
    plain = page(results)
    text = with_targets(plain, section)
    assert targets_of(plain) == ""
    assert targets_of(text) == section
    assert page(results, section) == text
    assert totals_of(text) == totals_of(plain)
    assert targets_of(with_targets(text, section.replace("1", "7"))) == section.replace("1", "7")
    assert with_targets(with_targets(text, section.replace("1", "7")), section) == text


def test_a_finding_counts_its_rows() -> None:
    assert line("host", (), [Finding("trials", "A", 3, "")]) == "| host | 0 | 0 | 3 |"
