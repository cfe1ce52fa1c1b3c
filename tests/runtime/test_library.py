"""The runtime as the library that CMake builds: symbols, sections, and which engines a program gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .build import CHECKOUT, PROGRAMS, RUNTIME, SOURCES, compile_program, run, succeed
from .models import mixed_image, patch

ALLOWED = {
    # C library of every compiler
    *("memchr", "memcmp", "memcpy", "memmove", "memset"),
    # the loader and the environment, ort engine only
    *("dlclose", "dlerror", "dlopen", "dlsym", "setenv", "strcmp"),
    # made by compilers
    *("_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"),
}
ORT_ONLY = {"dlclose", "dlerror", "dlopen", "dlsym", "setenv", "strcmp"}
OF_OBJECTS = {
    "engine.cpp": ORT_ONLY,
    "library.cpp": ORT_ONLY,
    "file_flash.cpp": {"close", "fstat", "fsync", "mmap", "munmap", "open", "pread", "pwrite"},  # POSIX
}
"""What single objects may call besides."""

NEED_A_LIBRARY = {f"update/{name}.cpp" for name in ("any_signature", "ed25519", "p256", "sha512")}
"""Signatures, which tests/packages compiles with the libraries that they need."""

ENGINE_MISSING = "32"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("cmake")
    settings = ("-DCMAKE_BUILD_TYPE=Release", "-DECU_WARNINGS_AS_ERRORS=ON", "-DECU_BUILD_BINDINGS=OFF")
    succeed(["cmake", "-G", "Ninja", "-S", CHECKOUT, "-B", build, *settings])
    succeed(["cmake", "--build", build])
    return build / "runtime" / "libecu_runtime.a"


def _undefined(path: Path) -> dict[str, set[str]]:
    """Undefined symbols of each object that no other object of the library defines."""
    defined = set(re.findall(r"^[0-9a-f]+ [A-TVW-Z] (\S+)", succeed(["nm", path]), re.MULTILINE))
    objects: dict[str, set[str]] = {}
    name = ""
    for line in succeed(["nm", "-u", path]).splitlines():
        if line.endswith(":"):
            name = line[:-1].removesuffix(".o")
        elif line.strip():
            objects.setdefault(name, set()).add(line.split()[-1])
    return {name: symbols - defined for name, symbols in objects.items()}


def test_symbol_gate(library: Path) -> None:
    """No heap, exceptions, RTTI or libm: nothing but the listed functions is called."""
    objects = _undefined(library)
    assert {"model.cpp", "engine.cpp", "library.cpp", "reader.cpp", "sha256.cpp"} <= set(objects)
    for name, symbols in objects.items():
        assert symbols <= (ALLOWED - ORT_ONLY) | OF_OBJECTS.get(name, set()), name


def test_the_gate_sees_the_heap(tmp_path: Path) -> None:
    source = tmp_path / "heap.cpp"
    source.write_text("int* make();\nint* make() { return new int(1); }\n")
    succeed(["g++", "-fno-exceptions", "-c", source, "-o", tmp_path / "heap.o"])
    assert any(not symbols <= ALLOWED for symbols in _undefined(tmp_path / "heap.o").values())


def test_nothing_is_global(library: Path) -> None:
    """No writable data and no code that runs before main."""
    for line in succeed(["objdump", "-h", library]).splitlines():
        words = line.split()
        if len(words) > 3 and words[0].isdigit():
            section, size = words[1], int(words[2], 16)
            assert not section.startswith((".init_array", ".ctors", ".tdata", ".tbss"))
            if section.startswith((".data", ".bss")) and not section.startswith(".data.rel.ro"):
                assert size == 0, section


def test_the_tests_compile_what_cmake_compiles() -> None:
    text = (RUNTIME / "CMakeLists.txt").read_text()
    assert sorted(re.findall(r"src/(\S+\.cpp)", text)) == sorted(SOURCES)
    on_disk = [path.relative_to(RUNTIME / "src").as_posix() for path in (RUNTIME / "src").rglob("*.cpp")]
    # The native engine has tests of its own: tests/native.
    ours = {name for name in on_disk if not name.startswith("native/")}
    assert ours - NEED_A_LIBRARY == set(SOURCES)
    assert ours >= NEED_A_LIBRARY


@pytest.mark.parametrize(
    ("engines", "ort_found", "native_found"),
    [
        ((), False, False),
        (("ORT",), True, False),
        (("NATIVE",), False, True),
        (("ORT", "NATIVE"), True, True),
    ],
)
def test_a_program_gets_the_engines_that_its_bundles_name(
    library: Path, tmp_path: Path, engines: tuple[str, ...], *, ort_found: bool, native_found: bool
) -> None:
    """With one library for all."""
    images = [tmp_path / "ort.ecui", tmp_path / "native.ecui"]
    images[0].write_bytes(mixed_image().data)
    images[1].write_bytes(patch(mixed_image(), 6, b"\2").data)
    program = compile_program(
        tmp_path / "program",
        [PROGRAMS / "two_bundles.c"],
        flags=[f"-DECU_TEST_{name}" for name in engines],
        libraries=[library],
    )
    statuses = run([program, *images], env={"HOME": str(tmp_path)}).values("status")
    # ONNX Runtime is not on the path: the engine is there when it misses its library.
    # The native engine is there when it refuses the ONNX file.
    assert statuses == ["48" if ort_found else ENGINE_MISSING, "20" if native_found else ENGINE_MISSING]
