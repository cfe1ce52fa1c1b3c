"""What reading a package costs on a Cortex-M4F, and that it works: the figures of docs/update_package.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.instructions import count_instructions
from ecu_bundle.building.stack import stack_below
from ecu_bundle.building.targets import get_target
from ecu_bundle.generation.literals import byte_table
from runtime.build import CHECKOUT, RUNTIME, run, succeed

from .device import PROGRAMS, UPDATE_SOURCES, crypto_includes, write_crypto
from .examples import ED25519, P256
from .test_device_template import VARIANTS

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
MESSAGE = b"a message of the length that a device checks: 65 bytes, as it is."


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

    def stack(self, entry: str) -> int:
        """Bytes of stack of a function, an upper bound."""
        return stack_below({path.stem: path.with_suffix(".ci").read_text() for path in self.objects}, entry)

    def instructions(self, entry: str) -> int:
        """Most instructions of a call on the board."""
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
        return count_instructions(bundle, target, first=entry, last="measured_done").most


def _table(name: str, data: bytes) -> str:
    return f"constexpr uint8_t {name}[] = {{\n{byte_table(data, indent=4)}\n}};\n"


def _cases(folder: Path) -> None:
    """What the program works on."""
    tables = {
        "kMessage": MESSAGE,
        "kEd25519Key": ED25519.public.raw,
        "kEd25519Signature": ED25519.sign(MESSAGE),
        "kP256Key": P256.public.raw,
        "kP256Signature": P256.sign(MESSAGE),
        "kHeader": VARIANTS["the longest"](),
    }
    text = "#include <stdint.h>\n\n" + "".join(_table(name, data) for name, data in tables.items())
    (folder / "cases.h").write_text(text)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("board")
    _cases(folder)
    crypto = write_crypto(folder)
    include = (*crypto_includes(folder), f"-I{RUNTIME}/include", f"-I{RUNTIME}/src", f"-I{folder}")
    shared = [RUNTIME / f"src/update/{name}.cpp" for name in (*UPDATE_SOURCES, "golden")]
    shared += [RUNTIME / "src/image/sha256.cpp", RUNTIME / "src/image/reader.cpp"]
    objects: list[Path] = []
    for source in (*shared, PROGRAMS / "measure_reader.cpp", BOARDS / "cortex_m.cpp"):
        objects.append(folder / f"{source.stem}.o")
        succeed(["arm-none-eabi-g++", *CXX, *CODE, *include, "-c", source, "-o", objects[-1]])
    for source in crypto:
        objects.insert(0, folder / f"{source.stem}.o")
        succeed(["arm-none-eabi-gcc", "-std=c99", *CODE, "-c", source, "-o", objects[0]])
    program = folder / "measure_reader"
    options = ["--specs=rdimon.specs", "-nostartfiles", "-Wl,--gc-sections", "-T", f"{BOARDS}/memory.ld"]
    places = [f"-Wl,--defsym={name}={value:#x}" for name, value in MEMORY.items()]
    device = [path for path in objects if path.stem not in ("golden", "reader")]
    succeed(["arm-none-eabi-g++", *CPU, *options, *places, *device, "-o", program])
    return Build(
        program, [path for path in objects if path.stem not in ("measure_reader", "cortex_m", "reader")]
    )


@pytest.mark.cross
def test_signatures_are_judged_right_on_the_board(board: Build) -> None:
    outcome = run([*QEMU, board.program])
    assert outcome.values("failures") == ["0"], outcome.output


MATCHER = "_ZN3ecu11read_headerENS_4SpanIKhEERNS_13PackageHeaderE"

# Part: entries of its code, entry of its stack, what is called on the board.
PARTS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "header: template": ((MATCHER,), MATCHER, "match_header"),
    "SHA-256 of 100 kB": (("_ZN3ecu6sha256ENS_4SpanIKhEE",), "_ZN3ecu6sha256ENS_4SpanIKhEE", "hash_payload"),
    "Ed25519, with SHA-512": (("ecu_verify_ed25519",), "ecu_verify_ed25519", "ecu_verify_ed25519"),
    "ECDSA P-256, with SHA-256": (("ecu_verify_p256",), "ecu_verify_p256", "ecu_verify_p256"),
}


def documented() -> dict[str, list[float]]:
    """Code, stack and millions of instructions by part."""
    page = (CHECKOUT / "docs" / "update_package.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([\d,]+) \| ([\d,]+) \| ([\d.]+) \|$", page, re.M)
    return {name: [float(number.replace(",", "")) for number in numbers] for name, *numbers in rows}


@pytest.mark.cross
@pytest.mark.parametrize("part", PARTS)
def test_the_page_has_the_figures(board: Build, part: str) -> None:
    entries, deepest, called = PARTS[part]
    measured = [board.code(*entries), board.stack(deepest), board.instructions(called) / 1e6]
    assert measured == pytest.approx(documented()[part], rel=0.02, abs=0.01), measured
