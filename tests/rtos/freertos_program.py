"""The FreeRTOS application of this folder: built around a bundle, run on the board, its lines read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.freertos import freertos_kernel
from ecu_bundle.building.processes import run
from ecu_bundle.building.provision import default_cache_dir

SOURCES = Path(__file__).parent / "freertos"
# 256 ns for each instruction make a processor on which one run takes some ticks; the same ones each time.
CLOCK = ("-icount", "shift=8,sleep=off")
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the application wrote."""

    figures: dict[str, int]
    verdict: str
    code: int | None


def build_application(bundle: BuildResult, model: str, folder: Path) -> BuildResult:
    """The application in the place of the bundle's self-test."""
    toolchain = bundle.bundle_dir / "cmake" / f"{bundle.target}.cmake"
    definitions = {
        "BUNDLE": bundle.bundle_dir,
        "MODEL": model,
        "KERNEL": freertos_kernel(default_cache_dir()),
        "CMAKE_BUILD_TYPE": "Release",
    }
    options = [f"-D{name}={value}" for name, value in definitions.items()]
    commands: tuple[list[str | Path], ...] = (
        ["cmake", "-G", "Ninja", "-S", SOURCES, "-B", folder, "--toolchain", toolchain, *options],
        ["cmake", "--build", folder],
    )
    for command in commands:
        finished = run(command, stage="build", seconds=_SECONDS)
        assert finished.ok, finished.last_lines
    program, *arguments = bundle.emulator
    return replace(bundle, self_test=folder / "application", emulator=(program, *CLOCK, *arguments))


def run_application(application: BuildResult) -> Outcome:
    """Runs it to its end on the emulated board."""
    finished = run([*application.emulator, application.self_test], stage="run", seconds=_SECONDS)
    *lines, verdict = finished.stdout.decode().splitlines()
    figures = {name: int(value) for name, value in (line.split() for line in lines)}
    return Outcome(figures, verdict, finished.code)
