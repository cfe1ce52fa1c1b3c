"""Reading the ``INTEGRATION.md`` of a bundle as an integrator does: copy, paste, run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path


def command(*words: str | Path, folder: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """Output of a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True, slots=True)
class Guide:
    """``INTEGRATION.md`` of a bundle: what stands below a heading, as a reader would copy it."""

    bundle: Path

    def block(self, heading: str, language: str) -> str:
        """The first code block of a language below a heading."""
        page = (self.bundle / "INTEGRATION.md").read_text(encoding="utf-8")
        _, _, rest = page.partition(f"# {heading}\n")
        fences = re.finditer(r"^(#+ )|^```(\w+)\n(.*?)^```$", rest, re.M | re.S)
        blocks = takewhile(lambda found: not found[1], fences)  # up to the next heading
        return next(found[3] for found in blocks if found[2] == language)

    def project(self, folder: Path, heading: str) -> None:
        """The layout that the guide shows, with the files that it prints."""
        shutil.copytree(self.bundle, folder / self.bundle.name, symlinks=True)
        (folder / "CMakeLists.txt").write_text(self.block(heading, "cmake"), encoding="utf-8")
        (folder / "main.cpp").write_text(self.block("Call it from C++", "cpp"), encoding="utf-8")
        (folder / "main.c").write_text(self.block("Call it from C", "c"), encoding="utf-8")
