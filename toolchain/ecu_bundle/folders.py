"""What is written appears complete or not at all: the folder of a bundle, and single files of results.

Also the temporary folder of a build, and the places where nothing may be written.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ecu_bundle.errors import BundleError, UsageError
from ecu_bundle.manifest import OUR_FOLDERS_OF_USERS, is_bundle, read_manifest, unlisted_files

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_TEXTS = ("No space left on device", "Disk quota exceeded")
_LISTED = 5
_KEY_BYTES = 1 << 16
"""A key file has a few hundred."""


def require_free(output: Path) -> None:
    """Lets a build go on only where nothing but an older bundle can be lost.

    Raises:
        UsageError: the place is a file, holds something that is not a bundle, or a bundle with files
            that are not part of it, or cannot be looked at.
    """
    require_outside_bundles(output)
    try:
        is_file = output.exists() and not output.is_dir()
        is_taken = output.is_dir() and any(output.iterdir()) and not is_bundle(output)
        foreign = [] if is_file or is_taken or not is_bundle(output) else _foreign(output)
    except OSError as error:
        raise unwritable(output, error) from error
    if is_file:
        raise UsageError("output", f"{output} is a file", hint="choose another folder with -o")
    if is_taken:
        raise UsageError(
            "output",
            f"the folder {output} holds something that is not a bundle",
            hint="choose an empty or new folder with -o",
        )
    if foreign:
        more = f" and {len(foreign) - _LISTED} more" if len(foreign) > _LISTED else ""
        raise UsageError(
            "output",
            f"the bundle in {output} holds files that are not part of it: replacing it would delete them",
            place=", ".join(foreign[:_LISTED]) + more,
            hint="move them elsewhere, or choose another folder with -o",
        )


def require_outside_bundles(place: Path, *, filled: bool = False) -> None:
    """Refuses a place inside a bundle, whose files are all listed in its manifest.

    Args:
        place: of a file or folder that is to be made.
        filled: the place is a folder that gets files, and may not be a bundle itself.

    Raises:
        UsageError: names the bundle. Its folder ``build`` is the user's own and no such place.
    """
    real = Path(os.path.realpath(place))  # a loop of links is no error here
    for folder in (real, *real.parents) if filled else real.parents:
        first = real.relative_to(folder).parts[:1]
        if first not in [(name,) for name in OUR_FOLDERS_OF_USERS] and _holds_bundle(folder):
            raise UsageError(
                "output",
                f"the place lies inside the bundle {folder.name}, which would no longer verify",
                place=str(place),
                hint="choose a place outside the bundle with -o",
            )


def _holds_bundle(folder: Path) -> bool:
    try:
        return is_bundle(folder)
    except OSError:  # may not be looked at, so nothing will be written below it either
        return False


def write_complete(files: Mapping[Path, bytes], *, hint: str) -> None:
    """Writes files that appear complete or not at all; none appears when one cannot be written.

    Folders are made as needed. A device such as ``/dev/stdout`` is written as it is. A private key is
    never replaced. Whether the place is inside a bundle is the caller's business: see
    `require_outside_bundles`.

    Args:
        files: content by place.
        hint: what the user can do about a place that cannot be written.

    Raises:
        UsageError: a place is a folder or a private key, cannot be written or has no room.
    """
    for path in files:
        require_no_private_key(path)
    fresh: dict[Path, Path] = {}
    made: list[Path] = []
    path = Path()
    try:
        for index, (path, data) in enumerate(files.items()):
            if path.exists() and not path.is_file():
                path.write_bytes(data)
                continue
            real = path.resolve()  # a link stays, what it points to is replaced
            made += _make_folders(real.parent)
            temporary = real.parent / f".{real.name[:100]}.{index}.{secrets.token_hex(8)}"
            fresh[temporary] = real
            with temporary.open("xb") as file:  # a name that nobody can guess, and no link is followed
                file.write(data)
        for temporary, path in fresh.items():
            temporary.replace(path)
        made.clear()
    except OSError as error:
        raise UsageError(
            "output", f"{path.name} cannot be written: {error.strerror or error}", place=str(path), hint=hint
        ) from error
    finally:
        with suppress(OSError):  # a file where a folder is expected, or a folder that is not empty
            for temporary in fresh:
                temporary.unlink(missing_ok=True)
            for folder in reversed(made):
                folder.rmdir()


def require_no_private_key(place: Path) -> None:
    """Refuses a place where a private key in PEM lies, whatever its name.

    Raises:
        UsageError: names it.
    """
    try:
        if not place.is_file():
            return
        with place.open("rb") as file:
            start = file.read(_KEY_BYTES)
    except OSError:  # may not be read; whether it may be replaced shows
        return
    if b"PRIVATE KEY-----" in start:
        raise UsageError(
            "output",
            f"{place.name} is a private key, which is never replaced",
            place=str(place),
            hint="choose another file with -o",
        )


def _make_folders(folder: Path) -> list[Path]:
    """Makes a folder and those above it; gives the new ones, the outermost first."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _foreign(bundle: Path) -> list[str]:
    return unlisted_files(bundle, read_manifest(bundle))


@contextmanager
def fresh_folder(output: Path) -> Iterator[Path]:
    """A temporary folder that takes the place of the output at the end, or vanishes.

    Raises:
        UsageError: the place cannot be written.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    except OSError as error:
        raise unwritable(output, error) from error
    try:
        folder.chmod(0o755)
        yield folder
        try:
            _replace(folder, output)
        except OSError as error:
            raise unwritable(output, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replace(folder: Path, output: Path) -> None:
    """Renames the folder to its place; an older bundle there disappears only after that."""
    if not output.exists():
        folder.rename(output)
        return
    with tempfile.TemporaryDirectory(prefix=f".{output.name}.old.", dir=output.parent) as old:
        kept = Path(old) / "bundle"
        try:
            output.rename(kept)
            folder.rename(output)
        finally:
            # also after an interrupt between the two: without a new bundle the old one stays
            if not output.exists() and kept.exists():
                kept.rename(output)


def write_files(folder: Path, files: Mapping[str, bytes], *, output: Path) -> None:
    """Writes files below a folder, making folders as needed.

    Args:
        folder: where to write.
        files: content by path.
        output: the place that the user chose, for the error.

    Raises:
        UsageError: the folder cannot be written, or the disk is full.
    """
    try:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        raise unwritable(output, error) from error


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for what compilers and test programs write; it vanishes at the end.

    Raises:
        UsageError: there is no place for temporary files, or it has no room.
    """
    try:
        temporary = tempfile.TemporaryDirectory(prefix="ecu-bundle-")
    except OSError as error:
        raise _no_scratch(error.strerror or str(error)) from error
    with temporary as name:
        try:
            yield Path(name)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise _no_scratch(error.strerror or str(error)) from error
        except BundleError as error:
            full = next((text for text in _FULL_TEXTS if text in error.place), None)
            if full is None:
                raise
            raise _no_scratch(full) from error


def _no_scratch(reason: str) -> UsageError:
    return UsageError(
        "build",
        f"the folder for temporary files cannot be used: {reason}",
        place=_temporary_place(),
        hint="make room there, or set TMPDIR to a folder with a few hundred megabytes free",
    )


def _temporary_place() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return "TMPDIR"


def unwritable(output: Path, error: OSError) -> UsageError:
    """The error of a place that cannot be written."""
    return UsageError(
        "output",
        f"the bundle cannot be written: {error.strerror or error}",
        place=str(output),
        hint="choose a folder that can be written and has room, with -o; nothing was left behind",
    )
