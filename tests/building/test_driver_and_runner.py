"""Building and running a bundle on this machine, and every way in which that can fail."""

from __future__ import annotations

import shutil
import signal
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecu_bundle.artifacts import GoldenVectors
from ecu_bundle.building.driver import BuildResult, build_bundle
from ecu_bundle.building.processes import Finished, run
from ecu_bundle.building.resources import measure
from ecu_bundle.building.runner import pack_rows, run_rows, run_self_test
from ecu_bundle.building.targets import get_target
from ecu_bundle.errors import ExitCode, InternalError, ToolMissingError, VerificationError
from ecu_bundle.image.writer import compile_image
from ecu_bundle.interface import Rows
from generation.bundles import library, write_bundle
from generation.samples import classifier, expected, golden, hostile, regressor, rows

HOST = get_target("host")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    folder = tmp_path_factory.mktemp("classifier")
    return build_bundle(write_bundle(classifier(), folder / "bundle"), HOST, folder / "build")


def with_program(built: BuildResult, folder: Path, script: str) -> BuildResult:
    """The build with a shell script in place of its programs."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return replace(built, self_test=program, run_rows=program)


def test_the_self_test_passes(built: BuildResult) -> None:
    assert run_self_test(built, HOST) == "PASS 5 rows"
    assert built.compiler.startswith("GNU ")
    assert "-ffp-contract=off" in built.flags
    assert built.emulator == ()
    assert len(built.library_digest) == 64


def test_rows_give_the_bits_of_onnxruntime(built: BuildResult) -> None:
    model = classifier()
    inputs = rows(model.interface, 50, seed=7)
    outputs = run_rows(built, HOST, inputs, model.interface)
    reference = expected(model, inputs)
    assert list(outputs) == ["label", "score"]
    for name, values in outputs.items():
        assert values.dtype == reference[name].dtype
        assert np.array_equal(values.view(np.uint32), reference[name].view(np.uint32))


def test_no_rows_give_no_outputs(built: BuildResult) -> None:
    model = classifier()
    outputs = run_rows(built, HOST, rows(model.interface, 0), model.interface)
    assert outputs["score"].shape == (0, 3)


def test_a_hostile_model_builds_and_runs(tmp_path: Path) -> None:
    model = hostile()
    built = build_bundle(write_bundle(model, tmp_path / "a b (ü)"), HOST, tmp_path / "build")
    assert run_self_test(built, HOST) == "PASS 5 rows"
    inputs = rows(model.interface, 4, seed=2)
    outputs = run_rows(built, HOST, inputs, model.interface)
    assert np.array_equal(outputs["CLASS"], expected(model, inputs)["CLASS"])


def test_a_refused_row_is_named(built: BuildResult) -> None:
    interface = classifier().interface
    inputs = rows(interface, 5)
    inputs.tensors["temperature"][3] = np.nan
    with pytest.raises(VerificationError, match="NAN") as caught:
        run_rows(built, HOST, inputs, interface)
    assert caught.value.place == "row 3 (range)"


@pytest.mark.parametrize("cut", [1, 4, 19])
def test_truncated_rows_are_refused(built: BuildResult, cut: int) -> None:
    data = pack_rows(rows(classifier().interface, 2), classifier().interface)[:-cut]
    done = subprocess.run([built.run_rows], input=data, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr == b"row 1: the input ends inside a row of 5 values\n"
    assert len(done.stdout) == 16


def corrupted(row: int, count: int = 150) -> GoldenVectors:
    vectors = golden(regressor(), count)
    values = vectors.outputs["mpg"].copy()
    values.view(np.uint32)[row:] ^= 1
    return replace(vectors, outputs={"mpg": values})


@pytest.mark.parametrize(("row", "code"), [(0, 1), (7, 8), (124, 125), (149, 125)])
def test_a_wrong_golden_value_gives_its_row(row: int, code: int, tmp_path: Path) -> None:
    built = build_bundle(
        write_bundle(regressor(), tmp_path / "bundle", vectors=corrupted(row)), HOST, tmp_path / "build"
    )
    done = subprocess.run([built.self_test], capture_output=True, text=True, check=False)
    assert done.returncode == code
    lines = done.stdout.splitlines()
    assert len(lines) == 150 - row + 1
    assert lines[0].startswith(f"FAIL row {row} output 0 element 0: expected ")
    assert lines[-1] == f"FAIL {150 - row} of 150 rows, the first is row {row}"
    with pytest.raises(VerificationError, match=f"the first is row {row}") as caught:
        run_self_test(built, HOST)
    assert caught.value.exit_code is ExitCode.VERIFICATION_FAILED
    assert caught.value.place == lines[0]


def test_a_tolerance_admits_near_values_and_no_more(tmp_path: Path) -> None:
    vectors = golden(regressor(), 6, tolerance=1e-3)
    factors = [[1.0], [1.0005], [0.9], [np.nan], [np.inf], [-np.inf]]
    values = vectors.outputs["mpg"] * np.array(factors, np.float32)
    built = build_bundle(
        write_bundle(regressor(), tmp_path / "bundle", vectors=replace(vectors, outputs={"mpg": values})),
        HOST,
        tmp_path / "build",
    )
    done = subprocess.run([built.self_test], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert [line.split()[2] for line in done.stdout.splitlines()[:-1]] == ["2", "3", "4", "5"]


def test_a_library_of_another_version_does_not_open(tmp_path: Path) -> None:
    folder = write_bundle(regressor(), tmp_path / "bundle")
    lists = folder / "CMakeLists.txt"
    lists.write_text(lists.read_text().replace('"1.32.0"', '"1.31.0"'))
    built = build_bundle(folder, HOST, tmp_path / "build")
    with pytest.raises(VerificationError, match=r"exit code 126.*ORT_BAD_VERSION"):
        run_self_test(built, HOST)


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("kill -SEGV $$", "ended by SIGSEGV"),
        ("kill -40 $$", "ended by signal 40"),
        ("exit 77", "exit code 77"),
        ("exit 0", "exit code 0"),
    ],
)
def test_endings_are_decoded(built: BuildResult, script: str, cause: str, tmp_path: Path) -> None:
    broken = with_program(built, tmp_path, script)
    with pytest.raises(VerificationError, match=cause):
        run_self_test(broken, HOST)


def test_output_of_another_size_is_refused(built: BuildResult, tmp_path: Path) -> None:
    interface = classifier().interface
    with pytest.raises(InternalError, match="3 bytes of output, expected 16"):
        run_rows(
            with_program(built, tmp_path, "cat >/dev/null; printf abc"), HOST, rows(interface, 1), interface
        )


def test_a_program_that_hangs_is_stopped_with_its_children() -> None:
    finished = run(["sh", "-c", "sleep 60 & sleep 60"], stage="test", seconds=0.3)
    assert finished.ending == "stopped at its time limit"


def test_endings_of_processes() -> None:
    assert Finished((), -signal.SIGABRT, b"", "").ending == "ended by SIGABRT"


def test_a_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cmake", "make"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="aarch64-linux-gnu-g\\+\\+, qemu-aarch64") as caught:
        build_bundle(tmp_path / "bundle", get_target("aarch64-linux"), tmp_path / "build")
    assert caught.value.exit_code is ExitCode.TOOL_MISSING
    assert caught.value.hint.endswith("g++-aarch64-linux-gnu qemu-user")


def test_a_missing_emulator_is_named(built: BuildResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolMissingError, match="qemu-arm") as caught:
        run_self_test(built, get_target("armv7-linux"))
    assert "qemu-user" in caught.value.hint


def test_a_compiler_error_carries_the_command_and_its_output(tmp_path: Path) -> None:
    folder = write_bundle(regressor(), tmp_path / "bundle")
    (folder / "src/fuel.cpp").write_text("int x = nonsense;\n")
    with pytest.raises(InternalError, match="compiling the bundle failed") as caught:
        build_bundle(folder, HOST, tmp_path / "build")
    assert "nonsense" in caught.value.place and "cmake --build" in caught.value.place


def test_a_bundle_without_its_library_says_so(tmp_path: Path) -> None:
    folder = write_bundle(regressor(), tmp_path / "bundle")
    shutil.rmtree(folder / "third_party")
    with pytest.raises(InternalError, match="configuring") as caught:
        build_bundle(folder, HOST, tmp_path / "build")
    assert "set ECU_ORT_ROOT" in " ".join(caught.value.place.split())


def test_resources_add_up(built: BuildResult) -> None:
    model = classifier()
    figures = measure(built, HOST, compile_image(model, engine="ort", version="1.2.0-rc1"), library(HOST))
    parts = figures["library"]
    assert isinstance(parts, dict)
    assert set(parts) == {"engine", "runtime", "model"}
    assert all(part["data"] == part["bss"] == 0 for part in parts.values())
    assert parts["model"]["rodata"] >= figures["image_bytes"]
    assert parts["engine"]["text"] > 1000 and parts["runtime"]["text"] > 1000
    assert figures["onnxruntime_bytes"] == library(HOST).path.stat().st_size


@pytest.mark.slow
def test_instructions_are_counted(built: BuildResult) -> None:
    figures = measure(
        built, HOST, compile_image(classifier(), engine="ort"), library(HOST), instructions=True
    )
    counts = figures["instructions"]
    assert isinstance(counts, dict)
    assert counts["open"] > 1_000_000 > counts["run"] > 1_000


def test_rows_are_packed_little_endian_in_interface_order() -> None:
    interface = regressor().interface
    inputs = Rows(
        {
            "origin": np.array([[-1]], np.int32),
            "weight": np.array([[2.0]], np.float32),
            "Horse Power": np.array([[1.0]], np.float32),
        }
    )
    assert pack_rows(inputs, interface) == struct.pack("<ffi", 1.0, 2.0, -1)
