"""Targets: what a bundle can be built for. One TOML file each, in ``targets/``."""

from __future__ import annotations

import difflib
import platform
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ecu_bundle.artifacts import ENGINES, Engine
from ecu_bundle.errors import InternalError, UsageError

_FOLDER = Path(__file__).parent / "targets"
_Digest = Field(pattern=r"^[0-9a-f]{64}$")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Elf(_Part):
    """How to recognise a library of this CPU: ELF class and ``e_machine``."""

    bits: Literal[32, 64] = Field(alias="class")
    machine: int


class OrtSource(_Part):
    """Where the ONNX Runtime library of one CPU comes from.

    Attributes:
        elf: CPU of the library.
        project, project_version: on the Python package index.
        version: of ONNX Runtime itself.
        platform, python_tag: tags that choose the wheel.
        wheel_sha256, library_sha256: the only accepted bytes.
        member: path of the library inside the wheel.
        file_name: name under which the engine opens the library (its SONAME).
        licence: SPDX expression.
        licence_members: licence texts inside the wheel; when empty, our copy of the text is used.
    """

    elf: Elf
    project: str
    project_version: str
    version: str
    platform: str
    python_tag: Literal["cp311", "py3"]
    wheel_sha256: str = _Digest
    member: str
    library_sha256: str = _Digest
    file_name: str
    licence: str
    licence_members: tuple[str, ...]


class SystemPackage(_Part):
    """A Debian package and the command that succeeds when it is installed.

    Attributes:
        name: of the package.
        proof: the command; its first line names the version.
        oldest: oldest major version that will do, where it is newer than Debian 12's; 0: any.
    """

    name: str
    proof: tuple[str, ...] = Field(min_length=1)
    oldest: int = 0


class Emulator(_Part):
    """The program that runs the target's programs here; how is in the bundle's compiler file."""

    program: str
    title: str


class Target(_Part):
    """What a bundle can be built for.

    Attributes:
        name: word for the command line.
        title: for people.
        toolchain: file in ``cmake/toolchains``; empty for the host.
        tool_prefix: prefix of compiler and binutils, for instance ``aarch64-linux-gnu-``.
        engines: engines that run there.
        emulator: None where programs run directly.
        startup: file in ``cmake/boards`` that starts the test programs; empty where an operating system does.
        cxx_headers: the compiler comes without the C++ library; the bundle brings the little that it uses.
        single_precision: the processor computes in float32 only, so double arithmetic is worth a word.
        packages: beside those that every target needs.
        onnxruntime: library by CPU; the host has one per CPU that a host may be.
    """

    name: str
    title: str
    toolchain: str
    tool_prefix: str
    engines: tuple[Engine, ...] = Field(min_length=1)
    emulator: Emulator | None = None
    startup: str = ""
    cxx_headers: bool = False
    single_precision: bool = False
    packages: tuple[SystemPackage, ...]
    onnxruntime: dict[str, OrtSource] = {}

    @property
    def engine_choices(self) -> tuple[str, ...]:
        """What a bundle can be built with: an engine, or ``both`` of them."""
        return (*self.engines, "both") if set(self.engines) == set(ENGINES) else self.engines

    @property
    def all_packages(self) -> tuple[SystemPackage, ...]:
        """Every Debian package that building and testing here needs."""
        return COMMON_PACKAGES + self.packages

    @property
    def needs_newer(self) -> bool:
        """Whether a tool has to be newer than the one in Debian 12."""
        return any(package.oldest for package in self.packages)

    @property
    def is_bare(self) -> bool:
        """Whether programs run without an operating system."""
        return bool(self.startup)

    @property
    def runner(self) -> str:
        """How programs are run, for people."""
        return self.emulator.title if self.emulator else "direct"

    def ort_source(self) -> OrtSource:
        """The pinned ONNX Runtime library of this target.

        Raises:
            UsageError: there is none for this CPU.
        """
        cpu = next(iter(self.onnxruntime), "") if self.toolchain else platform.machine()
        if cpu not in self.onnxruntime:
            raise UsageError(
                "provision",
                f"no ONNX Runtime library is known for target {self.name} on {cpu or 'this CPU'}",
                hint="set ORT_ROOT to an ONNX Runtime in the layout of its official archives",
            )
        return self.onnxruntime[cpu]


COMMON_PACKAGES = (
    SystemPackage(name="cmake", proof=("cmake", "--version")),
    SystemPackage(name="make", proof=("make", "--version")),
)


@cache
def load_targets() -> dict[str, Target]:
    """All targets by name: the host first, then in alphabetical order.

    Raises:
        InternalError: a target file is wrong.
    """
    targets = [_load(path) for path in sorted(_FOLDER.glob("*.toml"))]
    return {target.name: target for target in sorted(targets, key=lambda t: (bool(t.toolchain), t.name))}


def get_target(name: str) -> Target:
    """The target of this name.

    Raises:
        UsageError: there is none; the hint lists all.
    """
    targets = load_targets()
    if name not in targets:
        close = difflib.get_close_matches(name.lower(), targets, n=1)
        raise UsageError(
            "target",
            f"unknown target {name!r}",
            hint=(f"did you mean {close[0]!r}? " if close else "") + f"choose one of: {', '.join(targets)}",
        )
    return targets[name]


def _load(path: Path) -> Target:
    try:
        target = Target.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise InternalError("target", str(error), place=path.name) from error
    if target.name != path.stem:
        raise InternalError("target", f"the file of target {target.name!r} has another name", place=path.name)
    return target
