"""The gates of native bundles can fail: symbols, stack, budget, link map."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from building.native_bundles import build_sample, sample
from ecu_bundle.building.budget import costs_text, require_budget, totals
from ecu_bundle.building.link_map import linked_parts
from ecu_bundle.building.processes import run
from ecu_bundle.building.stack import stack_of
from ecu_bundle.building.symbols import check_symbols, forbidden, open_symbols
from ecu_bundle.building.targets import get_target
from ecu_bundle.config import BudgetTable
from ecu_bundle.errors import ExitCode, InternalError, VerificationError

FIGURES: dict[str, Any] = {
    "engine": "native",
    "library": {"engine": {"text": 900, "rodata": 90, "data": 4, "bss": 6}},
    "arena_bytes": 100,
    "onnxruntime_bytes": 0,
    "stack": {"open": 600, "run": 300, "uncounted": []},
    "instructions": {"run": 50, "run_most": 60},
}


FORBIDDEN = """
    malloc _Znwj __cxa_throw expf sqrt printf __stack_chk_fail _Unwind_Resume memccpy
    __cxa_allocate_exception __errno_location __cosf __sinf_finite __isinf __sigsetjmp __signbitf __fdiv
    __aeabi_memory __aeabi_dexp __aeabi_fsqrt __aeabi_unwind_cpp_pr0 __aeabi_atexit __addsf3x my__addsf3
    __addvsi3 __absvdi2 __powisf2 __powidf2 __mulsc3 __divdc3 __addtf3 __extenddftf2 __clz_tab _savegpr_all
"""
SINGLE_OR_INTEGER = """
    __addsf3 __subsf3 __mulsf3 __divsf3 __negsf2 __eqsf2 __unordsf2 __cmpsf2 __fixsfsi __fixunssfdi
    __floatsisf __floatdisf __floatunsisf __floatundisf __extendhfsf2 __truncsfhf2
    __muldi3 __divdi3 __udivdi3 __moddi3 __umoddi3 __udivsi3 __multi3 __udivmoddi4 __ashldi3 __ashrdi3
    __lshrdi3 __clzsi2 __clzdi2 __ctzdi2 __ffsdi2 __popcountdi2 __bswapsi2 __cmpdi2 __ucmpdi2 __negdi2
    __aeabi_fadd __aeabi_frsub __aeabi_fcmpun __aeabi_cfrcmple __aeabi_f2iz __aeabi_f2ulz __aeabi_ui2f
    __aeabi_l2f __aeabi_idiv __aeabi_uidivmod __aeabi_ldivmod __aeabi_uldivmod __aeabi_lmul __aeabi_ulcmp
    __aeabi_llsl __aeabi_lasr __aeabi_memcpy __aeabi_memclr4 __aeabi_memset8
"""
DOUBLE = """
    __adddf3 __muldf3 __negdf2 __ltdf2 __unorddf2 __fixdfsi __fixunsdfdi __floatsidf __floatundidf
    __extendsfdf2 __truncdfsf2 __aeabi_dadd __aeabi_drsub __aeabi_dcmplt __aeabi_cdcmple __aeabi_d2iz
    __aeabi_d2f __aeabi_f2d __aeabi_i2d __aeabi_ul2d
