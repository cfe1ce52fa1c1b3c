"""Source files that are fetched once, kept outside the checkout, and used with their pinned digest only."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ecu_bundle.errors import VerificationError


def kept_files(folder: Path) -> dict[str, bytes]:
    """Every file of the folder by its path in it; empty when there is no folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def digest_of(files: Mapping[str, bytes]) -> str:
    """Of all names and contents; in the form that ``sha256sum`` prints."""
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def keep(files: Mapping[str, bytes], folder: Path, digest: str, *, origin: str) -> None:
    """Writes files into the folder, which appears whole or not at all.

    Args:
        files: what was fetched, by path in the folder.
        folder: replaced where it is there, since then it is damaged.
        digest: the pinned one, as `digest_of` computes it.
        origin: where the files come from, for the message.

    Raises:
        VerificationError: the files are not the pinned ones; nothing is written.
    """
    if digest_of(files) != digest:
        raise VerificationError(
            "provision",
            "the fetched files do not have the pinned digest",
            place=origin,
            hint="use a package index and a mirror that you trust",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        ready = Path(temporary) / "ready"
        for name, data in files.items():
            (ready / name).parent.mkdir(parents=True, exist_ok=True)
            (ready / name).write_bytes(data)
        if folder.exists():
            shutil.rmtree(folder)
        try:
            ready.rename(folder)
        except OSError:
            # Another process was faster; its result counts when it is right.
            if digest_of(kept_files(folder)) != digest:
                raise
