"""The bundles of the examples, built once for all tests and all workers."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import ecu_bundle

CHECKOUT = Path(__file__).parents[2]
EXAMPLES = CHECKOUT / "examples"

Bundles = Callable[..., Path]
"""``bundles(example, target="host", engine="auto")``: the bundle of an example; not to be changed."""


def model_file(example: str) -> Path:
    """The saved model of an example."""
    return EXAMPLES / example / f"{example}.skops"


def rows_file(example: str) -> Path:
    """The rows of an example."""
    return next((EXAMPLES / example).glob("rows.*"))


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    """Builds an example when it is first asked for, in a folder that parallel workers share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "examples"
    shared.mkdir(exist_ok=True)

    def bundle_of(example: str, target: str = "host", engine: str = "auto") -> Path:
        output = shared / f"{example}-{target}-{engine}"
        with (shared / f"{output.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not output.exists():
                ecu_bundle.build(model_file(example), target, engine=engine, output=output)
        return output

    return bundle_of


def copy_of(bundle: Path, folder: Path) -> Path:
    """A bundle that a test may change."""
    return Path(shutil.copytree(bundle, folder / bundle.name, symlinks=True))


def content_of(folder: Path) -> dict[str, bytes]:
    """Bytes of every file below a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
