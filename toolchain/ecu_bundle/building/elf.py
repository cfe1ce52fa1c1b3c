"""Which CPU an ELF file is for."""

from __future__ import annotations

from pathlib import Path

_MAGIC = b"\x7fELF"


def elf_of(path: Path) -> tuple[int, int] | None:
    """Class in bits (32 or 64) and ``e_machine`` of a file; None when it is no ELF file."""
    with path.open("rb") as file:
        head = file.read(20)
    if len(head) < 20 or head[:4] != _MAGIC or head[4] not in (1, 2):
        return None
    machine = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    return (32 if head[4] == 1 else 64), machine
