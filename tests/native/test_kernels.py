"""Each kernel against numpy, and the same bits from every compiler and target."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from runtime.build import CHECKOUT, RUNTIME
from runtime.device import Device

from .assembler import KERNELS, TREES
from .cases import PLACES, Array, Case, make_case
from .engine_build import HOST, OTHERS, PROGRAMS, Toolchain, link_program, run_program, write_cases
from .running import run_case


def _same(actual: Array, expected: Array, tolerance: float) -> bool:
    """The same bits, but for NaN; or, of functions, near enough."""
    if expected.dtype == np.int32:
        return np.array_equal(actual, expected)
    if tolerance:
        smallest = float(np.finfo(expected.dtype).tiny)
        return np.allclose(actual, expected, rtol=tolerance, atol=smallest, equal_nan=True)
    bits = np.int32 if expected.dtype == np.float32 else np.int64
    both = np.isnan(actual) & np.isnan(expected)
    return bool(np.all(both | (actual.view(bits) == expected.view(bits))))


@pytest.mark.parametrize("kernel", [name for name, number in KERNELS.items() if number not in TREES])
def test_a_kernel_computes_what_numpy_computes(device: Device, cases: list[Case], kernel: str) -> None:
    own = [case for case in cases if case.name.rpartition("-")[0] == kernel]
    assert own
    for case in own:
        for actual, expected in zip(run_case(device, case), case.expected, strict=True):
            assert _same(actual, expected, case.tolerance), (case.name, actual, expected)


def test_operands_come_from_every_space(cases: list[Case]) -> None:
    assert {case.name.rpartition("-")[2] for case in cases} == set(PLACES)


def test_an_output_has_one_nan(device: Device) -> None:
    """inf - inf is 0xffc00000 on x86 and 0x7fc00000 on ARM."""
    x = np.array([np.inf, -np.inf, 1.0], np.float32)
    expected = np.array([np.nan, np.nan, 0.0], np.float32)
    words: list[int | str] = ["out", "x", "x", 1, 3, 1, 1]
    case = make_case("sub_f32", words, {"x": x}, {"out": expected}, place="inputs")
    assert run_case(device, case)[0].view(np.uint32).tolist() == [0x7FC00000, 0x7FC00000, 0]


@pytest.fixture(scope="module")
def host_digests(tmp_path_factory: pytest.TempPathFactory, cases: list[Case]) -> list[str]:
    return _digests(tmp_path_factory.mktemp("host"), HOST, cases)


def _digests(folder: Path, tools: Toolchain, cases: list[Case]) -> list[str]:
    program = link_program(folder, tools, PROGRAMS / "run_cases.cpp")
    outcome = run_program(tools, program, write_cases(folder / "cases", cases))
    assert outcome.status == 0, outcome.output
    lines = outcome.values("case")
    assert len(lines) == len(cases)
    assert all(line.startswith("0 ") for line in lines)
    return lines


@pytest.mark.cross
@pytest.mark.parametrize("tools", OTHERS, ids=lambda tools: tools.name)
def test_every_target_computes_the_same_bits(
    tmp_path: Path, host_digests: list[str], cases: list[Case], tools: Toolchain
) -> None:
    lines = _digests(tmp_path, tools, cases)
    different = {
        case.name for case, line, host in zip(cases, lines, host_digests, strict=True) if line != host
    }
    assert not different


def test_the_table_in_the_documentation_is_the_table_of_the_engine() -> None:
    assert _documented() == {name: number for name, number in KERNELS.items() if number not in TREES}


def _documented() -> dict[str, int]:
    """Names and numbers of the table of docs/native_engine.md."""
    text = (CHECKOUT / "docs/native_engine.md").read_text()
    rows = re.findall(r"^\| (\d+)(?: to (\d+))? \| (\d*) ?\| ([\w, ]+?) ?(\*?) \| ", text, re.MULTILINE)
    documented: dict[str, int] = {}
    for first, last, double, names, has_double in rows:
        kernels = names.split(", ")
        numbers = range(int(first), int(last or double or first) + 1)
        if int(first) in TREES:
            continue
        if has_double:
            kernels.append(names.removesuffix("_f32") + "_f64")
        assert len(numbers) == len(kernels), names
        documented |= dict(zip(kernels, numbers, strict=True))
    return documented


def test_cmake_builds_every_source_of_the_engine() -> None:
    """One file for each kernel, named after it."""
    listed = re.findall(r"src/native/(\S+\.cpp)", (RUNTIME / "native.cmake").read_text())
    folder = RUNTIME / "src/native"
    assert sorted(listed) == sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.cpp"))
    assert {f"kernels/{name}.cpp" for name in KERNELS} <= set(listed)
