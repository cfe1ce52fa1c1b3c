"""What the guide prints of a compiler file: the compiler, and how a program for the board is linked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolchainView:
    """Words of a CMake compiler file for a shell.

    Attributes:
        compiler: the command that compiles C++, with its CPU flags.
        board_options: options that link for the emulated board, beside its startup code and linker script;
            empty where an operating system starts programs.
        board_libraries: libraries of such a program, last on the line; may be empty.
        run: the command that runs ``{program}`` there, in lines that a shell joins; else empty.
    """

    compiler: str
    board_options: str = ""
    board_libraries: str = ""
    run: str = ""


HOST = ToolchainView("c++")
"""For the host's own compiler."""


def toolchain_view(text: str) -> ToolchainView:
    """Reads a compiler file of ``cmake/toolchains``."""
    words = [_value(text, f"CMAKE_CXX_{key}") for key in ("COMPILER", "FLAGS_INIT")]
    compiler = " ".join(filter(None, words))
    memory = _value(text, "ECU_BOARD_MEMORY").split()
    if not memory:
        return ToolchainView(compiler)
    options = [*_value(text, "ECU_BOARD_LINK_OPTIONS").split(), "-nostartfiles", "-Wl,--gc-sections"]
    return ToolchainView(
        compiler,
        " \\\n  ".join([" ".join(options), *_lines(f"-Wl,--defsym={entry}" for entry in memory)]),
        _value(text, "CMAKE_CXX_STANDARD_LIBRARIES"),
        _run(text),
    )


def _value(text: str, variable: str) -> str:
    """The value that the file sets, on one line; empty where it does not."""
    found = re.search(rf'^set\({variable}\s+(?:"((?:[^"\\]|\\.)*)"|([^")]*))', text, re.M | re.S)
    if not found:
        return ""
    value = found[1] if found[1] is not None else found[2]
    return " ".join(re.sub(r"\\(.)", r"\1", value.replace("\\\n", "")).split())


def _lines(words: Iterable[str]) -> list[str]:
    """Two words a line: address and size of one memory."""
    each = iter(words)
    return [f"{first} {second}" for first, second in zip(each, each, strict=True)]


def _run(text: str) -> str:
    """The emulator with its arguments, and ``{program}`` for the program."""
    shell = _value(text, "ECU_QEMU_SHELL")
    if shell:
        line = shell.removeprefix("exec ").replace('"$0"', "{program}")
    else:
        line = f"{_value(text, 'ECU_QEMU')} {_value(text, 'ECU_QEMU_ARGUMENTS')} {{program}}"
    return re.sub(r" (?=-(?:semihosting-config|nic) )", " \\\\\n  ", line)
