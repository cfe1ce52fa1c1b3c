"""Fixtures of this folder: the device's code, compiled once, and the bundles of the examples."""

from __future__ import annotations

import pytest

from pipeline.examples import bundles

from .device import Reader, build

__all__ = ["bundles", "reader"]


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """What a device reads packages with."""
    return Reader(build(tmp_path_factory.mktemp("reader")))
