"""Which runtime files a bundle carries, and how its code is compiled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from posixpath import normpath

from ecu_bundle.artifacts import Engine
from ecu_bundle.errors import InternalError
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

# Folders of runtime/src that are carried whole, beside its top level.
_PARTS: dict[Engine, tuple[str, ...]] = {"ort": ("image", "ort"), "native": ("image", "update", "port")}

# Sources of ecu::update that need the library of a kind of signature, as in cmake/update.cmake.
_SIGNATURES = {"ed25519": ("monocypher", ("ed25519", "sha512")), "p256": ("p256-m", ("p256",))}
_SIGNATURE_SOURCES = frozenset(
    f"src/ecu/update/{name}.cpp" for name in ("any_signature", "ed25519", "p256", "sha512")
)
_POSIX_SOURCES = "src/ecu/port/"

# The native engine without its kernels.
_NATIVE_CORE = ("native/engine.cpp", "native/kernel_table.cpp", "native/program.cpp", "native/scope.cpp")
_INCLUDE = re.compile(rb'^#include "([^"]+)"', re.MULTILINE)

_PAGE = re.compile(rb"(?:\bdocs/|\]\()(\w+\.md)")

PRIVATE_INCLUDES = ("src/ecu",)
"""Include directories of the bundle's own sources, beside ``include``."""

ENGINE_TABLES: dict[Engine, str] = {"ort": "ecu_engine_ort", "native": "ecu_engine_native"}
"""Symbol that links an engine; see ``runtime/src/engine.h``."""


def runtime_files(engine: Engine, kernels: Sequence[str] = ()) -> dict[str, bytes]:
    """Runtime headers under ``include/`` and sources under ``src/ecu/``, by bundle path.

    Args:
        engine: the engine that the bundle carries.
        kernels: kernels of the native engine that its model names; no others are carried.
    """
    files = {f"include/{path}": data for path, data in tree("runtime/include").items()}
    available = tree("runtime/src")
    native = _native_files(available, kernels) if engine == "native" else frozenset()
    for path, data in available.items():
        folder = PurePosixPath(path).parts[0] if "/" in path else ""
        if not folder or folder in _PARTS[engine] or path in native:
            files[f"src/ecu/{path}"] = data
    return files


def _native_files(available: Mapping[str, bytes], kernels: Sequence[str]) -> frozenset[str]:
    """The engine, the kernels, and what they include: a header brings the source of its name along.

    A function of ``math/`` has a source for each precision; a kernel in f64 takes the one in double.
    """
    found: set[tuple[str, bool]] = set()
    waiting = [(path, False) for path in _NATIVE_CORE]
    waiting += [(f"native/kernels/{name}.cpp", name.endswith("_f64")) for name in kernels]
    while waiting:
        path, double = waiting.pop()
        if (path, double) in found:
            continue
        if path not in available:
            raise InternalError("generate", "a source of the native engine is missing", place=path)
        found.add((path, double))
        if path.endswith(".h"):
            stem = path.removesuffix(".h")
            sources = [f"{stem}_double.cpp"] if double else []
            source = next((s for s in (*sources, f"{stem}.cpp") if s in available), "")
            waiting += [(source, double)] if source.startswith("native/") else []
        folder = PurePosixPath(path).parent
        for name in _INCLUDE.findall(available[path]):
            included = normpath(folder / name.decode())
            waiting += [(included, double)] if included in available else []
    return frozenset(path for path, _ in found)


def cited_pages(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The pages of ``docs/`` that these files of a bundle or those pages cite, and the one on porting."""
    pages = tree("docs")
    cited = {name.decode() for data in files.values() for name in _PAGE.findall(data)} | {"porting.md"}
    waiting = sorted(cited)
    while waiting:
        linked = {name.decode() for name in _PAGE.findall(pages[waiting.pop()])} - cited
        cited |= linked
        waiting += sorted(linked)
    return {f"docs/{name}": pages[name] for name in sorted(cited)}


def library_sources(paths: Iterable[str]) -> list[str]:
    """Sources of the library of a bundle, without those of ``ecu::update``."""
    return sorted(
        path
        for path in paths
        if path.endswith(".cpp") and not path.startswith(("src/ecu/update/", _POSIX_SOURCES))
    )


def update_sources(paths: Iterable[str]) -> list[str]:
    """Sources of ``ecu::update`` that need nothing else; empty for a bundle without it."""
    return sorted(
        path
        for path in paths
        if path.startswith("src/ecu/update/") and path.endswith(".cpp") and path not in _SIGNATURE_SOURCES
    )


def update_test_files(signature: str) -> dict[str, bytes]:
    """The program that tries ``ecu::update`` on a target, and its package with such a signature, by path."""
    files = tree("templates/cpp/update")
    return {
        "tests/update_install.cpp": files["update_install.cpp"],
        "tests/update_package.h": files[f"update_package_{signature}.h"],
    }


def update_example() -> dict[str, bytes]:
    """A complete program around ``ecu::update``, to be copied, by path in a bundle."""
    folder = "examples/update/ecu"
    return {f"{folder}/{name}": data for name, data in tree(folder).items()}


def _update_sections(update: Sequence[str], signature: str) -> dict[str, Sequence[str]]:
    """The part of ``sources.txt`` about ``ecu::update``, with the check of one kind of signature or none."""
    if not update:
        return {}
    if not signature:
        return {"update_sources": update}
    library, names = _SIGNATURES[signature]
    return {
        "update_sources": sorted([*update, *(f"src/ecu/update/{name}.cpp" for name in names)]),
        "update_c_sources": (f"third_party/{library}/{library}.c",),
        "update_include_directories": (f"third_party/{library}",),
    }


def source_list(
    banner: str,
    sources: Sequence[str],
    update: Sequence[str],
    onnxruntime: OnnxRuntimeFacts | None,
    *,
    section: str = "",
    signature: str = "",
) -> bytes:
    """``sources.txt``: what a build system other than CMake must know, one item a line.

    Args:
        banner: first comment line.
        sources: files to compile, relative to the bundle.
        update: those of ``ecu::update``, for programs that install packages.
        onnxruntime: facts of the library; None for an engine without it.
        section: of the model image in a linked program; empty for that of other constants.
        signature: kind of signature that update packages have; empty where the bundle has no library for one.
    """
    ort = onnxruntime
    placed = (f'ECU_MODEL_SECTION="{section}"',) if section else ()
    sections: dict[str, Sequence[str]] = {
        "sources": sources,
        **_update_sections(update, signature),
        "include_directories": ("include", *PRIVATE_INCLUDES),
        "defines": (f'ECU_ORT_LIBRARY="{ort.file_name}"', f'ECU_ORT_VERSION="{ort.version}"')
        if ort
        else placed,
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
