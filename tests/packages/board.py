"""A program on the emulated Cortex-M4F board, and what its parts cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.instructions import Instructions, count_instructions
from ecu_bundle.building.stack import stack_below
from ecu_bundle.building.targets import get_target
from ecu_bundle.generation.literals import byte_table
from runtime.build import CHECKOUT, RUNTIME, succeed

from .device import UPDATE_SOURCES, crypto_includes, write_crypto

BOARDS = CHECKOUT / "cmake" / "boards"
CPU = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-Os")
CODE = (*CPU, "-ffunction-sections", "-fdata-sections", "-fcallgraph-info=su")
CXX = ("-std=c++17", "-ffp-contract=off", "-fno-exceptions", "-fno-rtti")
MEMORY = {
    **{"ecu_flash": 0x0, "ecu_flash_size": 0x200000, "ecu_model": 0x200000, "ecu_model_size": 0x200000},
    **{"ecu_ram": 0x20000000, "ecu_ram_size": 0x400000},
}
QEMU = (
    *("qemu-system-arm", "-M", "mps2-an386", "-chardev", "stdio,id=text", "-semihosting-config"),
    *("enable=on,target=native,chardev=text", "-nic", "none", "-display", "none", "-monitor", "none"),
    *("-serial", "none", "-kernel"),
)


@dataclass(frozen=True, slots=True)
class Build:
    """The program on the board, and the objects that it shares with a device."""

    program: Path
    objects: Sequence[Path]

    def code(self, *entries: str) -> int:
        """Bytes of code and constants that these functions bring along, without the C library."""
        linked = self.program.with_name("part")
        wanted = [f"-Wl,-u,{entry}" for entry in entries]
        options = ["-nostdlib", "-Wl,--gc-sections", "-Wl,--unresolved-symbols=ignore-all", "-Wl,-e,0"]
        succeed(["arm-none-eabi-g++", *CPU, *options, *wanted, *self.objects, "-o", linked])
        return int(succeed(["arm-none-eabi-size", linked]).splitlines()[-1].split()[0])

    def stack(self, entry: str, pointers: Mapping[str, int] = MappingProxyType({})) -> int:
        """Bytes of stack of a function, an upper bound; `pointers` as in `stack_below`."""
        graphs = {path.stem: path.with_suffix(".ci").read_text() for path in self.objects}
        return stack_below(graphs, entry, pointers)

    def instructions(self, entry: str) -> int:
        """Most instructions of a call on the board."""
        return self.counted(entry).most

    def counted(self, entry: str) -> Instructions:
        """Instructions of each call of a function, up to `measured_done`."""
        target = get_target("cortex-m4f")
        bundle = BuildResult(
            bundle_dir=self.program.parent,
            build_dir=self.program.parent,
            target=target.name,
            library=self.program,
            objects=(),
            self_test=self.program,
            run_rows=self.program,
            compiler="",
            flags=(),
            emulator=QEMU,
            onnxruntime=None,
        )
        return count_instructions(bundle, target, first=entry, last="measured_done")


def table(name: str, data: bytes) -> str:
    """A constant of the program."""
    return f"constexpr uint8_t {name}[] = {{\n{byte_table(data, indent=4)}\n}};\n"


def build_board(folder: Path, main: Path, parts: Sequence[str], tables: Mapping[str, bytes]) -> Build:
    """Compiles the code that reads packages, more parts of ``update/``, and a program that runs some of it.

    Args:
        folder: for everything that is made.
        main: source of the program; includes ``cases.h``.
        parts: sources of ``update/`` that the program calls, beside those that read packages.
        tables: constants in ``cases.h``.
    """
    text = "#include <stdint.h>\n\n" + "".join(table(name, data) for name, data in tables.items())
    (folder / "cases.h").write_text(text)
    shared = [RUNTIME / f"src/update/{name}.cpp" for name in (*UPDATE_SOURCES, *parts)]
    objects = compile_objects(
        folder, [*shared, RUNTIME / "src/image/sha256.cpp", main, BOARDS / "cortex_m.cpp"]
    )
    program = folder / main.stem
    options = ["--specs=rdimon.specs", "-nostartfiles", "-Wl,--gc-sections", "-T", f"{BOARDS}/memory.ld"]
    places = [f"-Wl,--defsym={name}={value:#x}" for name, value in MEMORY.items()]
    succeed(["arm-none-eabi-g++", *CPU, *options, *places, *objects, "-o", program])
    return Build(program, [path for path in objects if path.stem not in (main.stem, "cortex_m")])


def compile_objects(folder: Path, sources: Iterable[Path]) -> list[Path]:
    """Objects of the libraries that check signatures, then of the sources."""
    crypto = write_crypto(folder)
    include = (*crypto_includes(folder), f"-I{RUNTIME}/include", f"-I{RUNTIME}/src", f"-I{folder}")
    objects: list[Path] = []
    for source in (*crypto, *sources):
        objects.append(folder / f"{source.stem}.o")
        language = ["g++", *CXX] if source.suffix == ".cpp" else ["gcc", "-std=c99"]
        compiler = f"arm-none-eabi-{language[0]}"
        succeed([compiler, *language[1:], *CODE, *include, "-c", source, "-o", objects[-1]])
    return objects
