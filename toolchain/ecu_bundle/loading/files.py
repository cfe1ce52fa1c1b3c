"""Read a file that a user named, with an error that says what is wrong with it."""

from __future__ import annotations

import stat
from pathlib import Path

from ecu_bundle.errors import UnsupportedModelError, UsageError
from ecu_bundle.loading import limits
from ecu_bundle.loading.content import STAGE


def is_folder(path: Path) -> bool:
    """Whether a path names a folder; False also for paths that cannot exist."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def read_file(path: Path, *, max_bytes: int | None = None) -> bytes:
    """The bytes of a regular file.

    Args:
        path: the file; a link to a file is followed.
        max_bytes: size limit, `limits.MAX_FILE_BYTES` when None.

    Raises:
        UsageError: missing, not readable, or not a regular file.
        UnsupportedModelError: larger than the limit.
    """
    limit = limits.MAX_FILE_BYTES if max_bytes is None else max_bytes
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(STAGE, "not a file", place=str(path), hint="give a model file")
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError as error:
        raise UsageError(STAGE, "no such file", place=str(path), hint="check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            STAGE, f"the file cannot be read: {reason}", place=str(path), hint="check the path and its rights"
        ) from error
    if len(data) > limit:
        raise UnsupportedModelError(
            STAGE,
            f"the file is larger than {limit} bytes",
            place=str(path),
            hint="a model for an ECU is far smaller; check that this is the right file",
        )
    return data
