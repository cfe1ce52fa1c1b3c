"""Packages in files."""

from __future__ import annotations

from pathlib import Path

from ecu_bundle.errors import UsageError
from ecu_bundle.folders import require_outside_bundles, write_complete
from ecu_bundle.packaging.layout import HEADER_LIMIT, MAX_SEQUENCE

MAX_BYTES = HEADER_LIMIT + MAX_SEQUENCE
"""Of a package."""


def read_file(path: Path) -> bytes:
    """The bytes of a package.

    Raises:
        UsageError: no file, or one that is too large for a package.
    """
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise UsageError("package", f"{path.name} is too large for a package", place=str(path))
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            "package",
            f"{path.name} cannot be read: {error.strerror}",
            place=str(path),
            hint="give a file that `ecu-bundle pack` wrote",
        ) from error


def write_file(path: Path, data: bytes) -> None:
    """Writes a file that appears complete or not at all.

    Raises:
        UsageError: the place is a folder or inside a bundle, cannot be written, or has no room.
    """
    if path.is_dir():
        raise UsageError(
            "output", f"{path.name or path} is a folder", place=str(path), hint="give a file with -o"
        )
    require_outside_bundles(path)
    write_complete({path: data}, hint="choose a file in a place that can be written and has room, with -o")
