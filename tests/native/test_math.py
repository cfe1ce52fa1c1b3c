"""The elementary functions: errors, special values, the same bits from every compiler and processor."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runtime.build import succeed

from . import coefficients
from .build import CONTRACT, WARNINGS, compile_program, lines, sources

# Documented bounds in units in the last place: (float32 over all arguments, float64 over
# random ones, with a margin).
BOUNDS = {
    "exp": (0.76, 0.80),
    "log": (0.91, 0.95),
    "tanh": (0.86, 0.86),
    "logistic": (0.76, 0.80),
    "sqrt": (0.5, 0.5),
    "sin": (0.85, 0.85),
    "cos": (0.85, 0.85),
    "erf": (0.86, 0.88),
    "floor": (0.0, 0.0),
    "ceil": (0.0, 0.0),
    "round": (0.0, 0.0),
}
POW_BOUND = 0.82
PERIODIC = ("sin", "cos")

# Arguments where one formula, table entry or range gives way to the next, and the ends of the format.
BREAKPOINTS = (
    *("0", "1e-45", "1.17549435e-38", "2.98023224e-8", "5.96046448e-8", "0.25", "0.34657359", "0.375", "0.5"),
    *("0.54930614", "0.55", "0.69314718", "0.699", "0.70710678", "0.75", "0.78539816", "1", "1.03972077"),
    *(
        "1.25",
        "1.41421356",
        "1.5",
        "1.57079633",
        "2",
        "2.5",
        "3.14159265",
        "4",
        "8",
        "10",
        "16.6355323",
        "17.3286795",
    ),
    *(
        "18",
        "20",
        "87.3365448",
        "88.7228390",
        "103.278929",
        "103.972084",
        "104",
        "4194304",
        "8388608",
        "16777216",
    ),
    *("3.40282347e38", "inf"),
)
TARGETS = {
    "aarch64": ("aarch64-linux-gnu-g++", "qemu-aarch64"),
    "armv7": ("arm-linux-gnueabihf-g++", "qemu-arm"),
}
DIGEST_COUNT = "25000"  # of two kinds, for each of 28 functions: 1.4 million arguments


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("math")


@pytest.fixture(scope="module")
def float_errors(folder: Path) -> Path:
    return compile_program(folder / "float_errors", "float_errors")


@pytest.fixture(scope="module")
def random_errors(folder: Path) -> Path:
    return compile_program(folder / "random_errors", "random_errors")


@pytest.fixture(scope="module")
def library(folder: Path) -> ctypes.CDLL:
    path = folder / "libmath.so"
    succeed(["g++", *CONTRACT, "-O2", "-fPIC", "-shared", *sources(), "-o", path])
    return ctypes.CDLL(str(path))


def function(library: ctypes.CDLL, name: str, bits: int) -> Callable[..., float]:
    """A function by its mangled name; Python floats hold the results of both formats exactly."""
    kind = ctypes.c_float if bits == 32 else ctypes.c_double
    count = 2 if name == "pow" else 1
    found = library[f"_ZN3ecu4math{len(name)}{name}E{('f' if bits == 32 else 'd') * count}"]
    found.argtypes, found.restype = [kind] * count, kind
    return found


def test_the_header_of_coefficients_is_the_generated_one() -> None:
    assert coefficients.HEADER.read_text(encoding="utf-8") == coefficients.text()


@pytest.mark.parametrize("name", BOUNDS)
def test_float_errors(float_errors: Path, name: str) -> None:
    """Every 4099th float32, and all of them around the breakpoints."""
    ((error, place, falls),) = lines([float_errors, name, "4099", *BREAKPOINTS])
    assert float(error) <= BOUNDS[name][0], place
    assert name in PERIODIC or falls == "0"


@pytest.mark.slow
@pytest.mark.parametrize("name", BOUNDS)
def test_float_errors_exhaustively(float_errors: Path, name: str) -> None:
    ((error, place, falls),) = lines([float_errors, name, "1"])
    assert float(error) <= BOUNDS[name][0], place
    assert name in PERIODIC or falls == "0"


def check_random_errors(program: Path, count: int) -> None:
    worst = {name: (float(error), place) for name, error, *place in lines([program, str(count)])}
    bounds = {name: pair[1] for name, pair in BOUNDS.items()}
    bounds |= dict.fromkeys(("pow", "pow32", "pow32_grid"), POW_BOUND)
    assert worst.keys() == bounds.keys()
    assert {name: worst[name] for name in worst if worst[name][0] > bounds[name]} == {}


def test_double_and_power_errors(random_errors: Path) -> None:
    check_random_errors(random_errors, 100_000)


@pytest.mark.slow
def test_double_and_power_errors_of_many_arguments(random_errors: Path) -> None:
    check_random_errors(random_errors, 4_000_000)


INF, NAN = math.inf, math.nan
# C99 Annex F.9: function, argument, result.
SPECIAL = [
    *[("exp", x, y) for x, y in ((0.0, 1.0), (-0.0, 1.0), (-INF, 0.0), (INF, INF), (1e4, INF), (-1e4, 0.0))],
    *[
        ("log", x, y)
        for x, y in ((0.0, -INF), (-0.0, -INF), (1.0, 0.0), (-1.0, NAN), (-INF, NAN), (INF, INF))
    ],
    *[("tanh", x, y) for x, y in ((0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0))],
    *[("logistic", x, y) for x, y in ((0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0), (-1e4, 0.0))],
    *[
        ("sqrt", x, y)
        for x, y in ((0.0, 0.0), (-0.0, -0.0), (-1.0, NAN), (-INF, NAN), (INF, INF), (9.0, 3.0))
    ],
    *[("sin", x, y) for x, y in ((0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN))],
    *[("cos", x, y) for x, y in ((0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN))],
    *[("erf", x, y) for x, y in ((0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0))],
    *[
        ("floor", x, y)
        for x, y in ((0.5, 0.0), (-0.0, -0.0), (-0.5, -1.0), (2.0, 2.0), (-INF, -INF), (1e30, 1e30))
    ],
    *[
        ("ceil", x, y)
        for x, y in ((-0.5, -0.0), (0.0, 0.0), (0.5, 1.0), (-2.0, -2.0), (INF, INF), (1e30, 1e30))
    ],
    *[
        ("round", x, y)
        for x, y in ((0.5, 0.0), (-0.5, -0.0), (1.5, 2.0), (2.5, 2.0), (-3.5, -4.0), (INF, INF))
    ],
]
# C99 Annex F.9.4.4.
SPECIAL_POWERS = [
    *[(x, 0.0, 1.0) for x in (0.0, -0.0, NAN, INF, -INF, -2.5)],
    *[(1.0, y, 1.0) for y in (NAN, INF, -INF, 1e30)],
    *[(-1.0, y, 1.0) for y in (INF, -INF, 1e30)],
    *[(0.0, -3.0, INF), (-0.0, -3.0, -INF), (-0.0, -2.0, INF), (-0.0, -0.5, INF), (-0.0, -INF, INF)],
    *[(0.0, 3.0, 0.0), (-0.0, 3.0, -0.0), (-0.0, 2.0, 0.0), (-0.0, 0.5, 0.0), (-0.0, INF, 0.0)],
    *[(-8.0, 1.0 / 3.0, NAN), (-2.0, 3.0, -8.0), (-2.0, 2.0, 4.0), (-2.0, -1.0, -0.5), (-1.0, 1.0, -1.0)],
    *[(0.5, -INF, INF), (0.5, INF, 0.0), (-2.0, -INF, 0.0), (-2.0, INF, INF)],
    *[(-INF, -3.0, -0.0), (-INF, -2.0, 0.0), (-INF, 3.0, -INF), (-INF, 2.0, INF), (-INF, 0.5, INF)],
    *[(INF, -0.5, 0.0), (INF, 0.5, INF), (NAN, 1.0, NAN), (2.0, NAN, NAN), (-INF, -0.5, 0.0)],
    *[(3.0, 2.0, 9.0), (10.0, 5.0, 1e5), (2.0, -1e9, 0.0), (2.0, 1e9, INF), (-2.0, 1e9 + 1.0, INF)],
]


def bits_of(value: float, bits: int) -> str:
    """Bits of a number; the NaN that the functions return is positive, quiet and without payload."""
    kind = np.float32 if bits == 32 else np.float64
    return kind(value).tobytes().hex()


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize(("name", "x", "result"), [*SPECIAL, *((name, NAN, NAN) for name in BOUNDS)])
def test_special_values(library: ctypes.CDLL, name: str, x: float, result: float, bits: int) -> None:
    argument = float(np.float32(x)) if bits == 32 else x
    expected = argument if math.isfinite(x) and x == result else result
    assert bits_of(function(library, name, bits)(argument), bits) == bits_of(expected, bits)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize(("x", "y", "result"), SPECIAL_POWERS)
def test_special_powers(library: ctypes.CDLL, x: float, y: float, result: float, bits: int) -> None:
    if bits == 64 and y == 1e9 + 1.0:
        result = -INF  # odd in float64; rounds to an even number in float32
    assert bits_of(function(library, "pow", bits)(x, y), bits) == bits_of(result, bits)


@pytest.mark.parametrize("bits", [32, 64])
def test_every_nan_becomes_the_same_nan(library: ctypes.CDLL, bits: int) -> None:
    expected = bits_of(NAN, bits)
    negative = -NAN
    for name in BOUNDS:
        assert bits_of(function(library, name, bits)(negative), bits) == expected
    assert bits_of(function(library, "pow", bits)(negative, negative), bits) == expected


@pytest.fixture(scope="module")
def host_digests(folder: Path) -> list[list[str]]:
    return lines([compile_program(folder / "digest", "digest"), DIGEST_COUNT])


@pytest.mark.parametrize(("compiler", "level"), [("g++", "-O0"), ("g++", "-O3"), ("clang++", "-O2")])
def test_compilers_agree(folder: Path, host_digests: list[list[str]], compiler: str, level: str) -> None:
    program = compile_program(
        folder / f"digest{compiler}{level}", "digest", compiler=compiler, flags=(level,)
    )
    assert lines([program, DIGEST_COUNT]) == host_digests


def test_both_values_of_the_logistic_function_are_those_of_one(folder: Path) -> None:
    program = compile_program(folder / "pair", "logistic_pair")
    assert lines([program, "997"]) == [["count", str(-(-(2**32) // 997))]]


@pytest.mark.cross
@pytest.mark.parametrize("target", TARGETS)
def test_processors_agree(folder: Path, host_digests: list[list[str]], target: str) -> None:
    compiler, emulator = TARGETS[target]
    flags = ("-O2", "-static")
    program = compile_program(folder / f"digest-{target}", "digest", compiler=compiler, flags=flags)
    assert lines([emulator, program, DIGEST_COUNT]) == host_digests


@pytest.mark.cross
def test_contraction_changes_the_results(folder: Path, host_digests: list[list[str]]) -> None:
    """A canary: without -ffp-contract=off a processor with fused operations computes something else."""
    compiler, emulator = TARGETS["aarch64"]
    flags = ("-O2", "-static", "-ffp-contract=fast")
    program = compile_program(folder / "digest-fast", "digest", compiler=compiler, flags=flags)
    fused = lines([emulator, program, DIGEST_COUNT])
    same = {name for (name, off), (_, fast) in zip(host_digests, fused, strict=True) if off == fast}
    exact = {f"{name}{bits}" for name in ("sqrt", "floor", "ceil", "round") for bits in (32, 64)}
    assert exact <= same <= exact | {"logistic64"}  # whose rare differences need more arguments


def test_objects_need_memory_functions_only(folder: Path) -> None:
    for source in sources():
        output = folder / f"{source.stem}.o"
        succeed(["g++", *CONTRACT, *WARNINGS, "-O2", "-c", source, "-o", output])
        assert set(succeed(["nm", "-u", output]).split()) <= {"U", "memcpy", "_GLOBAL_OFFSET_TABLE_"}
        assert not re.search(r" [BbDdCc] ", succeed(["nm", output]))


@pytest.mark.cross
def test_single_precision_needs_no_double(folder: Path) -> None:
    """With a floating-point unit for single precision, nothing is left to the compiler's library."""
    flags = ("-O2", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-fno-pic")
    for source in sources(double=False):
        output = folder / f"m4-{source.stem}.o"
        succeed(["arm-linux-gnueabihf-g++", *CONTRACT, *WARNINGS, *flags, "-c", source, "-o", output])
        assert set(succeed(["arm-linux-gnueabihf-nm", "-u", output]).split()) <= {"U", "memcpy"}
