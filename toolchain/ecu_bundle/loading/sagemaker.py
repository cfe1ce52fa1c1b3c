"""Take the model file out of a SageMaker ``model.tar.gz``, in memory and without trusting the archive.

``model.joblib`` is a habit, not a contract: the member is named by the user or is the only candidate.
Scripts below ``code/`` are never looked at.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from pathlib import PurePosixPath
from typing import IO, cast

from ecu_bundle.errors import UnsupportedModelError, UsageError
from ecu_bundle.loading import limits
from ecu_bundle.loading.content import STAGE, ModelFile
from ecu_bundle.loading.detect import name_kind


class _TooLargeError(Exception):
    """More bytes came out of the archive than allowed."""


class _Capped(io.RawIOBase):
    """A reader that stops a decompression bomb."""

    def __init__(self, stream: IO[bytes], packed_bytes: int) -> None:
        super().__init__()
        self._stream = stream
        self._left = min(
            limits.MAX_UNPACKED_BYTES,
            max(limits.RATIO_FREE_BYTES, packed_bytes * limits.MAX_COMPRESSION_RATIO),
        )

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise _TooLargeError
        return data


def _refuse(cause: str, place: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        STAGE, cause, place=place, hint="do not use this archive; pack the model file alone"
    )


def _checked_name(info: tarfile.TarInfo, place: str) -> str:
    """The member's name without ``./``; an error when the member could do harm on extraction."""
    shown = f"{place}: {info.name!r}"
    path = PurePosixPath(info.name)
    if path.is_absolute() or ".." in path.parts or "\\" in info.name or "\0" in info.name:
        raise _refuse("a member of the archive has a path that leaves the archive", shown)
    if info.issym() or info.islnk():
        raise _refuse("the archive holds a link", shown)
    if not (info.isreg() or info.isdir()) or info.issparse():
        raise _refuse("the archive holds something that is neither a file nor a folder", shown)
    return str(path)


def _is_candidate(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") for part in path.parts)
    return path.parts[:1] != ("code",) and not hidden and name_kind(name) in ("skops", "pickle", "onnx")


def _read_members(data: bytes, place: str) -> dict[str, bytes]:
    """Candidate members by name. The whole archive is read, so that its checksum is verified."""
    raw: IO[bytes] = io.BytesIO(data)
    if data[:2] == b"\x1f\x8b":
        raw = cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    stream = _Capped(raw, len(data))
    members: dict[str, bytes] = {}
    seen: set[str] = set()
    with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive:
        for info in archive:
            name = _checked_name(info, place)
            if info.isdir():
                continue
            if name in seen:
                raise _refuse("the archive holds the same name twice", f"{place}: {name!r}")
            seen.add(name)
            if len(seen) > limits.MAX_TAR_MEMBERS:
                raise _refuse(f"the archive holds more than {limits.MAX_TAR_MEMBERS} members", place)
            content = archive.extractfile(info) if _is_candidate(name) else None
            if content is not None:
                members[name] = content.read()
    stream.read()
    return members


def find_model(file: ModelFile, member: str | None) -> ModelFile:
    """The model file inside a tar archive, plain or gzip.

    Args:
        file: the archive.
        member: name of the wanted member; None when there is only one candidate.

    Raises:
        UnsupportedModelError: truncated, corrupt or dangerous archive, or no model inside.
        UsageError: several candidates and no choice, or a choice that is not there.
    """
    try:
        members = _read_members(file.data, file.place)
    except _TooLargeError as error:
        raise _refuse(
            "the archive unpacks to more than is allowed (a decompression bomb?)", file.place
        ) from error
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, OverflowError) as error:
        raise UnsupportedModelError(
            STAGE, f"the archive is corrupt or truncated: {error}", place=file.place, hint="copy it again"
        ) from error
    listed = ", ".join(sorted(members))
    if not members:
        raise UnsupportedModelError(
            STAGE,
            "the archive holds no model file (.joblib, .pkl, .skops or .onnx outside code/)",
            place=file.place,
            hint="pack the model file that the training job saved",
        )
    if member is not None:
        chosen = str(PurePosixPath(member))
        if chosen not in members:
            raise UsageError(
                STAGE,
                f"the archive holds no model file {member!r}",
                place=file.place,
                hint=f"choose one of: {listed}",
            )
    elif len(members) > 1:
        raise UsageError(
            STAGE,
            f"the archive holds {len(members)} model files: {listed}",
            place=file.place,
            hint="name one with --member",
        )
    else:
        chosen = next(iter(members))
    return ModelFile(PurePosixPath(chosen).name, f"{file.place}: {chosen}", members[chosen])
