"""Runs the test programs of a built bundle, directly or under QEMU."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecu_bundle.building.doctor import diagnose, install_line
from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.processes import Finished, run
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import InternalError, ToolMissingError, VerificationError
from ecu_bundle.folders import scratch_folder
from ecu_bundle.interface import Array, Interface, Rows

_SELF_TEST_SECONDS = 600.0
_RUN_SECONDS = 60.0
_SECONDS_PER_ROW = 0.05
_OWN_LIBRARIES = {"LD_LIBRARY_PATH": None, "LD_PRELOAD": None}
"""The programs take the libraries of the bundle, not those that this environment names."""


def run_self_test(build: BuildResult, target: Target, *, engine: str = "", rows: int | None = None) -> str:
    """Runs the golden vectors on the target.

    Args:
        build: the built bundle.
        target: its target.
        engine: what the error names beside the target.
        rows: how many it has to compare; None: any number.

    Returns:
        The summary line, for instance ``PASS 32 rows``.

    Raises:
        VerificationError: a row failed, rows are missing, or the program crashed; the place is the first
            failing line.
        ToolMissingError: the emulator is missing.
    """
    finished = run(
        [*_prefix(build, target), build.self_test],
        stage="self-test",
        seconds=_SELF_TEST_SECONDS,
        environment=_OWN_LIBRARIES,
    )
    lines = finished.stdout.decode(errors="replace").splitlines()
    place = f"{target.name} with the engine {engine}" if engine else target.name
    if finished.ok and lines and lines[-1].startswith("PASS"):
        if rows is not None and lines[-1] != f"PASS {rows} rows":
            raise VerificationError(
                "self-test", f"the self-test compared other rows than the {rows} golden ones", place=lines[-1]
            )
        return lines[-1]
    failures = [line for line in lines if line.startswith("FAIL")]
    raise VerificationError(
        "self-test",
        f"the self-test failed on {place}, {finished.ending}"
        + (f": {failures[-1].removeprefix('FAIL ')}" if failures else ""),
        place=failures[0] if failures else finished.last_lines,
        hint="compare the reports of this build with those of the host",
    )


def run_rows(build: BuildResult, target: Target, rows: Rows, interface: Interface) -> dict[str, Array]:
    """Outputs of the bundle for these rows, computed by its program on the target.

    Args:
        build: the built bundle.
        target: its target.
        rows: input rows in device form.
        interface: inputs and outputs in device order.

    Returns:
        Per output an array of shape (rows, elements), float32 or int32.

    Raises:
        VerificationError: the program refused a row or crashed; the place names the row.
        ToolMissingError: the emulator is missing.
    """
    packed = pack_rows(rows, interface)
    seconds = _RUN_SECONDS + _SECONDS_PER_ROW * len(rows)
    command = [*_prefix(build, target), build.run_rows]
    if target.is_bare:
        finished, results = _run_on_files(command, packed, seconds)
    else:
        finished = run(command, stage="run", seconds=seconds, stdin=packed, environment=_OWN_LIBRARIES)
        results = finished.stdout
    if not finished.ok:
        raise _run_error(finished, target, rows)
    return unpack_outputs(results, len(rows), interface)


def _run_on_files(command: Sequence[str | Path], packed: bytes, seconds: float) -> tuple[Finished, bytes]:
    """Where no operating system gives the program streams: semihosting opens files in the current folder."""
    with scratch_folder() as folder:
        (folder / "rows.in").write_bytes(packed)
        finished = run(command, stage="run", seconds=seconds, folder=folder)
        results = folder / "rows.out"
        return finished, results.read_bytes() if results.is_file() else b""


def pack_rows(rows: Rows, interface: Interface) -> bytes:
    """Rows as ``run_rows`` reads them: tensor after tensor, 4 bytes per value, little-endian."""
    columns = [
        np.ascontiguousarray(rows.tensors[tensor.name])
        .astype(tensor.numpy_dtype.newbyteorder("<"))
        .view("<u4")
        for tensor in interface.inputs
    ]
    return np.hstack(columns).tobytes()


def unpack_outputs(data: bytes, count: int, interface: Interface) -> dict[str, Array]:
    """What ``run_rows`` wrote, by output name.

    Raises:
        InternalError: the size is not that of `count` rows.
    """
    width = sum(tensor.elements for tensor in interface.outputs)
    if len(data) != count * width * 4:
        raise InternalError("run", f"{len(data)} bytes of output, expected {count * width * 4}")
    words = np.frombuffer(data, "<u4").astype(np.uint32).reshape(count, width)
    outputs: dict[str, Array] = {}
    start = 0
    for tensor in interface.outputs:
        part = np.ascontiguousarray(words[:, start : start + tensor.elements])
        outputs[tensor.name] = part.view(np.float32) if tensor.dtype == "float32" else part.view(np.int32)
        start += tensor.elements
    return outputs


def _prefix(build: BuildResult, target: Target) -> tuple[str | Path, ...]:
    if target.emulator and not build.emulator:
        findings = diagnose([target])
        raise ToolMissingError(
            "run",
            f"{target.emulator.program} is missing, so programs of {target.name} cannot run here",
            hint=f"run: {install_line(findings)}" if install_line(findings) else "build the bundle again",
        )
    return build.emulator


def _run_error(finished: Finished, target: Target, rows: Rows) -> VerificationError:
    # Semihosting has one stream for all text.
    text = finished.stdout.decode(errors="replace") if target.is_bare else finished.stderr
    found = re.search(r"^row (\d+): (.*)", text, re.MULTILINE)
    origin = ""
    if found and rows.origins and int(found[1]) < len(rows):
        origin = f" ({rows.origins[int(found[1])]})"
    return VerificationError(
        "run",
        f"the bundle failed on {target.name}, {finished.ending}" + (f": {found[2]}" if found else ""),
        place=f"row {found[1]}{origin}" if found else finished.last_lines,
        hint="run the self-test of the bundle, and check that the rows fit the interface",
    )
