"""Compiling the slot manager as it ships, and the programs that test it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from native.engine_build import SANITIZE, STRICT
from runtime.build import RUNTIME, Outcome, run, succeed

PROGRAMS = Path(__file__).parent / "programs"
SOURCE = RUNTIME / "src"
UPDATE = tuple(
    f"update/{name}.cpp"
    for name in ("area", "installer", "journal", "key_set", "package", "slots", "stored", "update")
)
SHIPPED = (*UPDATE, "image/sha256.cpp", "status.cpp")
SIMULATION = ("flash_simulator", "packages")
PARTS = {
    "campaign": ("device", "flows"),
    "cases": ("device", "refusals", "diagram"),
    "attacks": ("ecu", "losses", "promises", "damages"),
}
"""The sources of each program, below ``programs``, beside the simulation and that of its own name."""


@dataclass(frozen=True, slots=True)
class Build:
    """A program and the objects that it was linked from, by the name of their source."""

    program: Path
    objects: dict[str, Path]
    flags: tuple[str, ...]

    def run(self, *words: str | int) -> Outcome:
        return run([self.program, *map(str, words)])


def compile_program(folder: Path, main: str, *, flags: Sequence[str] = ("-O2",)) -> Build:
    """Compiles the shipped sources with the simulation, ``programs/<main>.cpp`` and its parts."""
    folder.mkdir(parents=True, exist_ok=True)
    together = folder / "simulation.cpp"  # one source: most of the time goes into headers of the library
    together.write_text(
        "".join(f'#include "{PROGRAMS}/{name}.cpp"\n' for name in (*SIMULATION, *PARTS[main], main))
    )
    sources = [together, *(SOURCE / name for name in SHIPPED)]
    objects = compile_objects(folder, sources, SOURCE, flags)
    return link(folder / main, objects, flags)


def mutate(build: Build, folder: Path, file: str, old: str, new: str) -> Build:
    """The same program with a change in one shipped source.

    Raises:
        AssertionError: the source does not have the text exactly once.
    """
    text = (SOURCE / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} has the text {text.count(old)} times: {old}"
    source = folder / Path(file).name
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text.replace(old, new), encoding="utf-8")
    changed = compile_objects(folder, [source], (SOURCE / file).parent, (*build.flags, "-Wno-error"))
    return link(folder / build.program.name, build.objects | changed, build.flags)


def compile_objects(
    folder: Path, sources: Iterable[Path], include: Path, flags: Sequence[str]
) -> dict[str, Path]:
    """One object for each source; two compilers at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    places = (RUNTIME / "include", SOURCE, include, PROGRAMS)

    def compile_one(source: Path) -> tuple[str, Path]:
        target = folder / f"{source.stem}.o"
        words = ["g++", "-std=c++17", "-ffp-contract=off", *STRICT, *flags]
        succeed([*words, *(f"-I{place}" for place in places), "-c", source, "-o", target])
        return source.stem, target

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(compile_one, sources))


def link(program: Path, objects: dict[str, Path], flags: Sequence[str]) -> Build:
    succeed(["g++", *flags, *objects.values(), "-o", program])
    return Build(program, objects, tuple(flags))


SANITIZED = ("-O1", *SANITIZE)
