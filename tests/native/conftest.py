"""The engine with all kernels, compiled once for this machine."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from runtime.build import succeed
from runtime.device import Device

from .cases import Case, all_cases
from .engine_build import HOST, compile_all, native_sources


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    return all_cases()


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Position-independent objects of the whole engine."""
    return compile_all(tmp_path_factory.mktemp("native"), HOST, native_sources(), "-fPIC")


@pytest.fixture(scope="session")
def device(objects: list[Path]) -> Device:
    """The device API over the native engine, with every kernel."""
    library = objects[0].with_name("libnative.so")
    succeed(["g++", "-shared", *objects, "-o", library])
    return Device(ctypes.CDLL(os.fspath(library)))
