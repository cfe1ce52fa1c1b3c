"""Bundle on disk -> library and test programs, by CMake and the bundle's own preset."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ecu_bundle.building.backports import search_path
from ecu_bundle.building.doctor import install_line, missing_packages
from ecu_bundle.building.processes import run
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import InternalError, ToolMissingError, VerificationError

# Variables that would change flags, compiler or library behind the certificate's back. ORT_ROOT is
# the business of provisioning: the bundle already holds the library that was chosen.
_IGNORED = (
    "CFLAGS",
    "CPPFLAGS",
    "CXXFLAGS",
    "LDFLAGS",
    "CMAKE_TOOLCHAIN_FILE",
    "CMAKE_GENERATOR",
    "ORT_ROOT",
)
_NOTHING: Mapping[str, str] = MappingProxyType({})
_CONFIGURE_SECONDS = 300.0
_BUILD_SECONDS = 1800.0

UPDATE_PROGRAM: Final = "tests/update_install.cpp"
"""In a bundle that installs packages."""

_OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")
"""GNU ld's words for what is larger than a region of cmake/boards/memory.ld."""


@dataclass(frozen=True, slots=True)
class UpdateBuild:
    """What a bundle has to install packages: ``ecu::update`` and the program that tries it.

    Attributes:
        objects: of it and of the library that checks its signatures, without the flash port for files, which
            calls an operating system and which no ECU has.
        program: installs a package on flash in RAM.
    """

    objects: tuple[Path, ...]
    program: Path


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A built bundle.

    Attributes:
        bundle_dir, build_dir: source and build folder; of the half that was built.
        target: name of the target.
        library: static library of model and runtime.
        objects: its object files.
        self_test, run_rows: test programs.
        compiler: name and version, ``GNU 12.2.0``.
        flags: compiler flags of the library in order.
        emulator: command prefix that runs the programs here; empty on the host.
        onnxruntime: the library that the programs open; None for an engine without it.
        update: None in a bundle without it.
    """

    bundle_dir: Path
    build_dir: Path
    target: str
    library: Path
    objects: tuple[Path, ...]
    self_test: Path
    run_rows: Path
    compiler: str
    flags: tuple[str, ...]
    emulator: tuple[str, ...]
    onnxruntime: Path | None
    update: UpdateBuild | None = None

    @property
    def library_digest(self) -> str:
        """SHA-256 of the static library."""
        return hashlib.sha256(self.library.read_bytes()).hexdigest()


def build_bundle(bundle_dir: Path, target: Target, build_dir: Path, *, folder: str = "") -> BuildResult:
    """Configures and builds with the preset ``default``, warnings as errors.

    Args:
        bundle_dir: a complete bundle, with the ONNX Runtime library where the engine needs it.
        target: the target that the bundle was generated for.
        build_dir: made when missing; nothing is written elsewhere.
        folder: of the half that is built, with a slash at its end; empty for the one at the top.

    Raises:
        ToolMissingError: CMake, the compiler or the emulator is missing; the hint installs it.
        VerificationError: the test programs do not fit the memory of the emulated board.
        InternalError: configuring or compiling failed; the place is the command and its last lines.
    """
    _require_tools(target)
    bundle_dir, build_dir = bundle_dir.resolve(), build_dir.resolve()
    configure = ["cmake", "-S", str(bundle_dir), "-B", str(build_dir), "--preset", "default"]
    configure += ["-D", "ECU_STACK_USAGE=ON"]
    if (bundle_dir / folder / UPDATE_PROGRAM).is_file():
        configure += ["-D", "ECU_UPDATE=ON"]
    if folder:
        configure += ["-D", f"ECU_ENGINE={folder.removesuffix('/')}"]
    if shutil.which("ninja"):
        configure += ["-G", "Ninja"]
    build_dir.mkdir(parents=True, exist_ok=True)
    scratch = {"TMPDIR": str(build_dir)}  # a compiler that is killed leaves its temporary files
    newer = {"PATH": search_path()} if target.needs_newer else {}
    _step("configuring the bundle", configure, bundle_dir, _CONFIGURE_SECONDS, {**scratch, **newer})
    jobs = str(os.cpu_count() or 1)
    _step(
        "compiling the bundle",
        ["cmake", "--build", str(build_dir), "--parallel", jobs],
        bundle_dir,
        _BUILD_SECONDS,
        scratch,
    )
    return _result(bundle_dir / folder, build_dir / folder, target)


def _require_tools(target: Target) -> None:
    missing = missing_packages([target])
    if missing:
        tools = ", ".join(f.wanted if f.oldest else f.proof[0] for f in missing)
        raise ToolMissingError(
            "build", f"missing for target {target.name}: {tools}", hint=f"run: {install_line(missing)}"
        )


def _step(
    what: str, command: list[str], folder: Path, seconds: float, variables: Mapping[str, str] = _NOTHING
) -> None:
    environment = {**dict.fromkeys(_IGNORED), **variables}
    finished = run(command, stage="build", seconds=seconds, environment=environment, folder=folder)
    if finished.ok:
        return
    text = finished.stdout.decode(errors="replace") + finished.stderr
    overflows = {region: int(size) for region, size in _OVERFLOW.findall(text)}
    if overflows:
        raise _too_large(overflows)
    raise InternalError("build", f"{what} failed, {finished.ending}", place=finished.last_lines)


def _too_large(overflows: Mapping[str, int]) -> VerificationError:
    """What is too large for the board, by the linker's regions."""
    what = {"MODEL": "the model image", "FLASH": "the program", "RAM": "the working memory"}
    lines = [f"{what.get(region, region)}: {size} bytes too many" for region, size in overflows.items()]
    return VerificationError(
        "build",
        "the test programs do not fit the memory of the emulated board:\n    " + "\n    ".join(lines),
        hint="train a smaller model; or give the board more memory: ECU_BOARD_MEMORY in the compiler file"
        " of the target",
    )


def _result(bundle_dir: Path, build_dir: Path, target: Target) -> BuildResult:
    info = json.loads((build_dir / "bundle_build.json").read_text(encoding="utf-8"))
    emulator = tuple(filter(None, info["emulator"].split(";")))
    return BuildResult(
        bundle_dir=bundle_dir,
        build_dir=build_dir,
        target=target.name,
        library=Path(info["library"]),
        objects=tuple(Path(path) for path in info["objects"].split(";")),
        self_test=Path(info["self_test"]),
        run_rows=Path(info["run_rows"]),
        compiler=info["compiler"],
        flags=tuple(filter(None, info["flags"].split(";"))),
        emulator=emulator,
        onnxruntime=Path(info["onnxruntime"]) if info["onnxruntime"] else None,
        update=_update(info),
    )


def _update(info: Mapping[str, str]) -> UpdateBuild | None:
    if not info["update_install"]:
        return None
    objects = [Path(path) for path in info["update_objects"].split(";")]
    own = tuple(path for path in objects if not path.name.startswith("file_flash."))
    return UpdateBuild(own, Path(info["update_install"]))
