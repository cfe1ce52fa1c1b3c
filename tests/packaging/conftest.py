"""The device's code, compiled once."""

from __future__ import annotations

import pytest

from .device import Reader, build


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """What a device reads packages with."""
    return Reader(build(tmp_path_factory.mktemp("reader")))