"""
OTHER = "memcpy memchr memcmp _GLOBAL_OFFSET_TABLE_ _savegpr_14 _restgpr_14_x _restfpr_31_x"


@pytest.mark.parametrize("name", FORBIDDEN.split())
def test_what_an_ecu_does_not_have_is_forbidden(name: str) -> None:
    assert forbidden([name, "memcpy"]) == [name]
    assert open_symbols(f" U {name}").helpers == ()


@pytest.mark.parametrize("names", [SINGLE_OR_INTEGER, DOUBLE, OTHER])
def test_memory_and_arithmetic_are_allowed(names: str) -> None:
    assert forbidden(names.split()) == []
    found = open_symbols("".join(f" U {name}\n" for name in names.split()))
    assert found.helpers == (() if names is OTHER else tuple(sorted(names.split())))
    assert found.double == (found.helpers if names is DOUBLE else ())


def test_open_symbols_are_those_that_no_object_defines() -> None:
    listing = "a.o:\n00000000 T run\n         U __aeabi_dadd\n         U run\n         w ecu_kernel_x\n"
    found = open_symbols(listing)
    assert found.needed == found.helpers == found.double == ("__aeabi_dadd",)


@pytest.mark.parametrize(
    ("letter", "needed"), [("T", ()), ("W", ()), ("u", ()), ("t", ("free",)), ("d", ("free",))]
)
def test_a_name_inside_one_object_defines_nothing_for_another(letter: str, needed: tuple[str, ...]) -> None:
    assert open_symbols(f"a.o:\n00000000 {letter} free\nb.o:\n         U free\n").needed == needed


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


def test_a_static_constructor_fails_the_gate(tmp_path: Path) -> None:
    """One object with a constructor, and no symbol that would betray it, added to a real library."""
    target = get_target("host")
    built = build_sample(sample("pipeline"), target.name, tmp_path)
    check_symbols(built, target, ("matmul_f32",))
    source, extra = tmp_path / "mutant.cpp", tmp_path / "mutant.o"
    source.write_text("int value(int x) { return x; }\nint mutant = value(7) + mutant;\n")
    assert run(["g++", "-O0", "-c", source, "-o", extra], stage="test", seconds=60).ok
    with pytest.raises(VerificationError, match=r"before main.*\.init_array"):
        check_symbols(replace(built, objects=(*built.objects, extra)), target, ("matmul_f32",))


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


@pytest.mark.parametrize("graphs", [{}, {"x.ci": ""}])
def test_a_stack_that_starts_nowhere_is_our_bug(graphs: dict[str, str]) -> None:
    with pytest.raises(InternalError, match="no frame is known of ecu_model_open and ecu_model_run"):
        stack_of(graphs)


def test_each_entry_has_to_be_in_the_graphs() -> None:
    graphs = program()
    graphs["ecu/model.cpp.ci"] = graphs["ecu/model.cpp.ci"].replace("ecu_model_run", "ecu_model_go")
    with pytest.raises(InternalError, match="is known of ecu_model_run\n"):
        stack_of(graphs)


def test_totals() -> None:
    assert totals(FIGURES) == {"flash": 994, "ram": 110, "stack": 600, "instructions": 60}
    linked = {**FIGURES, "linked": {"model": {"text": 1, "rodata": 2, "data": 0, "bss": 0}}}
    assert totals(linked)["flash"] == 3


def test_onnxruntime_counts_as_flash_and_its_ram_is_not_measured() -> None:
    figures = totals({**FIGURES, "engine": "ort", "onnxruntime_bytes": 28_000_000})
    assert figures["flash"] == 994 + 28_000_000
    assert "ram" not in figures
    with pytest.raises(VerificationError) as caught:
        require_budget(BudgetTable(max_flash=64 << 10, max_ram=1 << 30), figures, "host (engine ort)")
    assert "flash: 28,000,994 bytes, at most 65,536 are allowed: 27,935,458 too many" in caught.value.cause
    assert "ram: not measured on host (engine ort)" in caught.value.cause


def test_a_budget_names_every_figure_beyond_it() -> None:
    figures = totals(FIGURES)
    require_budget(BudgetTable(), figures, "m4")
    require_budget(BudgetTable(max_flash=994, max_ram=110, max_stack=600, max_instructions=60), figures, "m4")
    with pytest.raises(VerificationError) as caught:
        limits = BudgetTable(max_flash=993, max_stack=599, max_ram=200, max_instructions=59)
        require_budget(limits, figures, "m4", config=Path("other.toml"))
    assert caught.value.exit_code is ExitCode.VERIFICATION_FAILED
    assert "flash: 994 bytes, at most 993 are allowed: 1 too many\n" in str(caught.value)
    assert "stack: 600 bytes, " in str(caught.value) and "instructions: 60, at most 59" in str(caught.value)
    assert "measured: flash 994 bytes, ram 110 bytes" in caught.value.place
    assert caught.value.hint.endswith("[budget] of other.toml")
    assert "ram:" not in caught.value.cause


def test_the_costs_are_told_with_their_limits() -> None:
    assert costs_text(BudgetTable(max_flash=98304, max_instructions=60), totals(FIGURES)) == (
        "flash 994 of 98,304 bytes, ram 110 bytes, stack 600 bytes, instructions 60 of 60"
    )


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
