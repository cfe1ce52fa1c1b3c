"""Builds and starts the program of the simulated ECU, for this machine or for a board under QEMU."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ecu_bundle.building.crypto_sources import crypto_library
from ecu_bundle.building.processes import run
from ecu_bundle.building.provision import default_cache_dir
from ecu_bundle.errors import InternalError
from ecu_bundle.folders import write_files

from .device import Device

HERE = Path(__file__).parent
_SECONDS = 600.0
_ERASED = b"\xff"


@dataclass(frozen=True, slots=True)
class Board:
    """What the ECU runs on.

    Attributes:
        target: of the bundle.
        port: source in ``ecu/``.
        slot, sector: bytes of a slot, and of each of the four sectors behind the two slots.
        flash: bytes of the file that is the flash.
        emulator: command before the program; empty on the host.
        title: for people.
    """

    target: str
    port: str
    slot: int
    sector: int
    flash: int
    emulator: tuple[str, ...]
    title: str


_QUIET = (
    "-semihosting-config",
    "enable=on,target=native",
    "-nic",
    "none",
    "-display",
    "none",
    "-monitor",
    "none",
    "-serial",
    "none",
)

HOST = Board("host", "host", 32 << 12, 1 << 12, 68 << 12, (), "this machine, flash in a file")
MPS2 = Board(
    "cortex-m4f",
    "mps2",
    32 << 12,
    1 << 12,
    68 << 12,
    (
        *("qemu-system-arm", "-M", "mps2-an386", *_QUIET),
        *("-device", "loader,file=flash.bin,addr=0x21000000,force-raw=on", "-kernel"),
    ),
    "QEMU mps2-an386, Cortex-M4F, flash in RAM and a file",
)
VIRT = Board(
    "riscv32",
    "virt",
    1 << 18,
    1 << 18,
    32 << 20,
    (
        *("qemu-system-riscv32", "-M", "virt", *_QUIET),
        *("-drive", "if=pflash,unit=1,format=raw,file=flash.bin", "-bios"),
    ),
    "QEMU virt, RISC-V, CFI NOR flash",
)
BOARDS = {board.port: board for board in (HOST, MPS2, VIRT)}


def build_ecu(bundle: Path, board: Board, keys: Path, folder: Path) -> Path:
    """Compiles the program.

    Args:
        bundle: of the model that the ECU is made for.
        board: what it is built for.
        keys: folder of ``factory_keys.h``.
        folder: where it is built.

    Raises:
        InternalError: it does not compile.
        ToolMissingError: a compiler, or the source of Monocypher, is missing.
    """
    copy = folder / "bundle"
    shutil.copytree(bundle, copy, symlinks=True)
    write_files(copy, crypto_library("ed25519", default_cache_dir()).bundle_files(), output=copy)
    configure: list[str | Path] = ["cmake", "-S", HERE / "ecu", "-B", folder / "build"]
    for name, value in {
        "BUNDLE": copy.resolve(),
        "KEYS": keys.resolve(),
        "ECU_PORT": board.port,
        "CMAKE_BUILD_TYPE": "Release",
    }.items():
        configure += ["-D", f"{name}={value}"]
    toolchain = bundle.resolve() / "cmake" / f"{board.target}.cmake"
    configure += [f"--toolchain={toolchain}"] if toolchain.is_file() else []
    compile_it: list[str | Path] = ["cmake", "--build", folder / "build", "--parallel", "2"]
    for command in (configure, compile_it):
        finished = run(command, stage="build", seconds=_SECONDS)
        if not finished.ok:
            raise InternalError(
                "build", f"the ECU could not be built, {finished.ending}", place=finished.last_lines
            )
    return folder / "build" / "ecu"


def fill_flash(board: Board, slot: bytes, folder: Path) -> None:
    """What a factory does: an erased flash with the first model in its first slot."""
    used = slot + _ERASED * (2 * board.slot + 4 * board.sector - len(slot))
    with (folder / "flash.bin").open("wb") as flash:
        flash.write(used)
        flash.truncate(board.flash)


def make_device(board: Board, program: Path, folder: Path) -> Device:
    """The ECU with its flash in `folder`, not powered yet."""
    return Device([*board.emulator, program.resolve()], folder)
