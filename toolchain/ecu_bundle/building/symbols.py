"""The symbol gate: what the library of a native bundle needs from outside, and that nothing else is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.processes import run
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import ToolMissingError, VerificationError

_SECONDS: Final = 60.0

# libc's functions on memory, and arithmetic of the compiler's own library (libgcc) that a processor lacks.
_MEMORY: Final = re.compile(r"^mem(cpy|set|move|cmp|chr)$")
_DOUBLE: Final = re.compile(r"^__aeabi_(d|cd|f2d|u?i2d|u?l2d)\w*$|^__\w*df\w*$")
_ARITHMETIC: Final = re.compile(
    r"^__aeabi_(f|cf|h2f|u?i2f|u?l2f|u?i?div|u?idivmod|u?ldivmod|lmul|lcmp|ulcmp|llsl|llsr|lasr|mem)\w*$"
    r"|^__\w*(sf|si|di|ti|hf)\w*$|^__(clz|ctz)\w*$"
)
# Of position-independent code, and of code that saves registers in shared routines.
_LINKAGE: Final = re.compile(r"^(_GLOBAL_OFFSET_TABLE_|_(save|rest)(gpr|fpr)_\w+)$")


@dataclass(frozen=True, slots=True)
class Symbols:
    """Symbols that the library leaves open.

    Attributes:
        needed: all of them, sorted.
        helpers: arithmetic of the compiler's own library.
        double: those of them that compute in double precision by software.
    """

    needed: tuple[str, ...]
    helpers: tuple[str, ...]
    double: tuple[str, ...]


def check_symbols(build: BuildResult, target: Target, kernels: Sequence[str]) -> Symbols:
    """The gate for a bundle of the native engine.

    Args:
        build: the built bundle.
        target: its target.
        kernels: kernels that its model names; one in f64 may compute in double precision.

    Raises:
        VerificationError: the library needs a heap, exceptions, a mathematical library or anything else that
            an ECU does not have; or double arithmetic on a processor without it, and no kernel asks for it.
        ToolMissingError: the ``nm`` program of the target is missing.
    """
    program = f"{target.tool_prefix}nm"
    finished = run([program, *build.objects], stage="symbols", seconds=_SECONDS)
    if not finished.ok:
        raise ToolMissingError("symbols", f"{program} failed, {finished.ending}", place=finished.last_lines)
    symbols = open_symbols(finished.stdout.decode(errors="replace"))
    wrong = forbidden(symbols.needed)
    if target.single_precision and not any("f64" in name for name in kernels):
        wrong = sorted({*wrong, *symbols.double})
    if wrong:
        raise VerificationError(
            "symbols",
            f"the library needs what the native engine must not use: {', '.join(wrong)}",
            hint="report it: no kernel may use heap, exceptions, libm, or double without saying so",
        )
    return symbols


def open_symbols(listing: str) -> Symbols:
    """What no object defines, from the output of ``nm``; weak references may stay open."""
    defined: set[str] = set()
    undefined: set[str] = set()
    for line in listing.splitlines():
        words = line.split()
        if len(words) >= 2 and words[-2] == "U":
            undefined.add(words[-1])
        elif len(words) == 3:
            defined.add(words[2])
    needed = tuple(sorted(undefined - defined))
    helpers = tuple(name for name in needed if _DOUBLE.match(name) or _ARITHMETIC.match(name))
    return Symbols(needed, helpers, tuple(name for name in helpers if _DOUBLE.match(name)))


def forbidden(symbols: Iterable[str]) -> list[str]:
    """Those that are neither functions on memory nor arithmetic of the compiler's library."""
    patterns = (_MEMORY, _DOUBLE, _ARITHMETIC, _LINKAGE)
    return sorted(name for name in symbols if not any(pattern.match(name) for pattern in patterns))
