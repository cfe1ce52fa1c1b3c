"""Instructions of each golden row on an emulated board, counted by a plugin of QEMU."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.processes import run
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import InternalError, ToolMissingError
from ecu_bundle.folders import scratch_folder

_SOURCE: Final = Path(__file__).with_name("instruction_counter.c")
_SECONDS: Final = 600.0
_FIRST_WITH_INTERFACE_2: Final = 9


@dataclass(frozen=True, slots=True)
class Instructions:
    """Instructions of one call over the golden rows; not cycles."""

    least: int
    mean: int
    most: int


def count_instructions(
    build: BuildResult, target: Target, *, first: str = "ecu_model_run", last: str = "golden_row_done"
) -> Instructions:
    """Runs the self-test once more, with the plugin.

    Args:
        build: whose self-test runs.
        target: its target.
        first: the function whose calls are counted.
        last: what the self-test calls right after each; by default after a run.

    Raises:
        ToolMissingError: there is no compiler for the plugin.
        InternalError: the emulator does not take the plugin, or counts nothing.
    """
    start, end = (_address(build, target, symbol) for symbol in (first, last))
    with scratch_folder() as folder:
        plugin = folder / "instruction_counter.so"
        command: list[str | Path] = ["cc", "-O2", "-std=c11", "-fPIC", "-shared", _SOURCE, "-o", plugin]
        command.append(f"-DPLUGIN_INTERFACE={_interface(build, target)}")
        compiled = run(command, stage="measure", seconds=_SECONDS)
        if not compiled.ok:
            raise ToolMissingError(
                "measure", "the plugin that counts instructions does not compile", place=compiled.last_lines
            )
        prefix: list[str | Path] = [*_with_plugin(build.emulator, f"{plugin},from={start:#x},to={end:#x}")]
        finished = run([*prefix, build.self_test], stage="measure", seconds=_SECONDS)
    spans = [int(count) for count in re.findall(r"^span (\d+)$", finished.stderr, re.MULTILINE)]
    if not finished.ok or not spans:
        raise InternalError(
            "measure", f"no instructions were counted, {finished.ending}", place=finished.last_lines
        )
    return Instructions(min(spans), sum(spans) // len(spans), max(spans))


def _interface(build: BuildResult, target: Target) -> int:
    """Version of the plugin interface that this QEMU has."""
    through_shell = build.emulator[0].endswith("sh")
    program = target.emulator.program if through_shell and target.emulator else build.emulator[0]
    finished = run([program, "--version"], stage="measure", seconds=_SECONDS)
    version = re.search(r"version (\d+)", finished.stdout.decode(errors="replace"))
    return 2 if version is not None and int(version[1]) >= _FIRST_WITH_INTERFACE_2 else 1


def _with_plugin(emulator: tuple[str, ...], option: str) -> list[str]:
    """The emulator's command with the plugin before its other arguments."""
    if emulator[0].endswith("sh"):
        return [*emulator[:-1], emulator[-1].replace(" -M ", f" -plugin {option} -M ", 1)]
    return [emulator[0], "-plugin", option, *emulator[1:]]


def _address(build: BuildResult, target: Target, symbol: str) -> int:
    program = f"{target.tool_prefix}nm"
    finished = run([program, build.self_test], stage="measure", seconds=_SECONDS)
    found = re.search(rf"^([0-9a-f]+) T {symbol}$", finished.stdout.decode(errors="replace"), re.MULTILINE)
    if found is None:
        raise InternalError("measure", f"the self-test has no function {symbol}", place=finished.last_lines)
    return int(found[1], 16)
