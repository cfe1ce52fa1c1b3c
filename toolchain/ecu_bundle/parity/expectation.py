"""What a bundle has to compute on its target: the outputs of its engine on the host, and how near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ecu_bundle.artifacts import ModelImage, OnnxModel
from ecu_bundle.interface import Rows
from ecu_bundle.parity import ParityReport
from ecu_bundle.parity.certificate import Comparison
from ecu_bundle.parity.neighbourhood import Side, compare_beside
from ecu_bundle.parity.reference import ORT
from ecu_bundle.parity.session import run_rows
from ecu_bundle.parity.tolerance import EXACT, Tolerance, label_margins, tolerances

NATIVE = "the native engine on the host"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the bundle on the target is compared with.

    Attributes:
        name: of the reference, for people.
        outputs: on the rows of the proof, (rows, elements) per output.
        tolerance: per float output.
        exact: outputs that must have the same bits on every row, rows on a decision included.
        gates: comparisons on the host between this reference and ONNX Runtime; a failed one does not raise.
    """

    name: str
    outputs: dict[str, NDArray[Any]]
    tolerance: dict[str, Tolerance]
    exact: frozenset[str]
    gates: tuple[Comparison, ...] = ()


def expect(model: OnnxModel, image: ModelImage, report: ParityReport, target: str) -> Expectation:
    """The reference for a bundle with this image.

    ONNX Runtime's kernels differ between processors, so smooth outputs of the ``ort`` engine have a
    tolerance on other targets than the host. The native engine gives the same bits everywhere; on the host
    it is compared with ONNX Runtime: exact outputs have the same bits, smooth ones are within the tolerance,
    and a label differs on no row where the analysis of the graph shows that no rounding can change it.

    Args:
        model: the model.
        image: the image that the bundle carries; its engine decides.
        report: of the proof on the host; its rows are used.
        target: name of the target.

    Raises:
        BundleError: the image cannot be opened or refuses a row.
    """
    smooth = tolerances(model.interface, report.ort, report.setting, origins=report.rows.origins)
    every = frozenset(tensor.name for tensor in model.interface.outputs)
    limits = {name: EXACT if name in model.exact else limit for name, limit in smooth.items()}
    if image.engine == "ort":
        if target == "host":
            return Expectation(ORT, report.ort, dict.fromkeys(limits, EXACT), every)
        return Expectation(ORT, report.ort, limits, model.exact)
    outputs = native_outputs(image, report.rows)
    gate = compare_beside(
        Side(ORT, report.ort, lambda beside: run_rows(model.proto, model.interface, beside)),
        Side(NATIVE, outputs, lambda beside: native_outputs(image, beside)),
        model.interface,
        report.rows,
        tolerance=limits,
        margins=label_margins(model.interface, report.ort),
        relative=report.setting,
        exact=model.exact,
        bound={bound.name: bound.rows for bound in report.proof.bounds if bound.name not in limits},
    ).comparison
    return Expectation(NATIVE, outputs, dict.fromkeys(limits, EXACT), every, (gate,))


def native_outputs(image: ModelImage, rows: Rows) -> dict[str, NDArray[Any]]:
    """Outputs of a native image in this process."""
    from ecu_bundle.engine import Engine

    with Engine.open(image, "native") as engine:
        return engine.run_rows(rows)
