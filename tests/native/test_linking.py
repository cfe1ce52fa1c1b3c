"""What a program contains: the engine and the kernels that it names, no heap, no double, little stack."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ecu_bundle.interface import Tensor
from runtime.build import RUNTIME, run, succeed

from .assembler import INPUT, OUTPUT, Assembler, float_input
from .engine_build import CORTEX_M4, PROGRAMS, compile_all, native_sources

KERNEL_MISSING = "33"
STACK_LIMIT = 512
FORBIDDEN = re.compile(
    r"malloc|calloc|realloc|free$|_Zn[wa]|_Zd[la]|__cxa|_Unwind|abort|exit"
    r"|__aeabi_(d|f2d|i2d|ui2d|l2d|ul2d)|__(add|sub|mul|div)df3|^(exp|log|sqrt|tanh|pow)f?$"
)


def _image(path: Path, kernel: str) -> Path:
    """One float32 in, one out."""
    program = Assembler([float_input("x", 1)], [Tensor("y", "float32")])
    program.add(kernel, OUTPUT, INPUT, 1)
    path.write_bytes(program.image())
    return path


def test_two_bundles_in_one_program(objects: list[Path], tmp_path: Path) -> None:
    """Each model runs with the kernels of either bundle; a kernel that neither names is missing."""
    archive = tmp_path / "libengine.a"
    succeed(["ar", "rcs", archive, *objects])
    program = tmp_path / "program"
    include = f"-I{RUNTIME}/include"
    succeed(["gcc", "-std=c11", include, PROGRAMS / "two_bundles.c", archive, "-o", program])
    names = ["neg_f32", "exp_f32", "abs_f32", "neg_f32"]
    images = [_image(tmp_path / f"{index}", name) for index, name in enumerate(names)]
    outcome = run([program, *images])
    assert outcome.values("status") == ["0", "0", KERNEL_MISSING, "0"]
    outputs = ["0 -0x0p+0", "1 0x1p+0", "3 -0x0p+0", "0 -0x1p+0", "1 0x1.5bf0a8p+1", "3 -0x1p+0"]
    assert outcome.values("output") == outputs
    symbols = succeed(["nm", "-C", program])
    assert "ecu_kernel_neg_f32" in symbols
    assert "ecu_kernel_tanh_f32" not in re.sub(r".* w .*", "", symbols)


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A perceptron for a Cortex-M4F, with nothing but libgcc beside our own code."""
    folder = tmp_path_factory.mktemp("firmware")
    objects = compile_all(
        folder / "objects", CORTEX_M4, native_sources(), "-ffunction-sections", "-fstack-usage"
    )
    archive = folder / "libengine.a"
    succeed(["arm-none-eabi-ar", "rcs", archive, *objects])
    program = folder / "firmware.elf"
    compiler = ["arm-none-eabi-gcc", *CORTEX_M4.flags, f"-I{RUNTIME}/include"]
    link = [
        "-nostdlib",
        "-Wl,-e,start",
        "-Wl,--gc-sections",
        "-Wl,-u,firmware_parts",
        "-Wl,--undefined=start",
    ]
    source = PROGRAMS / "perceptron_firmware.c"
    succeed([*compiler, "-std=c11", source, *link, archive, "-lgcc", "-o", program])
    return program


@pytest.mark.cross
def test_a_single_precision_firmware_has_no_heap_and_no_double(firmware: Path) -> None:
    symbols = [line.split()[-1] for line in succeed(["arm-none-eabi-nm", firmware]).splitlines()]
    assert "ecu_kernel_matmul_f32" in symbols
    assert [symbol for symbol in symbols if FORBIDDEN.search(symbol)] == []


@pytest.mark.cross
def test_the_gate_sees_double_arithmetic(firmware: Path) -> None:
    """The same engine with one f64 kernel."""
    kernel = firmware.with_name("objects") / "kernels_add_f64.o"
    symbols = succeed(["arm-none-eabi-nm", kernel]).split()
    assert [symbol for symbol in symbols if FORBIDDEN.search(symbol)] == ["__aeabi_dadd"]


@pytest.mark.cross
def test_a_firmware_has_no_data(firmware: Path) -> None:
    sizes = succeed(["arm-none-eabi-size", firmware]).splitlines()[1].split()
    assert sizes[1:3] == ["0", "0"]
    assert int(sizes[0]) < 13 * 1024


def _stack_of(folder: Path) -> dict[str, int]:
    """Bytes of stack of each function, by file and function; nothing may be dynamic."""
    frames: dict[str, int] = {}
    for path in sorted(folder.glob("*.su")):
        for line in path.read_text().splitlines():
            place, size, kind = line.split("\t")
            assert kind == "static", line
            frames[f"{path.stem}:{place.split(':', 3)[3]}"] = int(size)
    return frames


@pytest.mark.cross
def test_run_needs_little_stack(firmware: Path) -> None:
    """The deepest chain: device API, engine, kernel, shared loop of elementwise kernels, function.

    An upper bound: the largest frame of each level, whether they call each other or not."""
    frames = _stack_of(firmware.with_name("objects"))

    def largest(pattern: str) -> int:
        found = [size for name, size in frames.items() if re.search(pattern, name)]
        assert found, pattern
        return max(found)

    single = r"^(?!.*(double|_f64)).*"
    api = largest(r"^src_model:.*ecu_model_run") + largest(r"^native_engine:.*run")
    levels = [largest(rf"{single}kernels_.*{word}") for word in ("run_", "compute_|softmax_row|next_ranked")]
    functions = largest(rf"{single}math_")
    assert api + sum(levels) + functions <= STACK_LIMIT, (api, levels, functions)
