"""The update code in bundles for machines without operating system: it works there, needs nothing that is not
allowed, and costs what docs/slots.md says.

``ECU_PRINT_COST=1`` prints the table.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from building.native_bundles import sample, write_sample
from ecu_bundle.building.crypto_sources import Signature, crypto_library
from ecu_bundle.building.driver import BuildResult, UpdateBuild, build_bundle
from ecu_bundle.building.provision import default_cache_dir
from ecu_bundle.building.targets import get_target
from ecu_bundle.building.update_costs import measure_update
from ecu_bundle.errors import VerificationError
from ecu_bundle.generation.sources import update_test_files
from ecu_bundle.reporting.resources import read_resources
from generation.bundles import write
from runtime.build import CHECKOUT, succeed
from update.example_package import PLACE, SIGNERS, header

pytestmark = pytest.mark.cross

TARGETS = (
    *("cortex-m3", "cortex-m4f", "cortex-m7", "cortex-m33", "cortex-m55", "cortex-r5f"),
    *("cortex-a9", "cortex-a53", "riscv32"),
)
KINDS: tuple[Signature, ...] = ("ed25519", "p256")
COLUMNS = ("static", "stack", "self_test_stack", "instructions")


def build(folder: Path, target: str, kind: Signature) -> tuple[BuildResult, UpdateBuild]:
    """A bundle that installs packages, built as the pipeline builds it."""
    bundle = write_sample(sample("tree"), target, folder / "bundle")
    write(crypto_library(kind, default_cache_dir()).bundle_files(), bundle)
    write(update_test_files(kind), bundle)
    built = build_bundle(bundle, get_target(target), folder / "build")
    assert built.update is not None
    return built, built.update


@cache
def documented() -> dict[str, list[str]]:
    page = (CHECKOUT / "docs/slots.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)`, (\w+) \| (.*) \|$", page, re.M)
    return {f"{target} {kind}": cells.split(" | ") for target, kind, cells in rows}


def check(target: str, kind: Signature, figures: dict[str, Any]) -> None:
    """That the page has the figures, which are printed on request."""
    assert {"golden", "installer", "journal", "package", "sha256", "slots"} <= set(figures["code"])
    assert read_resources({"update": figures}).update is not None
    found = [sum(figures["code"].values()), *(figures[column] for column in COLUMNS)]
    if os.environ.get("ECU_PRINT_COST"):
        cells = [f"{number:,}" for number in found[:-1]]
        print(f"| `{target}`, {kind} |", " | ".join([*cells, f"{found[-1] / 1e6:.1f}"]), "|")  # noqa: T201
    row = [float(cell.replace(",", "")) for cell in documented()[f"{target} {kind}"]]
    assert [*row[:-1], row[-1] * 1e6] == pytest.approx(found, rel=0.02)


def test_the_page_has_the_figures_of_the_smallest(built: tuple[BuildResult, UpdateBuild]) -> None:
    check("cortex-m4f", "p256", measure_update(*built, get_target("cortex-m4f")))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
def test_the_page_has_the_figures(target: str, kind: Signature, tmp_path: Path) -> None:
    check(target, kind, measure_update(*build(tmp_path, target, kind), get_target(target)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_package_of_the_program_is_the_one_that_our_encoder_makes(kind: Signature) -> None:
    assert (PLACE / f"update_package_{kind}.h").read_text(encoding="utf-8") == header(kind)
    assert set(SIGNERS) == set(KINDS)


FORBIDDEN = {
    "malloc": 'extern "C" void* malloc(unsigned); void* take() { return malloc(4U); }',
    "_Znwj": "int* take() { return new int(3); }",
    "__cxa_allocate_exception": "void fail() { throw 3; }",
    "sin": 'extern "C" double sin(double); double wave(double x) { return sin(x); }',
    "__aeabi_dmul": "double twice(double x) { return x * x; }",
    ".init_array": "volatile int now = 1; int value = now;",
}


@pytest.mark.parametrize("symbol", FORBIDDEN)
def test_a_forbidden_symbol_is_reported(
    built: tuple[BuildResult, UpdateBuild], symbol: str, tmp_path: Path
) -> None:
    source, target = tmp_path / "more.cpp", tmp_path / "more.o"
    source.write_text(FORBIDDEN[symbol])
    succeed(["arm-none-eabi-g++", "-mcpu=cortex-m4", "-mthumb", "-Os", "-c", source, "-o", target])
    result, update = built
    changed = replace(update, objects=(*update.objects, target))
    with pytest.raises(VerificationError, match=rf"the update code .*{re.escape(symbol)}"):
        measure_update(result, changed, get_target("cortex-m4f"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildResult, UpdateBuild]:
    return build(tmp_path_factory.mktemp("bundle"), "cortex-m4f", "p256")
