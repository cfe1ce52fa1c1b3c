"""Which runtime files a bundle carries, and how its code is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from ecu_bundle.artifacts import Engine
from ecu_bundle.generation.options import OnnxRuntimeFacts
from ecu_bundle.generation.templates import tree

CODE_FLAGS = ("-ffp-contract=off", "-fno-exceptions", "-fno-rtti", "-ffunction-sections", "-fdata-sections")
"""Flags that are part of the contract: results and size depend on them."""

WARNING_FLAGS = (
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wdouble-promotion",
    "-Wold-style-cast",
    "-Wshadow",
)

# Folders of runtime/src beside its top level that each engine needs.
_PARTS: dict[Engine, tuple[str, ...]] = {"ort": ("image", "ort"), "native": ("image", "native")}

PRIVATE_INCLUDES = ("src/ecu",)
"""Include directories of the bundle's own sources, beside ``include``."""

ENGINE_TABLES: dict[Engine, str] = {"ort": "ecu_engine_ort", "native": "ecu_engine_native"}
"""Symbol that links an engine; see ``runtime/src/engine.h``."""


def runtime_files(engine: Engine) -> dict[str, bytes]:
    """Runtime headers under ``include/`` and sources under ``src/ecu/``, by bundle path."""
    files = {f"include/{path}": data for path, data in tree("runtime/include").items()}
    for path, data in tree("runtime/src").items():
        folder = PurePosixPath(path).parts[0] if "/" in path else ""
        if not folder or folder in _PARTS[engine]:
            files[f"src/ecu/{path}"] = data
    return files


def source_list(banner: str, sources: Sequence[str], onnxruntime: OnnxRuntimeFacts | None) -> bytes:
    """``sources.txt``: what a build system other than CMake must know, one item a line.

    Args:
        banner: first comment line.
        sources: files to compile, relative to the bundle.
        onnxruntime: facts of the library; None for an engine without it.
    """
    ort = onnxruntime
    sections: dict[str, Sequence[str]] = {
        "sources": sources,
        "include_directories": ("include", *PRIVATE_INCLUDES),
        "defines": (f'ECU_ORT_LIBRARY="{ort.file_name}"', f'ECU_ORT_VERSION="{ort.version}"') if ort else (),
        "flags": ("-std=c++17", *CODE_FLAGS),
        "libraries": ("dl",) if ort else (),
        "runtime_files": (f"third_party/onnxruntime/lib/{ort.file_name}",) if ort else (),
    }
    lines = [
        f"# {banner}",
        "# What a build system other than CMake compiles. Paths are relative to this file.",
        "# Two bundles in one program: the sources under src/ecu once, the others of each bundle.",
    ]
    for name, items in sections.items():
        lines += ["", f"[{name}]", *items]
    return ("\n".join(lines) + "\n").encode()
