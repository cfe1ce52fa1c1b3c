"""What ``ecu::update`` costs on its target, and that it needs nothing that an ECU does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ecu_bundle.building.driver import BuildResult, UpdateBuild
from ecu_bundle.building.instructions import count_instructions
from ecu_bundle.building.link_map import linked_sizes
from ecu_bundle.building.processes import run
from ecu_bundle.building.stack import stack_below
from ecu_bundle.building.symbols import Symbols, check_update_symbols
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import VerificationError

_SECONDS: Final = 600.0
_CALLS: Final = ("open", "boot", "confirm", "revert", "begin", "write", "finish", "abort")
_SELF_TEST: Final = "ecu_golden_test"
_SHARED: Final = "sha256"  # of the library of the model, which update code calls


def measure_update(build: BuildResult, update: UpdateBuild, target: Target) -> dict[str, Any]:
    """Figures of the update code of a built bundle, as they go into ``resources.json``.

    Args:
        build: the built bundle.
        update: its update code.
        target: its target.

    Returns:
        ``symbols`` that it needs of the compiler's library; ``static``, bytes of ``ecu_update``. Where GCC
        wrote call graphs ``stack``: bytes below the calls of ``ecu/update.h`` without flash port, hooks and
        self-test, and ``self_test_stack``: of the self-test without the model. On a machine without operating
        system ``code`` (bytes by object, constants included, of a program that uses all of it) and
        ``instructions`` from the first byte of a package with 100 kB of payload to STAGED.

    Raises:
        VerificationError: the symbol gate fails, a frame has no bound, or the program that tries it fails.
        ToolMissingError, InternalError: as `check_symbols` and `count_instructions` say.
    """
    symbols = check_update_symbols(build, update, target)
    figures: dict[str, Any] = {"symbols": _helpers(symbols), "static": _static(build, update, target)}
    figures |= _stack(build, update)
    if target.is_bare:
        text = update.program.with_name(f"{update.program.name}.map").read_text(errors="replace")
        figures["code"] = _code(linked_sizes(text), build)
        program = replace(build, self_test=update.program)
        counted = count_instructions(program, target, first="update_install", last="update_install_done")
        figures["instructions"] = counted.most
    return figures


def _helpers(symbols: Symbols) -> dict[str, list[str]]:
    return {"needed": list(symbols.needed), "helpers": list(symbols.helpers), "double": list(symbols.double)}


def _static(build: BuildResult, update: UpdateBuild, target: Target) -> int:
    """Runs the program, which also says how large the state is."""
    finished = run([*build.emulator, update.program], stage="run", seconds=_SECONDS)
    text = finished.stdout.decode(errors="replace")
    found = re.search(r"^state (\d+)$", text, re.MULTILINE)
    if not finished.ok or found is None:
        raise VerificationError(
            "run",
            f"the update code fails its test on {target.name}, {finished.ending}",
            place=(text + finished.last_lines).strip(),
            hint="report it",
        )
    return int(found[1])


def _code(sizes: dict[tuple[str, str], dict[str, int]], build: BuildResult) -> dict[str, int]:
    """Bytes by name of the source."""
    shared = build.library.stem
    return {
        Path(member).stem.partition(".")[0]: sum(kinds.values())
        for (archive, member), kinds in sorted(sizes.items(), key=lambda item: item[0][1])
        if archive.startswith("libecu_") or (archive == shared and member.startswith(f"{_SHARED}."))
        if sum(kinds.values())
    }


def _stack(build: BuildResult, update: UpdateBuild) -> dict[str, int]:
    shared = [path for path in build.objects if path.name.startswith(f"{_SHARED}.")]
    graphs = _graphs([*update.objects, *shared])
    if not graphs:
        return {}
    verify = max(stack_below(graphs, entry) for entry in _verify_functions(graphs))
    pointers = {name: verify if name == "package" else 0 for name in ("package", "area", "slots", "update")}
    return {
        "stack": max(stack_below(graphs, f"ecu_update_{call}", pointers) for call in _CALLS),
        "self_test_stack": stack_below(graphs, _SELF_TEST),
    }


def _graphs(objects: Iterable[Path]) -> dict[str, str]:
    """Call graphs by name of the source; empty where the compiler wrote none."""
    found = {path.name.partition(".")[0]: path.with_suffix(".ci") for path in objects}
    if not all(path.is_file() for path in found.values()):
        return {}
    return {name: path.read_text(encoding="utf-8") for name, path in found.items()}


def _verify_functions(graphs: dict[str, str]) -> list[str]:
    names = (f"ecu_verify_{name}" for name in ("ed25519", "p256"))
    return [name for name in names if any(f'title: "{name}"' in text for text in graphs.values())]
