"""Flash and RAM of a linked program by part, from the linker's map."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ecu_bundle.building.driver import BuildResult
from ecu_bundle.errors import InternalError

_START: Final = "Linker script and memory map"
_OUTPUT: Final = re.compile(r"^(\S+)")
_INPUT: Final = re.compile(r"^ (\S+)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S.*)$")
_FILLING: Final = re.compile(r"^ \*fill\*\s+0x[0-9a-f]+\s+0x([0-9a-f]+)")
# The figures of a long name are on the next line.
_LONG_NAME: Final = re.compile(r"^( \S+)\n\s+(0x)", re.MULTILINE)
_MEMBER: Final = re.compile(r"([^/]*)\.a\(([^)]+)\)$")
_KINDS: Final = {".text": "text", ".rodata": "rodata", "MODEL_A": "rodata", ".data": "data", ".bss": "bss"}


def linked_parts(build: BuildResult, parts: dict[str, str]) -> dict[str, dict[str, int]]:
    """Bytes that the self-test has linked in of the bundle's library and of the compiler's own.

    Args:
        build: a bundle for a machine without operating system, whose programs come with a map.
        parts: part of the bundle by the name of an object file of its library. The map knows objects by
            name alone, so where two have one name both count to the same part; sums are right all the same.

    Returns:
        Part -> kind of section -> bytes. ``helpers`` is what the compiler's library adds, for instance
        arithmetic that the processor does not have; the test program calls it too, so it is an upper bound.

    Raises:
        InternalError: the map is missing or not understood.
    """
    path = build.self_test.with_name("self_test.map")
    if not path.is_file():
        raise InternalError("measure", "the linker wrote no map", place=path.name)
    text = path.read_text(encoding="utf-8", errors="replace")
    found: dict[str, dict[str, int]] = {
        part: dict.fromkeys(("text", "rodata", "data", "bss"), 0) for part in (*parts.values(), "helpers")
    }
    for kind, archive, member, size, _ in _sections(text.partition(_START)[2]):
        if archive == build.library.stem and member in parts:
            found[parts[member]][kind] += size
        elif archive == "libgcc":
            found["helpers"][kind] += size
    if not any(sizes["text"] for sizes in found.values()):
        raise InternalError("measure", "the linker's map names no object of the library", place=path.name)
    return found


def linked_sizes(text: str) -> dict[tuple[str, str], dict[str, int]]:
    """Bytes of each object that the linker took out of an archive, by kind of section.

    Args:
        text: of the linker's map.

    Returns:
        By name of archive, without ``.a``, and object. Bytes that fill up count to the object before them.
    """
    found: dict[tuple[str, str], dict[str, int]] = {}
    for kind, archive, member, size, filling in _sections(text.partition(_START)[2]):
        sizes = found.setdefault((archive, member), dict.fromkeys(("text", "rodata", "data", "bss"), 0))
        sizes[kind] += size + filling
    return found


def _sections(text: str) -> Iterator[tuple[str, str, str, int, int]]:
    """Kind, archive, object, size of each kept input section, and 0; or 0 and what fills up behind it."""
    kind = ""
    last: tuple[str, str] | None = None
    for line in _LONG_NAME.sub(r"\1 \2", text).splitlines():
        output = _OUTPUT.match(line)
        if output is not None:
            kind = _KINDS.get(output[1], "")
            last = None
        filling = _FILLING.match(line)
        if filling is not None and last is not None and kind:
            yield kind, *last, 0, int(filling[1], 16)
        entry = _INPUT.match(line)
        member = _MEMBER.search(entry[3]) if entry is not None and kind else None
        if entry is not None and int(entry[2], 16):
            last = (member[1], member[2]) if member is not None else None
        if entry is not None and member is not None:
            yield kind, member[1], member[2], int(entry[2], 16), 0
