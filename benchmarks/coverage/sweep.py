"""Every model of the tables on a target: the bits of the host, or which row differs.

One program holds the kernels of all models and computes all rows; see ``benchmarks/programs/sweep.cpp``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage.swept import Swept
from benchmarks.subjects import CHECKOUT
from ecu_bundle.artifacts import GoldenVectors
from ecu_bundle.building.driver import BuildResult, build_bundle
from ecu_bundle.building.processes import run
from ecu_bundle.building.runner import pack_rows
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import InternalError
from ecu_bundle.generation import GenerationOptions, generate
from ecu_bundle.image.reader import read_image

_PROGRAM = CHECKOUT / "benchmarks" / "programs" / "sweep.cpp"
_SECONDS = 1800.0
_WORD = np.dtype("<u4")


@dataclass(frozen=True, slots=True)
class Finding:
    """A model whose results are not those of the host.

    Attributes:
        table, name: its row of docs/coverage.md.
        rows: how many rows differ.
        first: the first of them in words, or why the model did not run.
    """

    table: str
    name: str
    rows: int
    first: str


def build_program(models: Sequence[Swept], target: Target, folder: Path) -> BuildResult:
    """A bundle of the first model with the kernels of all of them, and the program of the sweep in it."""
    first = models[0]
    kernels = dict.fromkeys(kernel for s in models for kernel in read_image(s.image.data).kernels)
    options = GenerationOptions(
        tool_version="0",
        target=target.name,
        toolchain=target.toolchain,
        startup=target.startup,
        cxx_headers=target.cxx_headers,
        kernels=tuple(kernels),
    )
    one = {name: values[:1] for name, values in first.outputs.items()}
    exactly = dict.fromkeys(one, 0.0)
    golden = GoldenVectors(first.rows.take(slice(1)), one, exactly, exactly)
    files = dict(generate(first.model, first.image, golden, options).files)
    files["tests/run_rows.cpp"] = _PROGRAM.read_bytes()
    for path, data in files.items():
        place = folder / "bundle" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return build_bundle(folder / "bundle", target, folder / "build")


def run_program(built: BuildResult, models: Sequence[Swept], folder: Path) -> NDArray[np.uint32]:
    """The words that the program wrote for these models, run in this folder.

    Raises:
        InternalError: it crashed or could not use its files; the place has its last lines.
    """
    (folder / "sweep.in").write_bytes(batch(models))
    finished = run([*built.emulator, built.run_rows], stage="sweep", seconds=_SECONDS, folder=folder)
    if not finished.ok:
        raise InternalError("sweep", f"{built.target}: {finished.ending}", place=finished.last_lines)
    return np.frombuffer((folder / "sweep.out").read_bytes(), _WORD).astype(np.uint32)


def batch(models: Sequence[Swept]) -> bytes:
    """The file that the program reads."""
    parts = [struct.pack("<I", len(models))]
    for model in models:
        image = model.image.data + bytes(-len(model.image.data) % 4)
        rows = pack_rows(model.rows, model.model.interface)
        count = len(model.rows)
        outputs = expected_bits(model).shape[1]
        parts += [struct.pack("<4I", len(image), count, len(rows) // count // 4, outputs), image, rows]
    return b"".join(parts)


def expected_bits(model: Swept) -> NDArray[np.uint32]:
    """The bits of the outputs of the host, (rows, values of a row)."""
    columns = [
        np.ascontiguousarray(model.outputs[tensor.name]).astype(tensor.numpy_dtype).view(np.uint32)
        for tensor in model.model.interface.outputs
    ]
    return np.hstack(columns)


def compare(models: Sequence[Swept], words: NDArray[np.uint32]) -> list[Finding]:
    """What differs between the host and the words of the program.

    Raises:
        InternalError: there are fewer words than the models have, or more.
    """
    findings = []
    at = 0
    for model in models:
        if at >= len(words):
            raise InternalError("sweep", f"the program ended before {model.name}")
        status, at = int(words[at]), at + 1
        if status:
            findings.append(Finding(model.table, model.name, len(model.rows), f"not opened: status {status}"))
            continue
        expected = expected_bits(model)
        expected = np.hstack([np.zeros((len(expected), 1), np.uint32), expected])
        found = words[at : at + expected.size]
        at += expected.size
        if len(found) < expected.size:
            raise InternalError("sweep", f"the program ended inside {model.name}")
        found = found.reshape(expected.shape)
        different = np.flatnonzero((found != expected).any(axis=1))
        if len(different):
            first = _in_words(different[0], found, expected, model)
            findings.append(Finding(model.table, model.name, len(different), first))
    if at != len(words):
        raise InternalError("sweep", f"the program wrote {len(words) - at} words too many")
    return findings


def _in_words(row: np.intp, found: NDArray[np.uint32], expected: NDArray[np.uint32], model: Swept) -> str:
    if found[row, 0]:
        return f"row {row} ({model.rows.origins[row]}): status {found[row, 0]}"
    value = np.flatnonzero(found[row] != expected[row])[0]
    return (
        f"row {row} ({model.rows.origins[row]}), output value {value - 1}: "
        f"0x{found[row, value]:08x}, on the host 0x{expected[row, value]:08x}"
    )
