"""Packages in files."""

from __future__ import annotations

import os
from pathlib import Path

from ecu_bundle.errors import UsageError
from ecu_bundle.folders import require_no_private_key, require_outside_bundles, write_complete
from ecu_bundle.packaging.layout import HEADER_LIMIT
from ecu_bundle.packaging.refusals import PackageError
from ecu_bundle.packaging.template import read_header


def read_file(path: Path) -> bytes:
    """The bytes of a package; of what is none, or goes on behind it, only as many as show that.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(HEADER_LIMIT + 1)
            try:
                header = read_header(data, allow_unsigned=True)
            except PackageError:
                return data
            end = header.size + header.manifest.payload_size
            return data + file.read(max(0, end + 1 - len(data)))
    except OSError as error:
        raise UsageError(
            "package",
            f"{path.name} cannot be read: {error.strerror}",
            place=str(path),
            hint="give a file that `ecu-bundle pack` wrote",
        ) from error


def require_apart(output: Path, *inputs: Path | None) -> None:
    """Lets a command write only where it loses none of the files that it was given.

    Raises:
        UsageError: the output is one of the inputs, or a private key.
    """
    for one in inputs:
        if one is not None and _is_same(output, one):
            raise UsageError(
                "output",
                f"{output.name} is read by this command and would be lost",
                place=str(output),
                hint="choose another file with -o",
            )
    require_no_private_key(output)


def _is_same(output: Path, other: Path) -> bool:
    """Whether both are one file by any of its names; a terminal or another device is none."""
    try:
        return output.is_file() and output.samefile(other)
    except OSError:
        return os.path.abspath(output) == os.path.abspath(other)  # noqa: PTH100 - follows no links


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
