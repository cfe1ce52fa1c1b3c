"""The symbol gate: what the library of a native bundle needs from outside, and nothing runs before main."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ecu_bundle.building.driver import BuildResult, UpdateBuild
from ecu_bundle.building.processes import run
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import ToolMissingError, VerificationError

_SECONDS: Final = 60.0

# libc's functions on memory, and what the ARM run-time ABI calls them; its names may end in an alignment.
_MEMORY: Final = re.compile(r"mem(cpy|set|move|cmp|chr)")
_ARM_MEMORY: Final = re.compile(r"__aeabi_mem(cpy|move|set|clr)[48]?")

# Arithmetic of the compiler's own library (libgcc) that a processor lacks. A name is the operation, the modes
# of its operands (hf, sf, df: floats of 2, 4, 8 bytes; si, di, ti: integers of 4, 8, 16) and often their
# number, or what the ARM run-time ABI calls it. Missing on purpose: what aborts on overflow (__addvsi3),
# powers, complex numbers, long double.
_INTEGER: Final = re.compile(
    r"__(mul|u?div|u?mod|ashl|ashr|lshr)(si|di|ti)3|__u?divmod(si|di|ti)4"
    r"|__(neg|clz|ctz|clrsb|ffs|parity|popcount|bswap|u?cmp)(si|di|ti)2"
    r"|__aeabi_(u?idiv|u?idivmod|u?ldivmod|u?lcmp|lmul|llsl|llsr|lasr)"
)


def _float(mode: str, letter: str) -> str:
    """Names of arithmetic in this mode, which the ARM run-time ABI calls by this letter."""
    return (
        rf"__(add|sub|mul|div){mode}3|__neg{mode}2|__(eq|ne|lt|le|gt|ge|unord|cmp){mode}2"
        rf"|__fix(uns)?{mode}(si|di|ti)|__float(un)?(si|di|ti){mode}"
        rf"|__aeabi_{letter}(add|sub|rsub|mul|div|neg|cmp(eq|lt|le|ge|gt|un))"
        rf"|__aeabi_c{letter}(cmpeq|cmple|rcmple)|__aeabi_{letter}2u?[il]z|__aeabi_u?[il]2{letter}"
    )


_SINGLE: Final = re.compile(_float("sf", "f") + r"|__extendhfsf2|__truncsfhf2|__aeabi_(h2f|f2h)(_alt)?")
_DOUBLE: Final = re.compile(
    _float("df", "d") + r"|__extend(hf|sf)df2|__truncdf(hf|sf)2|__aeabi_(d2f|f2d|d2h(_alt)?)"
)
# Of position-independent code, and of code that saves registers in shared routines.
_LINKAGE: Final = re.compile(r"_GLOBAL_OFFSET_TABLE_|_(save|rest)(gpr|fpr)_\d+(_[a-z]+)?")

# Tables of functions that run before main or after it.
_CONSTRUCTORS: Final = re.compile(r"\.(preinit_array|init_array|fini_array|ctors|dtors|init|fini)(\..*)?")


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
        kernels: kernels that are linked in; one in f64 may compute in double precision.

    Raises:
        VerificationError: the library needs a heap, exceptions, a mathematical library or anything else that
            an ECU does not have; or double arithmetic on a processor without it, and no kernel asks for it;
            or a static constructor is in it.
        ToolMissingError: the ``nm`` or ``size`` program of the target is missing.
    """
    symbols = open_symbols(_listing([f"{target.tool_prefix}nm"], build.objects))
    double = not target.single_precision or any("f64" in name for name in kernels)
    _require_allowed(symbols, "the library", double=double)
    _require_no_constructors(build.objects, target, "the library")
    return symbols


def check_update_symbols(build: BuildResult, update: UpdateBuild, target: Target) -> Symbols:
    """The gate for the update code of a bundle, with its library for signatures.

    What the library of the model has may be used; it has a gate of its own.

    Args:
        build: the built bundle.
        update: its update code.
        target: its target.

    Raises:
        VerificationError, ToolMissingError: as `check_symbols` says.
    """
    nm = [f"{target.tool_prefix}nm"]
    library = _defined(_listing(nm, build.objects))
    symbols = open_symbols(_listing(nm, update.objects), library)
    _require_allowed(symbols, "the update code", double=not target.single_precision)
    _require_no_constructors(update.objects, target, "the update code")
    return symbols


def _require_allowed(symbols: Symbols, what: str, *, double: bool) -> None:
    wrong = sorted({*forbidden(symbols.needed), *(() if double else symbols.double)})
    if wrong:
        raise VerificationError(
            "symbols",
            f"{what} needs what the native engine must not use: {', '.join(wrong)}",
            hint="report it: nothing may use heap, exceptions, libm, or double without saying so",
        )


def _require_no_constructors(objects: Sequence[Path], target: Target, what: str) -> None:
    if tables := constructors(_listing([f"{target.tool_prefix}size", "-A"], objects)):
        raise VerificationError(
            "symbols",
            f"{what} has functions that run before main or after it: {', '.join(tables)}",
            hint="report it: nothing in the native engine may need a static constructor",
        )


def _listing(command: Sequence[str], objects: Sequence[Path]) -> str:
    """What a program of binutils says about objects."""
    finished = run([*command, *objects], stage="symbols", seconds=_SECONDS)
    if not finished.ok:
        raise ToolMissingError(
            "symbols", f"{command[0]} failed, {finished.ending}", place=finished.last_lines
        )
    return finished.stdout.decode(errors="replace")


def constructors(listing: str) -> list[str]:
    """Sections with functions that run before main or after it, from the output of ``size -A``."""
    rows = [words for line in listing.splitlines() if len(words := line.split()) == 3]
    return sorted({name for name, size, _ in rows if _CONSTRUCTORS.fullmatch(name) and size != "0"})


def open_symbols(listing: str, known: Iterable[str] = ()) -> Symbols:
    """What no object defines for the others, from the output of ``nm``; weak references may stay open.

    Args:
        listing: the output.
        known: symbols that are defined elsewhere.
    """
    lines = (line.split() for line in listing.splitlines())
    undefined = {words[-1] for words in lines if len(words) >= 2 and words[-2] == "U"}
    needed = tuple(sorted(undefined - _defined(listing) - {*known}))
    helpers = tuple(name for name in needed if _matches(name, _INTEGER, _SINGLE, _DOUBLE, _ARM_MEMORY))
    return Symbols(needed, helpers, tuple(name for name in helpers if _DOUBLE.fullmatch(name)))


def _defined(listing: str) -> set[str]:
    """Symbols that an object defines for others; ``u``: global, one per process."""
    lines = (line.split() for line in listing.splitlines())
    return {words[2] for words in lines if len(words) == 3 and (words[1].isupper() or words[1] == "u")}


def _matches(name: str, *patterns: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(name) for pattern in patterns)


def forbidden(symbols: Iterable[str]) -> list[str]:
    """Those that are neither functions on memory nor arithmetic of the compiler's library."""
    allowed = (_MEMORY, _ARM_MEMORY, _INTEGER, _SINGLE, _DOUBLE, _LINKAGE)
    return sorted(name for name in symbols if not _matches(name, *allowed))
