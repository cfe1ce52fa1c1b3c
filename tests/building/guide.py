"""Reading the ``INTEGRATION.md`` of a bundle as an integrator does: copy, paste, run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
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
        section = re.split(r"\n#+ ", page.split(f"# {heading}\n")[1])[0]
        return section.split(f"```{language}\n")[1].split("```")[0]

    def project(self, folder: Path, heading: str) -> None:
        """The layout that the guide shows, with the files that it prints."""
        shutil.copytree(self.bundle, folder / self.bundle.name, symlinks=True)
        (folder / "CMakeLists.txt").write_text(self.block(heading, "cmake"), encoding="utf-8")
        (folder / "main.cpp").write_text(self.block("Call it from C++", "cpp"), encoding="utf-8")
        (folder / "main.c").write_text(self.block("Call it from C", "c"), encoding="utf-8")
