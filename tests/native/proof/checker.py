"""CBMC from Debian 13, in the user's cache: it proves C programs for all inputs at once.

Debian 12 has none. The program is compared with a pinned digest each time; it brings its C library along,
so that it runs on an older Debian too.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ecu_bundle.building.debian_sources import binary_packages
from ecu_bundle.building.provision import default_cache_dir
from runtime.build import Outcome, run

VERSION = "6.6.0"
PACKAGES = ("cbmc", "minisat", "libc6", "libstdc++6", "libgcc-s1")
PROGRAM_SHA256 = "346f5ff6ef13aa49c187977edfc9ac86754ded0d12e9fc9fd6e3e4d8ef49e498"
"""Of `usr/bin/cbmc` in the package cbmc 6.6.0-4 for amd64."""

_LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib")


@dataclass(frozen=True, slots=True)
class Checker:
    """The unpacked packages."""

    folder: Path

    def check(self, program: Path, *options: str, seconds: float) -> Outcome:
        """Looks at `main` of a C program for 64 bits; status 0: proved, 10: some check can fail."""
        loader = self.folder / _LIBRARIES[0] / "ld-linux-x86-64.so.2"
        libraries = ":".join(str(self.folder / path) for path in _LIBRARIES)
        # Arrays up to this size are taken apart, so that what is known of their elements is not lost.
        options = ("--64", "--max-field-sensitivity-array-size", "256", *options)
        command = (loader, "--library-path", libraries, self.folder / "usr/bin/cbmc", program)
        return run([*command, *options], seconds=seconds)


def checker(cache_dir: Path | None = None) -> Checker:
    """The pinned program, fetched where the cache does not have it."""
    cache = cache_dir or default_cache_dir()
    folder = cache / "cbmc" / PROGRAM_SHA256[:16]
    if not _is_pinned(folder):
        _unpack(binary_packages(PACKAGES, cache, content=f"CBMC {VERSION}"), folder)
        assert _is_pinned(folder), "the fetched CBMC is not the pinned one"
    return Checker(folder)


def _is_pinned(folder: Path) -> bool:
    program = folder / "usr/bin/cbmc"
    return program.is_file() and hashlib.sha256(program.read_bytes()).hexdigest() == PROGRAM_SHA256


def _unpack(archives: list[bytes], folder: Path) -> None:
    """The folder appears whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        ready = Path(name) / "ready"
        for position, archive in enumerate(archives):
            package = Path(name) / f"{position}.deb"
            package.write_bytes(archive)
            subprocess.run(["dpkg-deb", "-x", package, ready], check=True)
        if folder.exists():
            shutil.rmtree(folder)
        ready.rename(folder)
