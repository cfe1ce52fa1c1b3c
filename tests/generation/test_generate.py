"""Properties of generated bundles that hold for every model."""

from __future__ import annotations

import builtins
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecu_bundle.artifacts import GoldenVectors, OnnxModel
from ecu_bundle.errors import InternalError
from ecu_bundle.generation import generate
from ecu_bundle.generation.sources import WARNING_FLAGS
from ecu_bundle.image.writer import compile_image
from ecu_bundle.interface import Code, Interface, Rows, Tensor
from generation.bundles import OPTIONS, sources, write
from generation.samples import HOSTILE, classifier, golden, hostile, regressor

SAMPLES = pytest.mark.parametrize("sample", [regressor, classifier, hostile], ids=lambda s: s.__name__)
Sample = Callable[[], OnnxModel]
STRICT = [*WARNING_FLAGS, "-Wundef", "-Wcast-align", "-Wtrigraphs", "-Wcomment", "-Werror"]


def cpp_files(folder: Path) -> list[Path]:
    return sorted(
        p
        for pattern in ("include/*.h*", "src/*.cpp", "tests/*.cpp", "tests/*.h")
        for p in folder.glob(pattern)
    )


@SAMPLES
def test_the_same_model_gives_the_same_bytes(sample: Sample) -> None:
    first, second = sources(sample()), sources(sample())
    assert first.files == second.files
    assert list(first.files) == sorted(first.files)
    assert first.digest == second.digest


def test_generation_reads_nothing_but_the_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    model = regressor()
    image, vectors = compile_image(model, engine="ort"), golden(model)
    options = replace(OPTIONS, version="")
    expected = generate(model, image, vectors, options)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("generate() must be pure")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    assert generate(model, image, vectors, options).files == expected.files


@SAMPLES
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_sources_compile_without_a_warning(sample: Sample, compiler: str, tmp_path: Path) -> None:
    bundle = sources(sample())
    folder = write(dict(bundle.files), tmp_path)
    files = [
        f"src/{bundle.name}.cpp",
        "tests/golden_vectors.cpp",
        "tests/self_test.cpp",
        "tests/run_rows.cpp",
    ]
    for standard in ("c++17", "gnu++20"):
        command = [compiler, f"-std={standard}", *STRICT, "-fsyntax-only", "-Iinclude", "-Isrc/ecu", *files]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@SAMPLES
def test_the_c_header_is_plain_c(sample: Sample, tmp_path: Path) -> None:
    bundle = sources(sample())
    folder = write(dict(bundle.files), tmp_path)
    (folder / "use.c").write_text(f'#include "{bundle.name}.h"\nint main(void) {{ return 0; }}\n')
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wtrigraphs", "-Werror", "-fsyntax-only"]
    subprocess.run(["gcc", *flags, "-Iinclude", "use.c"], cwd=folder, check=True)


@SAMPLES
def test_formatting_is_stable(sample: Sample, tmp_path: Path) -> None:
    folder = write(dict(sources(sample()).files), tmp_path)
    shutil.copy(Path(__file__).parents[2] / ".clang-format", folder)
    formatter = Path(sys.executable).parent / "clang-format"
    command = [str(formatter), "--dry-run", "-Werror", *map(str, cpp_files(folder))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@SAMPLES
def test_every_generated_text_is_safe(sample: Sample) -> None:
    for path, data in sources(sample()).files.items():
        if path.startswith("model/"):
            continue
        text = data.decode()
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text), path
        assert text.endswith("\n"), path
        assert "{{" not in text or "cmake" in path.lower() or path.endswith((".cpp", ".txt")), path
        assert str(Path.home()) not in text, path


