"""Worst-case stack of a bundle, from the call graphs that GCC writes (``-fcallgraph-info=su``).

Engine and kernels are called through pointers. Such a call counts as a call of the deepest function that
could be meant: from the device API those of the engine, from the engine the kernels, from a kernel the inner
functions of kernels. That makes an upper bound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ecu_bundle.building.driver import BuildResult
from ecu_bundle.errors import InternalError, VerificationError

_NODE: Final = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"', re.MULTILINE)
_EDGE: Final = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', re.MULTILINE)
_FRAME: Final = re.compile(r"\\n(\d+) bytes \(([^)]+)\)")
_POINTER: Final = "__indirect_call"
_OPEN: Final = "ecu_model_open"
_RUN: Final = "ecu_model_run"

# What a function is called as, by its parameters; the first match decides.
_ROLES: Final = (
    ("engine open", re.compile(r"ModelState&.*Arena&")),
    ("engine run", re.compile(r"run\(ecu::ModelState&, const void\*")),
    ("kernel run", re.compile(r"Operation&.*Frame&")),
    ("kernel check", re.compile(r"Operation&.*Scope&")),
)


@dataclass(frozen=True, slots=True)
class Stack:
    """Bytes of stack below the caller of the device API.

    Attributes:
        open, run: of ``ecu_model_open`` and ``ecu_model_run``, an upper bound.
        uncounted: functions of the compiler's library and of libc whose own frames are not known.
    """

    open: int
    run: int
    uncounted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Function:
    frame: int
    role: str
    calls: tuple[str, ...]
    file: str


def worst_stack(build: BuildResult) -> Stack | None:
    """The bound for a bundle of the native engine; None where the compiler wrote no call graphs.

    Raises:
        VerificationError: a frame has no bound, or a function calls itself.
    """
    graphs = {path.with_suffix(".ci") for path in build.objects}
    if not all(path.is_file() for path in graphs):
        return None
    return stack_of({path.as_posix(): path.read_text(encoding="utf-8") for path in sorted(graphs)})


def stack_of(graphs: Mapping[str, str]) -> Stack:
    """The bound from the texts of call graphs by file.

    Raises:
        VerificationError: a frame has no bound, or a function calls itself.
        InternalError: a call through a pointer has no known destination, or an entry of the device API is
            in no graph.
    """
    functions, named = _functions(graphs)
    lost = [name for name in (_OPEN, _RUN) if name not in functions]
    if lost:
        raise InternalError("stack", f"no frame is known of {' and '.join(lost)}", place=", ".join(graphs))
    uncounted = sorted(named - functions.keys() - {_POINTER})
    return Stack(
        open=_depth(_OPEN, functions, ()),
        run=_depth(_RUN, functions, ()),
        uncounted=tuple(name for name in uncounted if "/" not in name),
    )


def stack_below(
    graphs: Mapping[str, str], entry: str, pointers: Mapping[str, int] = MappingProxyType({})
) -> int:
    """Bytes of stack of a function, from texts of call graphs by file.

    Args:
        graphs: the texts.
        entry: symbol of the function.
        pointers: what a call through a pointer takes, by the file that it is in.

    Raises:
        VerificationError: a frame has no bound, or a function calls itself.
        InternalError: it is in no graph, or something is called through a pointer in another file.
    """
    functions, _ = _functions(graphs)
    if entry not in functions:
        raise InternalError("stack", f"no frame is known of {entry}", place=", ".join(graphs))
    for name, function in list(functions.items()):
        if function.file in pointers:
            called = f"pointer in {function.file}"
            functions[called] = _Function(pointers[function.file], "", (), function.file)
            calls = tuple(called if call == _POINTER else call for call in function.calls)
            functions[name] = replace(function, calls=calls)
    return _depth(entry, functions, ())


def _functions(graphs: Mapping[str, str]) -> tuple[dict[str, _Function], set[str]]:
    """Every function with a frame, and all that are named."""
    functions: dict[str, _Function] = {}
    named: set[str] = set()
    for file, text in graphs.items():
        calls: dict[str, list[str]] = {}
        for source, target in _EDGE.findall(text):
            calls.setdefault(source, []).append(target)
        for title, label in _NODE.findall(text):
            found = _FRAME.search(label)
            named.add(title)
            if found is None:
                continue
            if found[2] != "static":
                raise VerificationError("stack", f"a frame without bound: {label}", place=Path(file).name)
            role = next((role for role, pattern in _ROLES if pattern.search(label)), "inner")
            functions[title] = _Function(int(found[1]), role, tuple(calls.get(title, ())), file)
    return functions, named


def _depth(name: str, functions: Mapping[str, _Function], path: tuple[str, ...]) -> int:
    """Deepest stack from this function on."""
    function = functions.get(name)
    if function is None:
        return 0
    if name in path:
        raise VerificationError("stack", "a function calls itself", place=" -> ".join((*path, name)))
    path = (*path, name)
    deepest = 0
    for call in function.calls:
        if call != _POINTER:
            deepest = max(deepest, _depth(call, functions, path))
            continue
        role = _role_called(function, path[0])
        meant = [title for title, other in functions.items() if other.role == role and title not in path]
        if role == "inner":
            meant = [title for title in meant if "/kernels/" in functions[title].file]
        if not meant and role != "inner":
            raise InternalError(
                "stack", f"no function is known that a pointer of the {role} calls", place=name
            )
        deepest = max((deepest, *(_depth(title, functions, path) for title in meant)))
    return function.frame + deepest


def _role_called(function: _Function, entry: str) -> str:
    """What a call through a pointer calls, by the file that it is in."""
    if "/kernels/" in function.file:
        return "inner"
    if "/native/engine" in function.file:
        return "kernel run"
    if "/native/program" in function.file:
        return "kernel check"
    return "engine open" if entry == _OPEN else "engine run"
