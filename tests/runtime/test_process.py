"""A whole process with ONNX Runtime: what it computes, which library it takes, what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest

from ecu_bundle.image import compile_image

from .build import PROGRAMS, Outcome, compile_program, run, runtime_sources
from .models import mixed_model

ENGINE_MISSING, LIBRARY_MISSING, BAD_VERSION = 32, 48, 49
RESULT = "1 score -16.25 -3.21875"


def _run(program: Path, image: Path, libraries: Path | None, home: Path, count: int = 1) -> Outcome:
    """In an empty environment, so that a file in HOME can only come from the program."""
    env = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "TMPDIR": str(home)}
    if libraries:
        env["LD_LIBRARY_PATH"] = str(libraries)
    return run([program, image, str(count)], env=env, cwd=home)


def _library(folder: Path, name: str, *flags: str) -> Path:
    compile_program(folder / name, [PROGRAMS / "fake_ort.c"], flags=("-shared", *flags))
    return folder


def test_a_c_program_computes_the_row(
    process: Path, image_file: Path, ort_folder: Path, tmp_path: Path
) -> None:
    outcome = _run(process, image_file, ort_folder, tmp_path)
    assert outcome.status == 0, outcome.output
    assert outcome.values("label") == [RESULT]
    assert outcome.values("error") == [""]


def test_one_thread_and_no_file(process: Path, image_file: Path, ort_folder: Path, tmp_path: Path) -> None:
    outcome = _run(process, image_file, ort_folder, tmp_path)
    assert outcome.values("Threads:") == ["1", "1"]
    assert list(tmp_path.iterdir()) == []


def test_the_check_above_would_see_telemetry(tmp_path: Path, ort_folder: Path) -> None:
    program = compile_program(tmp_path / "control", [PROGRAMS / "default_telemetry.c"])
    home = tmp_path / "home"
    home.mkdir()
    env = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "LD_LIBRARY_PATH": str(ort_folder),
        "https_proxy": "http://127.0.0.1:9",
    }
    outcome = run([program], env=env, cwd=home)
    assert outcome.status == 0
    assert int(outcome.values("Threads:")[0]) > 1
    assert [path for path in home.rglob("*") if path.is_file()]


def test_opening_again_and_again_keeps_no_memory(
    process: Path, image_file: Path, ort_folder: Path, tmp_path: Path
) -> None:
    outcome = _run(process, image_file, ort_folder, tmp_path, count=200)
    assert outcome.status == 0
    first, after_20, after_200 = (int(value.split()[0]) for value in outcome.values("VmRSS:"))
    assert first > 10_000, "ONNX Runtime was not loaded"
    assert after_200 - after_20 < 1_500, "KiB in 180 rounds"


def test_no_library(process: Path, image_file: Path, tmp_path: Path) -> None:
    outcome = _run(process, image_file, None, tmp_path)
    assert outcome.status == LIBRARY_MISSING
    assert "libonnxruntime.so" in outcome.values("error")[0]


def test_a_library_without_entry_point(process: Path, image_file: Path, tmp_path: Path) -> None:
    libraries = _library(tmp_path / "lib", "libonnxruntime.so.1", "-DECU_TEST_NO_ENTRY")
    outcome = _run(process, image_file, libraries, tmp_path)
    assert outcome.status == LIBRARY_MISSING
    assert "OrtGetApiBase" in outcome.values("error")[0]


def test_a_library_that_is_too_old(process: Path, image_file: Path, tmp_path: Path) -> None:
    outcome = _run(process, image_file, _library(tmp_path / "lib", "libonnxruntime.so.1"), tmp_path)
    assert outcome.status == BAD_VERSION
    assert "1.2.0" in outcome.values("error")[0]


def test_a_library_under_its_plain_name(
    process: Path, image_file: Path, ort_folder: Path, tmp_path: Path
) -> None:
    libraries = tmp_path / "lib"
    libraries.mkdir()
    (libraries / "libonnxruntime.so").symlink_to(ort_folder / "libonnxruntime.so.1")
    assert _run(process, image_file, libraries, tmp_path).values("label") == [RESULT]


@pytest.mark.parametrize("right", [True, False])
def test_the_version_of_the_certificate(
    image_file: Path, ort_folder: Path, tmp_path: Path, *, right: bool
) -> None:
    version = onnxruntime.__version__ if right else "1.31.9"
    program = compile_program(
        tmp_path / "process",
        [PROGRAMS / "process.c", *runtime_sources()],
        flags=(f'-DECU_ORT_VERSION="{version}"',),
    )
    outcome = _run(program, image_file, ort_folder, tmp_path)
    assert outcome.status == (0 if right else BAD_VERSION), outcome.output
    if not right:
        assert "1.31.9" in outcome.values("error")[0]
        assert onnxruntime.__version__ in outcome.values("error")[0]


def test_a_library_of_another_name(image_file: Path, ort_folder: Path, tmp_path: Path) -> None:
    program = compile_program(
        tmp_path / "process",
        [PROGRAMS / "process.c", *runtime_sources()],
        flags=(f'-DECU_ORT_LIBRARY="{tmp_path}/mine.so"',),
    )
    assert _run(program, image_file, ort_folder, tmp_path).status == LIBRARY_MISSING
    (tmp_path / "mine.so").symlink_to(ort_folder / "libonnxruntime.so.1")
    assert _run(program, image_file, None, tmp_path).status == 0


def test_a_library_that_is_linked_in(image_file: Path, ort_folder: Path, tmp_path: Path) -> None:
    library = ort_folder / "libonnxruntime.so.1"
    program = compile_program(
        tmp_path / "process",
        [PROGRAMS / "process.c", *runtime_sources()],
        flags=("-DECU_ORT_STATIC", f"-Wl,-rpath,{ort_folder}"),
        libraries=[library],
    )
    outcome = _run(program, image_file, None, tmp_path)
    assert outcome.status == 0, outcome.output


def test_an_engine_that_nobody_refers_to_is_missing(
    image_file: Path, ort_folder: Path, tmp_path: Path
) -> None:
    program = compile_program(
        tmp_path / "process",
        [PROGRAMS / "process.c", *runtime_sources(engine=False)],
        flags=("-DECU_TEST_NO_ENGINE",),
    )
    outcome = _run(program, image_file, ort_folder, tmp_path)
    assert outcome.status == ENGINE_MISSING, outcome.output


def test_a_version_text_is_shown(tmp_path: Path, process: Path, ort_folder: Path) -> None:
    """An image without a version opens as well."""
    image = tmp_path / "plain.ecui"
    image.write_bytes(compile_image(mixed_model(), engine="ort").data)
    home = tmp_path / "home"
    home.mkdir()
    assert _run(process, image, ort_folder, home).status == 0