def test_guide_examples_compile(tmp_path: Path) -> None:
    for sample in (regressor, classifier, hostile):
        bundle = sources(sample())
        folder = write(dict(bundle.files), tmp_path / bundle.name)
        guide = bundle.files["INTEGRATION.md"].decode()
        blocks = dict(re.findall(r"```(cpp|c)\n(.*?)```", guide, re.S))
        (folder / "example.cpp").write_text(blocks["cpp"])
        (folder / "example.c").write_text(blocks["c"])
        for command in (
            ["g++", "-std=c++17", *STRICT, "-fsyntax-only", "-Iinclude", "example.cpp"],
            [
                "gcc",
                "-std=c11",
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
                "-fsyntax-only",
                "-Iinclude",
                "example.c",
            ],
        ):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


def wide(elements: int) -> OnnxModel:
    """A model with one long input; only its interface and golden vectors are looked at."""
    x = Tensor("x", "float32", elements, minimum=-1.0, maximum=4.0)
    return replace(
        regressor(), interface=Interface("regressor", (x,), (Tensor("y", "float32", accepts_nan=False),))
    )


@pytest.mark.parametrize(("elements", "written_out"), [(1, True), (256, True), (257, False)])
def test_a_wide_input_is_not_written_out(elements: int, written_out: bool) -> None:
    model = wide(elements)
    vectors = GoldenVectors(
        Rows({"x": np.ones((1, elements), np.float32)}), {"y": np.full((1, 1), 2.5, np.float32)}, {}, {}
    )
    guide = (
        generate(model, compile_image(model, engine="ort"), vectors, OPTIONS).files["INTEGRATION.md"].decode()
    )
    assert (guide.count("1.0F") == 2 * elements) == written_out
    assert ("y = 2.5\n" in guide) == written_out
    assert ("inputs.x.fill(1.5F);" in guide) != written_out


def test_the_example_prefers_finite_rows_of_the_user() -> None:
    model = wide(1)
    values = np.array([[9.0], [np.nan], [3.0], [2.0]], np.float32)
    rows = Rows({"x": values}, ("boundary", "data", "data", "range"))
    vectors = GoldenVectors(rows, {"y": values}, {"y": 1e-3}, {})
    guide = (
        generate(model, compile_image(model, engine="ort"), vectors, OPTIONS).files["INTEGRATION.md"].decode()
    )
    assert "inputs.x = 3.0F;" in guide
    assert "It prints, up to the tolerance of the certificate:\n\n```text\ny = 3\n```" in guide


def test_the_guide_says_what_a_missing_value_is() -> None:
    cells = {
        Tensor("a", "float32"): "not possible: `ECU_NAN_REFUSED`",
        Tensor("b", "float32", accepts_nan=True): "`ecu::kNoValue` (NaN)",
        Tensor("c", "int32", codes=(Code(0, "x"),)): "not possible: `ECU_BAD_CATEGORY`",
        Tensor("d", "int32", codes=(Code(0, "x"), Code(-1, "unknown"))): "`D::kUnknown`",
        Tensor("e", "int32", codes=(Code(0, "x"), Code(-1, "unknown"), Code(-2, "missing"))): "`E::kMissing`",
        Tensor("f", "int32", codes=(Code(-2, "-2"), Code(-1, "-1"))): "not possible: `ECU_BAD_CATEGORY`",
    }
    model = replace(regressor(), interface=Interface("regressor", tuple(cells), (Tensor("y", "float32"),)))
    values = {t.name: np.full((1, 1), t.codes[0].value if t.codes else 1, t.numpy_dtype) for t in cells}
    vectors = GoldenVectors(Rows(values), {"y": np.ones((1, 1), np.float32)}, {}, {})
    image = compile_image(model, engine="ort")
    guide = generate(model, image, vectors, OPTIONS).files["INTEGRATION.md"].decode()
    guide = guide.split("## Inputs")[1].split("## Outputs")[0]
    table = dict(re.findall(r"^\| `(\w)` .* \| ([^|]+) \|$", guide, re.M))
    assert table == {tensor.name: cell for tensor, cell in cells.items()}


