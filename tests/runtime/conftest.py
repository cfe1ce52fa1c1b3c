"""Programs and libraries that several tests of the runtime use, compiled once."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from ecu_bundle.engine import onnxruntime_library

from .build import PROGRAMS, compile_program, runtime_sources
from .device import Device
from .models import mixed_image


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runtime")


@pytest.fixture(scope="session")
def image_file(folder: Path) -> Path:
    path = folder / "mixed.ecui"
    path.write_bytes(mixed_image().data)
    return path


@pytest.fixture(scope="session")
def ort_folder(folder: Path) -> Path:
    """A folder that holds the installed ONNX Runtime under the name that the loader looks for."""
    path = folder / "ort"
    path.mkdir()
    (path / "libonnxruntime.so.1").symlink_to(onnxruntime_library())
    return path


@pytest.fixture(scope="session")
def process(folder: Path) -> Path:
    """programs/process.c with the whole runtime."""
    return compile_program(folder / "process", [PROGRAMS / "process.c", *runtime_sources()])


@pytest.fixture(scope="session")
def device(folder: Path) -> Device:
    """The device API with engines that compute nothing."""
    library = compile_program(
        folder / "libdevice.so",
        [PROGRAMS / "stub_engine.cpp", PROGRAMS / "hash.cpp", *runtime_sources(engine=False)],
        flags=("-shared", "-DECU_TEST_STUB_ORT"),
    )
    return Device(ctypes.CDLL(os.fspath(library)))
