"""What is proved, what is bounded and what was sampled: one table, and the facts behind it."""

from __future__ import annotations

from dataclasses import dataclass

from ecu_bundle.parity.certificate import BoundRecord, Certificate, OutputComparison, SumRecord
from ecu_bundle.reporting.elements import Cell, Fact, Table, facts
from ecu_bundle.reporting.text import count, error

_METHODS = {
    "exact": "Exact rule",
    "bounded": "Computed bound",
    "tolerance": "Tolerance, on the compared rows",
}


_MOST_SUMS = 10


@dataclass(frozen=True, slots=True)
class ProofView:
    """What the verdict rests on.

    Attributes:
        outputs: one row per output.
        witnesses: facts about proved splits; empty when there are none.
        excluded: why the other splits are not proved.
        settings: tolerance and session of ONNX Runtime.
        refused: inputs that the device refuses.
    """

    outputs: Table
    witnesses: tuple[Fact, ...]
    excluded: tuple[str, ...]
    settings: tuple[Fact, ...]
    refused: tuple[str, ...]


def proof_view(certificate: Certificate) -> ProofView:
    bounds = {bound.name: bound for bound in certificate.bounds}
    first = certificate.comparisons[0].outputs if certificate.comparisons else ()
    rows = tuple(_row(output, certificate, bounds.get(output.name)) for output in first)
    columns = (
        "Output",
        "Kind",
        "Held to",
        "Bound on the rows",
        "Bound for every input",
        "Label margin",
        "Reason",
    )
    table = Table("proof-outputs", "How each output is held to the reference", columns, rows)
    witnesses = certificate.witnesses
    return ProofView(
        outputs=table.without_empty_columns(),
        witnesses=()
        if witnesses is None
        else facts(
            Fact("Splits of trees", count(witnesses.splits)),
            Fact("Proved for every float32 input", count(witnesses.proved)),
            *(
                Fact(f"Sum {s.output}, over {s.trees} trees", _sum_text(s))
                for s in witnesses.sums[:_MOST_SUMS]
            ),
            Fact("Digest of the witnesses", witnesses.digest, "code"),
        ),
        excluded=() if witnesses is None else witnesses.excluded,
        settings=facts(
            Fact("Tolerance", error(certificate.tolerance)),
            *(Fact(name, value, "code") for name, value in sorted(certificate.session.items())),
        ),
        refused=certificate.refused_inputs,
    )


def _row(output: OutputComparison, certificate: Certificate, bound: BoundRecord | None) -> tuple[Cell, ...]:
    return (
        Cell(output.name),
        Cell("exact" if output.name in certificate.exact_outputs else "smooth"),
        Cell(_METHODS[output.method]),
        Cell(_number(bound.largest_on_rows if bound else None), "number"),
        Cell(_number(bound.interval if bound else None), "number"),
        Cell(_number(bound.label_margin if bound else None), "number"),
        Cell(bound.reason if bound else ""),
    )


def _sum_text(record: SumRecord) -> str:
    order = "in any order of the trees" if record.order_free else "in the order of the trees"
    return f"within {error(record.bound)} of scikit-learn's exact sum for every input, {order}"


def _number(value: float | None) -> str:
    return "" if value is None else error(value)
