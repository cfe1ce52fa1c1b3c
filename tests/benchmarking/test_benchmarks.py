"""Every figure of the benchmarks on the smallest example: sane, and counted right."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks.bundles import make
from benchmarks.chart import chart
from benchmarks.figures.allocations import Allocations
from benchmarks.figures.instructions import Instructions, count_under_qemu
from benchmarks.figures.memory import Memory
from benchmarks.figures.pipeline import PipelineTimes
from benchmarks.figures.python_ratio import PythonRatio
from benchmarks.figures.sizes import Sizes
from benchmarks.probe import compile_counter, compile_probe, run_probe
from benchmarks.results import Counted, Result, Results, Timed, gather
from benchmarks.subjects import CHECKOUT, TARGETS, subjects
from benchmarks.tables import markdown

from ecu_bundle.building.targets import get_target
from ecu_bundle.errors import InternalError, UsageError

EXAMPLE = "wine_grade"
STAGES = ["load", "convert", "verify", "generate", "build", "run", "report"]
MADE_UP = Results(
    {"machine": "x, 2 cores", "python": "3.11"},
    (
        Result(
            "mo<del",
            "host",
            "ort",
            Timed(PipelineTimes(9.0, dict.fromkeys(STAGES, 1.25)), PythonRatio(2.5, 200, 25)),
            Counted(
                "GNU 12.2.0",
                Instructions(95_000_000, 51_019, "callgrind"),
                Allocations(200_000, 9, 40.0, 4030.0),
                Memory(1024, 2048, 3072),
                Sizes(9000, 8000, 3000, 2378, 1808, 34_000_000),
            ),
        ),
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    chosen = [s for s in subjects([EXAMPLE], ["host", "armv7-linux"]) if s.engine == "ort"]
    return gather(chosen, folder, repeats=1, rounds=3, say=lambda _: None)


@pytest.fixture(scope="module")
def host(results: Results) -> Result:
    return results.results[0]


def test_subjects_are_every_example_on_every_target() -> None:
    found = subjects()
    models = {path.stem for path in CHECKOUT.glob("examples/*/*.skops")}
    assert {s.example for s in found} == models
    assert len(found) == sum(len(models) * len(get_target(name).engines) for name in TARGETS)
    assert len({s.folder for s in found}) == len(found)


@pytest.mark.parametrize("choice", [(["no_such"], []), ([], ["no_such"])])
def test_an_unknown_name_is_refused(choice: tuple[list[str], list[str]]) -> None:
    with pytest.raises(UsageError, match=r"unknown .* 'no_such'"):
        subjects(*choice)


def test_the_page_has_the_tables_of_the_code() -> None:
    page = (CHECKOUT / "docs/benchmarks.md").read_text()
    inside = page.partition("<!-- results -->")[2].partition("<!-- end of results -->")[0]
    lines = markdown(MADE_UP).splitlines()
    heads = [line for line, below in pairwise(lines) if below.startswith("| ---")]
    assert len(heads) == 4
    assert all(head in inside for head in heads)


def test_the_chart_is_one_file_with_a_bar_per_result() -> None:
    svg = ElementTree.fromstring(chart(MADE_UP))  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    assert len(svg.findall(f"{space}rect")) == 1
    assert {text.text for text in svg.findall(f"{space}text")} >= {"mo<del", "51,019"}


def test_allocations_are_counted_one_by_one(tmp_path: Path) -> None:
    """Against a program whose allocations are known, one of them inside a library."""
    source = tmp_path / "known.cpp"
    source.write_text(
        "#include <cstdio>\n#include <cstdlib>\n#include <cstring>\n"
        '#include "allocations.h"\n'
        "int main() {\n"
        "  void* volatile keep[7] = {};\n"
        "  const Allocations before = ecu_allocations();\n"
        "  void* aligned = nullptr;\n"
        "  keep[0] = std::malloc(10); keep[1] = std::calloc(3, 5); keep[2] = std::realloc(keep[0], 20);\n"
        "  if (posix_memalign(&aligned, 64, 30) != 0) { return 1; }\n"
        "  keep[3] = aligned; keep[4] = std::aligned_alloc(64, 64); keep[5] = new char[40];\n"
        '  keep[6] = strdup("nine more");\n'
        "  const Allocations after = ecu_allocations();\n"
        '  std::printf("%d %d", int(after.calls - before.calls), int(after.bytes - before.bytes));\n'
        "}\n"
    )
    programs = CHECKOUT / "benchmarks/programs"
    program = tmp_path / "known"
    sources = [source, programs / "allocations.cpp"]
    subprocess.run(["g++", "-std=c++17", f"-I{programs}", *sources, "-o", program], check=True)
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert printed == f"7 {10 + 15 + 20 + 30 + 64 + 40 + 10}"


@pytest.mark.slow
def test_stages_fill_the_time_of_the_pipeline(host: Result, results: Results) -> None:
    assert host.timed is not None
    times = host.timed.pipeline
    assert list(times.stages) == STAGES
    assert all(seconds > 0 for seconds in times.stages.values())
    assert sum(times.stages.values()) < times.total < sum(times.stages.values()) + 10
    assert results.results[1].timed is None


@pytest.mark.slow
@pytest.mark.cross
def test_instructions_on_both_targets(results: Results) -> None:
    counts = [r.counted.instructions for r in results.results]
    assert [c.counter for c in counts] == ["callgrind", "qemu"]
    assert all(10_000_000 < c.open < 1_000_000_000 for c in counts)
    assert all(1_000 < c.run < 1_000_000 for c in counts)


@pytest.mark.slow
@pytest.mark.cross
def test_the_two_counters_agree(host: Result, folder: Path) -> None:
    """valgrind counts what our plugin counts, for the same program on the same CPU."""
    made = make(subjects([EXAMPLE], ["host"])[0], folder)
    qemu = shutil.which("qemu-x86_64")
    assert qemu is not None
    probe, counter = compile_probe(made, folder / "check"), compile_counter(folder / "check")
    counts = count_under_qemu(probe, (qemu,), counter)
    assert counts.run == pytest.approx(host.counted.instructions.run, rel=0.05)
    assert counts.open == pytest.approx(host.counted.instructions.open, rel=0.05)
    assert count_under_qemu(probe, (qemu,), counter).run == pytest.approx(counts.run, rel=0.001)


@pytest.mark.slow
@pytest.mark.usefixtures("results")
def test_a_probe_that_nobody_watches_is_an_error(folder: Path) -> None:
    program = folder / subjects([EXAMPLE], ["host"])[0].folder / "probe/probe"
    assert run_probe(program).rows > 0
    with pytest.raises(InternalError, match="missed markers"):
        count_under_qemu(program, ("sh", "-c", 'exec "$2"'), folder)


@pytest.mark.slow
def test_allocations(results: Results) -> None:
    for result in results.results:
        found = result.counted.allocations
        assert found.open > 1000
        assert found.open_bytes > result.counted.sizes.image
        assert 1 <= found.run < 1000
        assert found.run_bytes > found.run


@pytest.mark.slow
def test_memory(results: Results) -> None:
    memory = results.results[0].counted.memory
    assert memory is not None
    assert 0 < memory.start < memory.opened <= memory.peak
    assert results.results[1].counted.memory is None


@pytest.mark.slow
def test_python_ratio(host: Result) -> None:
    assert host.timed is not None
    ratio = host.timed.python
    assert 0.1 < ratio.ratio < 1000
    assert (ratio.rows, ratio.rounds) == (200, 3)


@pytest.mark.slow
def test_sizes_are_those_of_the_files(host: Result, folder: Path) -> None:
    bundle = folder / EXAMPLE / "host/ort/bundle"
    sizes = host.counted.sizes
    assert sizes.image == (bundle / f"model/{EXAMPLE}.ecui").stat().st_size
    assert sizes.onnxruntime == next(bundle.glob("third_party/onnxruntime/lib/*")).stat().st_size
    assert sizes.model > sizes.image
    assert sizes.engine > 1000


@pytest.mark.slow
def test_what_is_written(results: Results) -> None:
    read = json.loads(results.to_json())
    assert [r["target"] for r in read["results"]] == ["host", "armv7-linux"]
    assert str(CHECKOUT) not in results.to_json().decode()
    assert markdown(results).count(f"| {EXAMPLE} |") == 1 + 2 + 1 + 2
    without_times = replace(results, results=results.results[1:])
    assert markdown(without_times).count(f"| {EXAMPLE} |") == 2
    ElementTree.fromstring(chart(results))  # noqa: S314


@pytest.mark.slow
def test_an_unknown_example_on_the_command_line() -> None:
    command = [sys.executable, "-m", "benchmarks", "--example", "no_such"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, check=False)
    assert done.returncode == UsageError.exit_code
    assert "choose one of: auto_mpg" in done.stderr
