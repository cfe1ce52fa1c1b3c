"""Files and commands of a generated ``INTEGRATION.md`` work as typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from building.guide import Guide, command
from building.native_bundles import sample as native_sample
from building.native_bundles import write_sample
from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.building.elf import elf_of
from ecu_bundle.building.targets import get_target, load_targets
from generation.bundles import library, write_bundle
from generation.samples import classifier, expected, golden, hostile, regressor

IN_TREE, FETCHED, INSTALLED = "The bundle in your tree", "FetchContent", "An installed bundle"
PKG_CONFIG, PLAIN = "pkg-config", "Any other build tool"
STRICT = "-Wall -Wextra -Wpedantic -Wconversion -Werror"
COMPILERS = {
    "gnu": {"CC": "gcc", "CXX": "g++"},
    "clang": {"CC": "clang", "CXX": "clang++"},
}


@pytest.mark.parametrize("compiler", sorted(COMPILERS))
@pytest.mark.parametrize("heading", [IN_TREE, FETCHED, INSTALLED])
def test_the_guide_works_as_typed(heading: str, compiler: str, tmp_path: Path) -> None:
    """The printed files and commands, unchanged; the program prints what the guide says."""
    guide = Guide(write_bundle(classifier(), tmp_path / "gear_fault"))
    guide.project(tmp_path / "app", heading)
    commands = guide.block(IN_TREE if heading == FETCHED else heading, "sh")
    flags = {"CXXFLAGS": f"{STRICT} -fno-exceptions -fno-rtti"}
    output = command(
        "sh", "-e", "-c", commands, folder=tmp_path / "app", environment=COMPILERS[compiler] | flags
    )
    printed = guide.block("Call it from C++", "text")
    assert output.endswith("\n" + printed)
    assert printed.startswith("label = ")


def test_a_program_without_cmake_works_as_typed(tmp_path: Path) -> None:
    guide = Guide(write_bundle(classifier(), tmp_path / "gear_fault"))
    app = tmp_path / "app"
    guide.project(app, INSTALLED)
    printed = guide.block("Call it from C++", "text")
    assert command("sh", "-e", "-c", guide.block(PLAIN, "sh"), folder=app) == printed
    command("sh", "-e", "-c", guide.block(INSTALLED, "sh"), folder=app)
    assert command("sh", "-e", "-c", guide.block(PKG_CONFIG, "sh"), folder=app) == printed


@pytest.mark.parametrize("standard", ["c99", "c11", "c17"])
def test_a_c_program_works_as_typed(standard: str, tmp_path: Path) -> None:
    """In the project of the guide with ``main.c`` for ``main.cpp``; C99 with the words that the guide has."""
    guide = Guide(write_bundle(classifier(), tmp_path / "gear_fault"))
    app = tmp_path / "app"
    guide.project(app, IN_TREE)
    lists, main = app / "CMakeLists.txt", app / "main.c"
    lists.write_text(lists.read_text().replace("main.cpp", "main.c"))
    if standard == "c99":
        own = "__attribute__((aligned(ECU_ARENA_ALIGNMENT)))"
        assert own in (guide.bundle / "INTEGRATION.md").read_text()
        main.write_text(main.read_text().replace("_Alignas(ECU_ARENA_ALIGNMENT)", own))
    flags = {"CFLAGS": f"-std={standard} {STRICT}"}
    output = command("sh", "-e", "-c", guide.block(IN_TREE, "sh"), folder=app, environment=flags)
    assert output.endswith("\n" + guide.block("Call it from C", "text"))


SAMPLES = pytest.mark.parametrize("sample", [regressor, classifier, hostile], ids=lambda s: s.__name__)


@SAMPLES
def test_the_examples_of_the_guide_agree_with_onnxruntime(
    sample: Callable[[], OnnxModel], tmp_path: Path
) -> None:
    """C++ and C give the same; a label is text in C++ and a number in C."""
    model = sample()
    name = {"class": "class_model"}.get(model.name, model.name)
    guide = Guide(write_bundle(model, tmp_path / name))
    guide.project(tmp_path / "app", IN_TREE)
    lists = tmp_path / "app/CMakeLists.txt"
    more = f"add_executable(c_app main.c)\ntarget_link_libraries(c_app PRIVATE ecu::{name})\n"
    lists.write_text(lists.read_text() + more)
    command("cmake", "-G", "Ninja", "-S", tmp_path / "app", "-B", tmp_path / "build")
    command("cmake", "--build", tmp_path / "build")
    outputs = expected(model, golden(model).rows.take(slice(0, 1)))
    numbers = [f"{value:g}" for values in outputs.values() for value in values[0].tolist()]
    from_cpp, from_c = (command(tmp_path / f"build/{app}").splitlines() for app in ("app", "c_app"))
    assert [line.split(" = ")[1] for line in from_c] == numbers
    names = {str(c.value): c.name for c in model.interface.outputs[0].codes}
    first = names.get(numbers[0], numbers[0])
    assert [line.split(" = ")[1] for line in from_cpp] == [first, *numbers[1:]]


@pytest.mark.cross
@pytest.mark.parametrize("heading", [IN_TREE, INSTALLED, PLAIN])
def test_the_guide_of_another_target_builds_as_typed(heading: str, tmp_path: Path) -> None:
    guide = Guide(write_bundle(regressor(), tmp_path / "fuel", target="aarch64-linux"))
    guide.project(tmp_path / "app", IN_TREE if heading == PLAIN else heading)
    command("sh", "-e", "-c", guide.block(heading, "sh"), folder=tmp_path / "app")
    program = tmp_path / ("app/app" if heading == PLAIN else "app/build/app")
    assert elf_of(program) == elf_of(library(get_target("aarch64-linux")).path)


def _board_cases() -> list[ParameterSet]:
    """The first recipe on one Arm and on one RISC-V board in every run, all on all boards in the slow one."""
    return [
        pytest.param(
            name,
            heading,
            marks=[
                pytest.mark.cross,
                *([] if name in ("cortex-m4f", "riscv32") and heading == IN_TREE else [pytest.mark.slow]),
            ],
        )
        for name, target in load_targets().items()
        if target.is_bare
        for heading in (IN_TREE, FETCHED, INSTALLED, PLAIN, PKG_CONFIG)
    ]


@pytest.mark.parametrize(("target", "heading"), _board_cases())
def test_the_guide_of_a_board_runs_as_typed(target: str, heading: str, tmp_path: Path) -> None:
    """The program links with what the bundle ships, and prints on the emulated board what the guide says."""
    guide = Guide(write_sample(native_sample("tree"), target, tmp_path / "model"))
    app = tmp_path / "app"
    guide.project(app, {PLAIN: IN_TREE, PKG_CONFIG: INSTALLED}.get(heading, heading))
    if heading == PKG_CONFIG:
        command("sh", "-e", "-c", guide.block(INSTALLED, "sh"), folder=app)
    commands = guide.block(IN_TREE if heading == FETCHED else heading, "sh")
    printed = guide.block("Call it from C++", "text")
    assert printed.startswith("label = ")
    assert command("sh", "-e", "-c", commands, folder=app).endswith(printed)


@pytest.mark.cross
@pytest.mark.slow
def test_a_c_program_runs_on_a_board_as_typed(tmp_path: Path) -> None:
    guide = Guide(write_sample(native_sample("tree"), "cortex-m4f", tmp_path / "model"))
    guide.project(tmp_path / "app", IN_TREE)
    lists = tmp_path / "app/CMakeLists.txt"
    lists.write_text(lists.read_text().replace("main.cpp", "main.c"))
    output = command("sh", "-e", "-c", guide.block(IN_TREE, "sh"), folder=tmp_path / "app")
    assert output.endswith(guide.block("Call it from C", "text"))
