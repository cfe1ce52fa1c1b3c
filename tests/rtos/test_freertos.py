"""A bundle, as it is, in a FreeRTOS application on a Cortex-M3: tasks and an interrupt share one image."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from building.native_bundles import Sample, build_sample, sample
from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.instructions import count_instructions
from ecu_bundle.building.stack import worst_stack
from ecu_bundle.building.targets import Target, get_target
from rtos.freertos_program import Outcome, build_application, run_application

pytestmark = pytest.mark.cross

# Bytes of an inference task beside what ecu_model_run needs: the registers that the processor and the kernel
# save (68), frames of the task, of the compiler's float arithmetic and of the kernel's calls.
TASK_ITSELF = 256
# docs/porting.md
STACK_IN_THE_GUIDE = 512


@pytest.fixture(scope="module")
def target() -> Target:
    return get_target("cortex-m3")


@pytest.fixture(scope="module")
def chosen() -> Sample:
    return sample("perceptron")


@pytest.fixture(scope="module")
def bundle(chosen: Sample, target: Target, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_sample(chosen, target.name, tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def application(chosen: Sample, bundle: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_application(bundle, chosen.model.name, tmp_path_factory.mktemp("application"))


@pytest.fixture(scope="module")
def outcome(application: BuildResult) -> Outcome:
    return run_application(application)


def test_all_rows_have_the_bits_of_the_host(outcome: Outcome) -> None:
    assert (outcome.verdict, outcome.code) == ("PASS", 0)
    for user in ("inference", "background", "interrupt"):
        assert outcome.figures[f"{user}_failures"] == 0
        assert outcome.figures[f"{user}_runs"] >= 32


@pytest.mark.parametrize("task", ["inference", "background"])
def test_tasks_are_switched_inside_runs(outcome: Outcome, task: str) -> None:
    assert outcome.figures[f"{task}_switches_in_runs"] > outcome.figures[f"{task}_runs"]
    assert outcome.figures[f"{task}_ticks_in_runs"] > outcome.figures[f"{task}_runs"]


@pytest.mark.parametrize("task", ["inference", "background"])
def test_the_stack_of_a_task_is_within_the_reported_bound(
    bundle: BuildResult, outcome: Outcome, task: str
) -> None:
    bound = worst_stack(bundle)
    assert bound is not None
    assert 0 < outcome.figures[f"{task}_stack"] <= bound.run + TASK_ITSELF
    assert outcome.figures[f"{task}_stack"] <= STACK_IN_THE_GUIDE


def test_instructions_are_those_of_the_bundle_alone(
    application: BuildResult, bundle: BuildResult, target: Target
) -> None:
    """Counted in the self-test at start, before the kernel runs."""
    here, alone = count_instructions(application, target), count_instructions(bundle, target)
    assert abs(here.most - alone.most) <= 16
    assert abs(here.least - alone.least) <= 16


def test_opening_is_bounded_by_the_digest(application: BuildResult, chosen: Sample, target: Target) -> None:
    """What docs/porting.md says about the time of open."""
    opened = count_instructions(application, target, first="ecu_model_open", last="model_opened")
    assert opened.least == opened.most
    assert opened.most < 20_000 + 60 * len(chosen.image.data)


def test_wrong_outputs_are_noticed(application: BuildResult, tmp_path: Path) -> None:
    """The image of another training in the place of this one: the golden rows no longer fit."""
    image, program = tmp_path / "other.ecui", tmp_path / "application"
    image.write_bytes(sample("perceptron", 1).image.data)
    command = ["arm-none-eabi-objcopy", "--update-section", f"MODEL_A={image}"]
    subprocess.run([*command, application.self_test, program], check=True, capture_output=True)
    outcome = run_application(replace(application, self_test=program))
    assert (outcome.verdict, outcome.code) == ("FAIL self-test", 1)


def test_a_kernel_that_saves_no_float_registers_fails_on_a_processor_with_them(
    chosen: Sample, tmp_path: Path
) -> None:
    """Why the porting guide asks for it: this port of FreeRTOS is for processors without FPU."""
    bundle = build_sample(chosen, "cortex-m4f", tmp_path)
    application = build_application(bundle, chosen.model.name, tmp_path / "application")
    outcome = run_application(application)
    assert outcome.verdict.startswith("FAIL")
    assert outcome.code != 0
