"""Read a pickle (``.pkl``, ``.joblib``), which is a program: only when trusted, and in a child process.

The child gets a fresh interpreter, an empty folder, an almost empty environment, limits and, where the
system can take it away, no network. It hands the object back as a skops file, which is read like any
other: through the allow-list. This process never unpickles anything.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from ecu_bundle.errors import InternalError, UnsupportedModelError, UsageError
from ecu_bundle.loading import limits
from ecu_bundle.loading.boosters import absent_package, package_missing
from ecu_bundle.loading.content import STAGE, Content, ModelFile, Options
from ecu_bundle.loading.skops import load_skops

CHILD_SCRIPT = Path(__file__).with_name("pickle_child.py")

_MAX_HEADER_BYTES = 1 << 16
_KEPT_VARIABLES = ("LD_LIBRARY_PATH",)
"""A Python that was built with a shared library may need it to start."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the child reports; written by code that may be hostile, so only text is taken from it."""

    ok: bool
    step: str
    error: str
    versions: tuple[str, ...]
    network: bool
    skops_bytes: bytes


def _printable(text: object, length: int = 300) -> str:
    return "".join(c if c.isprintable() else " " for c in str(text)[:length]).strip()


def _parse(stream: IO[bytes], place: str) -> _Answer:
    """The first line is a JSON header, the rest a skops file."""
    stream.seek(0)
    line = stream.readline(_MAX_HEADER_BYTES)
    try:
        header: dict[str, Any] = json.loads(line)
        return _Answer(
            ok=header["ok"] is True,
            step=_printable(header["step"]),
            error=_printable(header["error"]),
            versions=tuple(_printable(version, 40) for version in header["versions"][:8]),
            network=header["network"] is not False,
            skops_bytes=stream.read(limits.MAX_FILE_BYTES),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnsupportedModelError(
            STAGE,
            "the process that loaded the pickle ended without an answer",
            place=place,
            hint="the pickle does more than hold a model: do not trust it",
        ) from error


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    return {**kept, **threads, "HOME": folder, "TMPDIR": folder, "LC_ALL": "C.UTF-8"}


def _run_child(data: bytes, place: str) -> _Answer:
    """Run the child on the bytes and return its answer.

    Raises:
        UnsupportedModelError: it took too long, died, or answered nonsense.
    """
    command = [sys.executable, "-I", "-B", str(CHILD_SCRIPT)]
    command += [
        str(limits.CHILD_MEMORY_BYTES),
        str(int(limits.CHILD_SECONDS) + 1),
        str(limits.MAX_FILE_BYTES),
    ]
    with (
        tempfile.TemporaryDirectory(prefix="ecu-bundle-") as folder,
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as answer,
    ):
        given.write(data)
        given.seek(0)
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
        try:
            code = process.wait(limits.CHILD_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise UnsupportedModelError(
                STAGE,
                f"the pickle was not loaded within {limits.CHILD_SECONDS:g} s",
                place=place,
                hint="save the model with skops.io.dump",
            ) from error
        finally:
            # whatever the pickle started goes with it
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if code != 0:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise UnsupportedModelError(
                STAGE,
                f"the process that loaded the pickle died ({how})",
                place=place,
                hint="the file is damaged, hostile or too large; save the model with skops.io.dump",
            )
        return _parse(answer, place)


def load_pickle(file: ModelFile, options: Options) -> Content:
    """Load a trusted pickle.

    Raises:
        UsageError: the user does not vouch for pickles, or another scikit-learn wrote it.
        UnsupportedModelError: it cannot be loaded, or holds other types than the known ones.
        ToolMissingError: it holds a model of LightGBM or XGBoost, and the package is not installed.
    """
    if not options.trust_pickle:
        raise UsageError(
            STAGE,
            "a pickle can run any code while it is loaded, so it is not loaded without your word",
            place=file.place,
            hint="save the model with skops.io.dump, or vouch for it with --trust-pickle (make: TRUST=1)",
        )
    answer = _run_child(file.data, file.place)
    if answer.step == "start":
        raise InternalError(
            STAGE, f"the process for pickles does not start: {answer.error}", hint="run ecu-bundle doctor"
        )
    if not answer.ok:
        if package := absent_package(answer.error):
            raise package_missing(package, file.place)
        own = re.search(r"Can't get attribute '(\w+)' on <module '__main__'", answer.error)
        if own:
            raise UnsupportedModelError(
                STAGE,
                f"{own[1]} is of your own program, and the file has only its name, not its code",
                place=file.place,
                hint="put scikit-learn's own estimators in its place; code of yours is never converted",
            )
        written = ", ".join(version for version in (*answer.versions, file.declared_version) if version)
        cause = (
            "the pickle cannot be loaded" if answer.step == "unpickle" else "the object cannot be taken over"
        )
        raise UnsupportedModelError(
            STAGE,
            f"{cause}: {answer.error}" + (f" (written with scikit-learn {written})" if written else ""),
            place=file.place,
            hint="use scikit-learn's own estimators and the installed version; save with skops.io.dump",
        )
    restored = ModelFile(file.name, file.place, answer.skops_bytes, file.declared_version)
    content = load_skops(restored, options, written_with=answer.versions)
    notes: tuple[str, ...] = ("loaded from a pickle that the user trusts, in a process of its own",)
    if answer.network:
        notes += ("this system could not take the network away from that process",)
    return replace(content, trusted_pickle=True, notes=(*notes, *content.notes))