def guide_of(*inputs: Tensor) -> tuple[str, str]:
    """Guide and C++ header of a model with these inputs."""
    interface = Interface("regressor", inputs, (Tensor("y", "float32"),))
    model = replace(regressor(), interface=interface)
    values = {t.name: np.full((1, 1), t.codes[0].value if t.codes else 1, t.numpy_dtype) for t in inputs}
    vectors = GoldenVectors(Rows(values), {"y": np.ones((1, 1), np.float32)}, {}, {})
    files = generate(model, compile_image(model, engine="ort"), vectors, OPTIONS).files
    header = files["include/fuel.hpp"].decode()
    return files["INTEGRATION.md"].decode(), " ".join(word for word in header.split() if word != "///")


STRICT_INPUT = Tensor("strict", "float32")
LENIENT_INPUT = Tensor("lenient", "float32", accepts_nan=True)
KNOWN = Tensor("known", "int32", codes=(Code(0, "x"),))
OPEN = Tensor("open", "int32", codes=(Code(0, "x"), Code(-1, "unknown")))


def test_a_model_that_refuses_missing_values_says_that_every_field_must_be_set() -> None:
    guide, header = guide_of(STRICT_INPUT, KNOWN)
    assert "Every field must be set: one that nobody set holds NaN or `kUnknown`" in guide
    assert "gives `ECU_BAD_CATEGORY`, and so does `kUnknown`; NaN gives `ECU_NAN_REFUSED`;" in guide
    assert "One row of inputs. Every field must be set: one that is not is refused." in header


def test_a_model_that_accepts_missing_values_does_not() -> None:
    guide, header = guide_of(LENIENT_INPUT, OPEN)
    for text in (guide, header):
        assert "must be set" not in text
    assert "The model accepts that in every input: it computes a result" in guide
    assert "NaN in every input of type `float` means that the value is missing" in guide
    assert "`kUnknown` in `open` means" in guide
    assert "gives `ECU_BAD_CATEGORY`; the handle" in guide
    assert "ECU_NAN_REFUSED" not in guide
    assert "Not possible" not in guide
    assert '"lenient". NaN means missing.' in header
    assert '"open". `kUnknown` means a category that training did not have.' in header


def test_a_model_that_accepts_some_missing_values_names_them() -> None:
    guide, header = guide_of(STRICT_INPUT, LENIENT_INPUT, KNOWN, OPEN)
    assert "NaN in `lenient` means that the value is missing" in guide
    assert "every other field must be set" in guide
    assert "and so does `kUnknown` where the model does not accept it" in guide
    assert "NaN in an input that does not accept it gives `ECU_NAN_REFUSED`" in guide
    assert "refused, except where its comment says what that means" in header


def test_the_category_minus_one_is_not_what_an_unset_field_holds() -> None:
    _, header = guide_of(Tensor("f", "int32", codes=(Code(-2, "-2"), Code(-1, "-1"))))
    assert "kMinus1 = -1" in header
    assert "kUnknown = -2147483647 - 1" in header


