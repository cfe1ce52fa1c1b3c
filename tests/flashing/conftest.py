"""Fixtures of this folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from pipeline.examples import Bundles, bundles

from .bench import Bench, Factory

__all__ = ["bundles"]


@pytest.fixture(scope="session")
def factory(tmp_path_factory: pytest.TempPathFactory, bundles: Bundles) -> Factory:
    """Built once for all workers."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made = Factory(shared / "simulated_ecu")
    with (shared / "simulated_ecu.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.folder.exists():
            made.set_up(bundles("wine_grade", engine="both"))
    return made


@pytest.fixture
def bench(factory: Factory, tmp_path: Path) -> Bench:
    """An ECU of its own for each test."""
    return Bench(factory, tmp_path)
