"""The halves of a bundle: what it holds for each engine, proved, built and run.

A bundle has one half at its top, or two: then the other is a complete bundle in a folder with the name of
its engine, with the same names and interface, and the CMake option ``ECU_ENGINE`` chooses what is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecu_bundle.artifacts import ModelImage, OnnxModel
from ecu_bundle.stages import Stages

if TYPE_CHECKING:
    from ecu_bundle.building.driver import BuildResult
    from ecu_bundle.building.targets import Target
    from ecu_bundle.parity import ParityReport
    from ecu_bundle.parity.certificate import Comparison
    from ecu_bundle.parity.expectation import Expectation


@dataclass(frozen=True, slots=True)
class Half:
    """One engine of a bundle, proved on the host.

    Attributes:
        folder: where its files are in the bundle: empty for the first half, else ``<engine>/``.
        image: the model image.
        expected: what it has to compute on the target.
    """

    folder: str
    image: ModelImage
    expected: Expectation


@dataclass(frozen=True, slots=True)
class BuiltHalf:
    """A half whose self-test and rows passed on the target.

    Attributes:
        half: what was built.
        build: the library and the test programs.
        gate: the comparison of its outputs with what it has to compute.
    """

    half: Half
    build: BuildResult
    gate: Comparison

    @property
    def gates(self) -> tuple[Comparison, ...]:
        """The comparisons of this engine, on the host and on the target."""
        return (*self.half.expected.gates, self.gate)


def prove_halves(
    images: Mapping[str, ModelImage], model: OnnxModel, report: ParityReport, target: Target, stages: Stages
) -> tuple[Half, ...]:
    """Runs each engine on the host.

    Args:
        images: by the folder of the half.
        model, report: the model and its proof; the rows of the proof are used.
        target: what the bundle is for.
        stages: is told which engine runs.

    Raises:
        VerificationError: an engine differs from ONNX Runtime; names the worst row.
    """
    return tuple(
        Half(folder, image, _prove_engine(model, image, report, target, stages))
        for folder, image in images.items()
    )


def _prove_engine(
    model: OnnxModel, image: ModelImage, report: ParityReport, target: Target, stages: Stages
) -> Expectation:
    """What the bundle has to compute on the target, by its own engine on the host."""
    from ecu_bundle.parity import require
    from ecu_bundle.parity.expectation import expect

    if image.engine == "native":
        stages.detail(f"the native engine on {len(report.rows)} rows")
    expected = expect(model, image, report, target.name)
    for comparison in expected.gates:
        require(comparison)
    return expected


def build_halves(
    halves: Iterable[Half],
    model: OnnxModel,
    report: ParityReport,
    target: Target,
    *,
    golden_rows: Mapping[str, int],
    bundle: Path,
    scratch: Path,
    stages: Stages,
) -> tuple[BuiltHalf, ...]:
    """Builds each half as the option of the bundle's CMake chooses it, and runs it on the target.

    Args:
        halves: what the bundle holds.
        model, report: the model and its proof.
        target: what the bundle is for.
        golden_rows: how many rows the self-test of each half has, by its folder.
        bundle: its folder; nothing is written there.
        scratch: an empty folder.
        stages: is told about building and running.

    Raises:
        BundleError: a half cannot be built.
        VerificationError: a self-test or a comparison fails; names the worst row.
    """
    from ecu_bundle.building.driver import build_bundle

    halves = tuple(halves)
    with stages.stage("build", f"{target.tool_prefix}g++"):
        built = [
            build_bundle(bundle, target, scratch / half.image.engine, folder=half.folder) for half in halves
        ]
    with stages.stage("run", target.runner):
        return tuple(
            BuiltHalf(
                half, build, _run_on_target(half, build, target, model, report, rows=golden_rows[half.folder])
            )
            for half, build in zip(halves, built, strict=True)
        )


def _run_on_target(
    half: Half, built: BuildResult, target: Target, model: OnnxModel, report: ParityReport, *, rows: int
) -> Comparison:
    """Runs self-test and all rows on the target and compares with what the engine has to compute."""
    from ecu_bundle.building.runner import run_rows, run_self_test
    from ecu_bundle.parity import require
    from ecu_bundle.parity.neighbourhood import Side, compare_beside
    from ecu_bundle.parity.session import run_rows as run_in_python
    from ecu_bundle.parity.tolerance import label_margins

    expected = half.expected
    run_self_test(built, target, engine=half.image.engine, rows=rows)
    outputs = run_rows(built, target, report.rows, model.interface)
    gate = compare_beside(
        # a native reference has only exact outputs, and nothing beside its rows is asked for
        Side(
            expected.name,
            expected.outputs,
            lambda beside: run_in_python(model.proto, model.interface, beside),
        ),
        Side(
            f"the bundle on {target.name} ({target.runner})",
            outputs,
            lambda beside: run_rows(built, target, beside, model.interface),
        ),
        model.interface,
        report.rows,
        tolerance=expected.tolerance,
        margins=label_margins(model.interface, expected.outputs),
        relative=report.setting,
        exact=expected.exact,
    ).comparison
    require(gate)
    return gate