def test_positions_of_labels_with_other_codes(tmp_path: Path) -> None:
    """The value of a label, of a constant and of `..._of` are one, though the codes are no positions."""
    model = classifier()
    names = ("warm up", "idle", "x" * 40)
    label = Tensor("y" * 24, "int32", codes=tuple(map(Code, (30, -1, 7), names)))
    score = Tensor("s" * 24, "float32", 3, element_names=names)
    model = replace(model, interface=replace(model.interface, outputs=(label, score)))
    row = Rows({t.name: np.ones((1, t.elements), np.float32) for t in model.interface.inputs})
    outputs = {label.name: np.array([[7]], np.int32), score.name: np.array([[1, 2, 3]], np.float32)}
    bundle = generate(model, compile_image(model, engine="ort"), GoldenVectors(row, outputs, {}, {}), OPTIONS)
    folder = write(dict(bundle.files), tmp_path)
    (folder / "use.cpp").write_text(
        f"""
#include "gear_fault.hpp"
using namespace gear_fault;
using Codes = {"Y" + "y" * 23};
using Index = {"S" + "s" * 23}Index;
static_assert(Index::kWarmUp == 0 && Index::kIdle == 1 && static_cast<int>(Codes::kWarmUp) == 30, "");
int main() {{
  Outputs outputs;
  outputs.{"s" * 24} = {{1.0F, 2.0F, 3.0F}};
  const float none = {"s" * 24}_of(outputs, Codes::kUnknown);
  return {"s" * 24}_of(outputs, Codes::kIdle) == 2.0F && none != none ? 0 : 1;
}}
"""
    )
    command = ["g++", "-std=c++17", *STRICT, "-Iinclude", "use.cpp", "src/gear_fault.cpp", "-o", "use"]
    command += ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]  # the engine is not needed
    subprocess.run(command, cwd=folder, check=True)
    subprocess.run([folder / "use"], check=True)
    shutil.copy(Path(__file__).parents[2] / ".clang-format", folder)
    formatter = Path(sys.executable).parent / "clang-format"
    subprocess.run([formatter, "--dry-run", "-Werror", *cpp_files(folder)], check=True)


def test_every_line_of_a_table_has_its_columns() -> None:
    readme = sources(hostile(), replace(OPTIONS, title=HOSTILE, version=HOSTILE)).files["README.md"].decode()
    for table in re.findall(r"(?:^\|.*\n)+", readme, re.M):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table


def test_an_image_with_another_interface_does_not_compile(tmp_path: Path) -> None:
    """The static_assert ties image and header together."""
    bundle = sources(regressor())
    folder = write(dict(bundle.files), tmp_path)
    header = folder / "include/fuel.hpp"
    text = header.read_text()
    number = re.search(r"kInterfaceHash = \{\n\s+(\d+),", text)
    assert number is not None
    changed = (int(number[1]) + 1) % 256
    header.write_text(text[: number.start(1)] + str(changed) + text[number.end(1) :])
    command = ["g++", "-std=c++17", "-fsyntax-only", "-Iinclude", "src/fuel.cpp"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "image and header differ in their interface" in done.stderr


def test_presets_name_the_compiler_file_of_the_target() -> None:
    cross = sources(regressor(), replace(OPTIONS, target="aarch64-linux", toolchain="aarch64-linux.cmake"))
    preset = json.loads(cross.files["CMakePresets.json"])["configurePresets"][0]
    assert preset["toolchainFile"] == "${sourceDir}/cmake/aarch64-linux.cmake"
    assert "cmake/aarch64-linux.cmake" in cross.files
    host = json.loads(sources(regressor()).files["CMakePresets.json"])["configurePresets"][0]
    assert "toolchainFile" not in host


def changed_vectors(**changes: object) -> GoldenVectors:
    return replace(golden(regressor()), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("vectors", "cause"),
    [
        (changed_vectors(rows=Rows({})), "no golden vectors"),
        (changed_vectors(outputs={}), "lack a tensor"),
        (changed_vectors(outputs={"mpg": np.zeros((5, 2), np.float32)}), "golden values are"),
        (changed_vectors(outputs={"mpg": np.zeros((5, 1), np.int32)}), "golden values are"),
        (changed_vectors(abs_tolerance={"mpg": float("nan")}), "tolerance"),
        (changed_vectors(rel_tolerance={"mpg": -1.0}), "tolerance"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(vectors: GoldenVectors, cause: str) -> None:
    with pytest.raises(InternalError, match=cause):
        sources(regressor(), vectors=vectors)


def test_parts_that_do_not_belong_together_are_refused() -> None:
    model, other = regressor(), classifier()
    with pytest.raises(InternalError, match="differ in their interface"):
        generate(model, compile_image(other, engine="ort"), golden(model), OPTIONS)
    with pytest.raises(InternalError, match="ONNX Runtime facts"):
        generate(model, compile_image(model, engine="ort"), golden(model), replace(OPTIONS, onnxruntime=None))
