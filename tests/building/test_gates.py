"""The gates of native bundles can fail: symbols, stack, budget, link map."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from building.native_bundles import build_sample, sample
from ecu_bundle.building.budget import require_budget, totals
from ecu_bundle.building.link_map import linked_parts
from ecu_bundle.building.processes import run
from ecu_bundle.building.stack import stack_of
from ecu_bundle.building.symbols import check_symbols, forbidden, open_symbols
from ecu_bundle.building.targets import get_target
from ecu_bundle.config import BudgetTable
from ecu_bundle.errors import ExitCode, InternalError, VerificationError

FIGURES: dict[str, Any] = {
    "library": {"engine": {"text": 900, "rodata": 90, "data": 4, "bss": 6}},
    "arena_bytes": 100,
    "stack": {"open": 600, "run": 300, "uncounted": []},
    "instructions": {"run": 50, "run_most": 60},
}


@pytest.mark.parametrize(
    "name", ["malloc", "_Znwj", "__cxa_throw", "expf", "sqrt", "printf", "__stack_chk_fail", "_Unwind_Resume"]
)
def test_what_an_ecu_does_not_have_is_forbidden(name: str) -> None:
    assert forbidden([name, "memcpy"]) == [name]


@pytest.mark.parametrize(
    "name", ["memcpy", "memchr", "__aeabi_fadd", "__aeabi_uldivmod", "__udivdi3", "__addsf3", "__aeabi_dmul"]
)
def test_memory_and_arithmetic_are_allowed(name: str) -> None:
    assert forbidden([name]) == []


def test_open_symbols_are_those_that_no_object_defines() -> None:
    listing = "a.o:\n00000000 T run\n         U __aeabi_dadd\n         U run\n         w ecu_kernel_x\n"
    found = open_symbols(listing)
    assert found.needed == found.helpers == found.double == ("__aeabi_dadd",)


@pytest.mark.cross
def test_heap_and_unasked_double_fail_the_gate(tmp_path: Path) -> None:
    """One function added to a real library."""
    target = get_target("cortex-m4f")
    built = build_sample(sample("pipeline"), target.name, tmp_path)
    assert check_symbols(built, target, ("matmul_f32",)).double == ()
    for body, culprit in (
        ("void* mutant(unsigned n) { return new char[n]; }", "_Znaj"),
        ("double mutant(double x) { return x + 1.0; }", "__aeabi_dadd"),
    ):
        source, extra = tmp_path / "mutant.cpp", tmp_path / "mutant.o"
        source.write_text(body)
        flags = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
        command: list[str | Path] = ["arm-none-eabi-g++", *flags, "-O2", "-c", source, "-o", extra]
        assert run(command, stage="test", seconds=60).ok
        mutant = replace(built, objects=(*built.objects, extra))
        with pytest.raises(VerificationError, match=culprit):
            check_symbols(mutant, target, ("matmul_f32",))
    assert check_symbols(mutant, target, ("add_f64",)).double == ("__aeabi_dadd",)


def graph(frames: dict[str, tuple[int, str]], calls: list[tuple[str, str]], kind: str = "static") -> str:
    """A call graph as GCC writes it: function -> frame and parameters."""
    nodes = [
        f'node: {{ title: "{name}" label: "void {name}({parameters})\\nx.cpp:1:1\\n{size} bytes ({kind})" }}'
        for name, (size, parameters) in frames.items()
    ]
    edges = [f'edge: {{ sourcename: "{a}" targetname: "{b}" label: "x" }}' for a, b in calls]
    return "\n".join(["graph: {", *nodes, *edges, "}"])


def program(**inner: Any) -> dict[str, str]:
    """Device API, engine and one kernel, linked by pointers."""
    pointer = "__indirect_call"
    operation = "const ecu::native::Operation&, const ecu::native::"
    return {
        "ecu/model.cpp.ci": graph(
            {"ecu_model_open": (100, ""), "ecu_model_run": (10, "")},
            [("ecu_model_open", pointer), ("ecu_model_run", pointer)],
        ),
        "ecu/native/engine.cpp.ci": graph(
            {
                "open": (50, "ecu::ModelState&, ecu::Arena&"),
                "run": (20, "ecu::ModelState&, const void* const*"),
            },
            [("run", pointer), ("open", "check_operations")],
        ).replace("void run(", "ecu_status run("),
        "ecu/native/program.cpp.ci": graph({"check_operations": (30, "")}, [("check_operations", pointer)]),
        "ecu/native/kernels/a.cpp.ci": graph(
            {"check_a": (7, f"{operation}Scope&"), "run_a": (40, f"{operation}Frame&"), "deep": (200, "")},
            inner.get("calls", [("run_a", "deep"), ("deep", "memcpy")]),
            inner.get("kind", "static"),
        ),
    }


def test_the_deepest_chain_through_pointers_counts() -> None:
    found = stack_of(program())
    assert (found.open, found.run) == (100 + 50 + 30 + 7, 10 + 20 + 40 + 200)


def test_recursion_is_an_error() -> None:
    with pytest.raises(VerificationError, match="calls itself"):
        stack_of(program(calls=[("run_a", "deep"), ("deep", "run_a")]))


def test_a_frame_without_bound_is_an_error() -> None:
    with pytest.raises(VerificationError, match="without bound"):
        stack_of(program(kind="dynamic"))


def test_a_pointer_to_nowhere_is_our_bug() -> None:
    graphs = program()
    del graphs["ecu/native/kernels/a.cpp.ci"]
    with pytest.raises(InternalError, match="kernel"):
        stack_of(graphs)


def test_totals() -> None:
    assert totals(FIGURES) == {"flash": 994, "ram": 110, "stack": 600, "instructions": 60}
    linked = {**FIGURES, "linked": {"model": {"text": 1, "rodata": 2, "data": 0, "bss": 0}}}
    assert totals(linked)["flash"] == 3


def test_a_budget_names_every_figure_beyond_it() -> None:
    figures = totals(FIGURES)
    require_budget(BudgetTable(), figures, "m4")
    require_budget(BudgetTable(max_flash=994, max_ram=110, max_stack=600, max_instructions=60), figures, "m4")
    with pytest.raises(VerificationError) as caught:
        require_budget(BudgetTable(max_flash=993, max_stack=599, max_ram=200), figures, "m4")
    assert caught.value.exit_code is ExitCode.VERIFICATION_FAILED
    assert "flash: 994, at most 993" in str(caught.value)
    assert "stack: 600" in str(caught.value)
    assert "ram:" not in caught.value.cause


def test_a_limit_that_cannot_be_measured_is_not_met() -> None:
    with pytest.raises(VerificationError, match="instructions: not measured"):
        require_budget(BudgetTable(max_instructions=1), {"flash": 1, "ram": 1}, "host")


@pytest.mark.parametrize(
    ("text", "octets"), [("64 KiB", 65536), ("512 B", 512), ("2MiB", 2 << 20), (100, 100), ("7", 7)]
)
def test_bytes_of_a_budget(text: str | int, octets: int) -> None:
    assert BudgetTable.model_validate({"max_flash": text}).max_flash == octets


@pytest.mark.parametrize("text", ["64 kB", "-1", "1.5 KiB", "much", -1, 1.5])
def test_wrong_bytes_of_a_budget(text: object) -> None:
    with pytest.raises(ValueError, match="max_flash"):
        BudgetTable.model_validate({"max_flash": text})


@pytest.mark.cross
def test_an_empty_map_is_our_bug(tmp_path: Path) -> None:
    built = build_sample(sample("pipeline"), "cortex-m3", tmp_path)
    built.self_test.with_name("self_test.map").write_text("")
    with pytest.raises(InternalError, match="map"):
        linked_parts(built, {})
