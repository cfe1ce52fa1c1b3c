"""The proof as tables and plots: one summary over all comparisons, then each comparison in detail."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ecu_bundle.parity.certificate import Certificate, Comparison, InterfaceRecord, OutputComparison, WorstRow
from ecu_bundle.reporting import svg
from ecu_bundle.reporting.elements import Cell, Figure, Style, Table
from ecu_bundle.reporting.model_view import code_names, value_text
from ecu_bundle.reporting.text import count, counted, error, share
from ecu_bundle.reporting.verdict import gate_failure, gate_title

_MOST_CLASSES_DRAWN = 12
_MOST_PAIRS_LISTED = 10
_MOST_VALUES_IN_A_CELL = 12
_INPUTS_SHOWN_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class OutputView:
    """One output of one comparison.

    Attributes:
        heading: name of the output.
        sentence: the result in words.
        figures: plots.
        tables: worst rows and, for many classes, which labels were confused.
        inputs: inputs of the worst rows; None when there are no worst rows.
        inputs_open: the table of inputs is short enough to be shown at once.
    """

    heading: str
    sentence: str
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    inputs: Table | None
    inputs_open: bool


@dataclass(frozen=True, slots=True)
class GateView:
    """One comparison. `failure` is empty when it passed."""

    ident: str
    heading: str
    sentence: str
    failure: str
    outputs: tuple[OutputView, ...]


def summary_table(certificate: Certificate) -> Table:
    """One row per comparison and output."""
    rows = tuple(
        (
            Cell(gate.right, note=f"against {gate.left}"),
            Cell("Passed", "pass") if output.passed else Cell("Failed", "fail"),
            Cell(output.name),
            Cell(count(gate.rows), "number"),
            Cell(share(output.equal, output.values), "number"),
            Cell(_largest(output), "number"),
            Cell(_allowed(gate, output)),
        )
        for gate in certificate.comparisons
        for output in gate.outputs
    )
    columns = ("Comparison", "Verdict", "Output", "Rows", "Equal", "Largest error", "Allowed")
    return Table("parity-summary", "Every comparison, output by output", columns, rows)


def _largest(output: OutputComparison) -> str:
    return (
        counted(output.label_differences, "label") if output.dtype == "int32" else error(output.max_abs_error)
    )


def _allowed(gate: Comparison, output: OutputComparison) -> str:
    if output.dtype == "int32":
        return "same label" if output.method == "exact" else "same label, or on the margin"
    if output.ulp_tolerance:
        return f"{output.ulp_tolerance} ULP"
    if not any(output.abs_tolerance) and output.rel_tolerance == 0:
        return "same bits" if gate.bit_exact_required else "no error"
    parts = []
    if any(output.abs_tolerance):
        low, high = error(min(output.abs_tolerance)), error(max(output.abs_tolerance))
        parts.append(low if low == high else f"{low} to {high}, by element")
    if output.rel_tolerance:
        parts.append(f"{error(output.rel_tolerance)} of the expected value")
    bound = ", or the bound where it is smaller" if output.method == "bounded" else ""
    return " + ".join(parts) + bound


def gate_views(certificate: Certificate) -> tuple[GateView, ...]:
    """Every comparison. The first is always drawn, the later ones where something differs."""
    return tuple(
        _gate_view(f"gate-{number}", gate, certificate.interface, first=number == 1)
        for number, gate in enumerate(certificate.comparisons, start=1)
    )


def _gate_view(ident: str, gate: Comparison, interface: InterfaceRecord, *, first: bool) -> GateView:
    demand = (
        "Required: the same bits."
        if gate.bit_exact_required
        else "Required: what the table above allows for each output."
    )
    sentence = f"{counted(gate.rows, 'row')}. {demand}"
    for reason, rows in sorted(gate.refused.items()):
        sentence += f" {counted(rows, 'row')} refused: {reason}."
    if gate.on_decision:
        sentence += (
            f" {counted(gate.on_decision, 'more row')} within rounding of a decision inside the model: right "
            "beside each, the reference gives this result, and what is judged gives that of the reference."
        )
    outputs = tuple(
        _output_view(f"{ident}-output-{number}", gate, output, interface, always_drawn=first)
        for number, output in enumerate(gate.outputs, start=1)
    )
    return GateView(ident, gate_title(gate), sentence, gate_failure(gate), outputs)


def _output_view(
    ident: str, gate: Comparison, output: OutputComparison, interface: InterfaceRecord, *, always_drawn: bool
) -> OutputView:
    drawn = always_drawn or output.equal != output.values
    names = next((code_names(tensor) for tensor in interface.outputs if tensor.name == output.name), {})
    confused = _confused_table(ident, output, names)
    tables = (
        *((confused,) if confused else ()),
        *((_worst_table(ident, output, names),) if output.worst else ()),
    )
    inputs = _inputs_table(ident, output, interface) if output.worst else None
    return OutputView(
        heading=output.name,
        sentence=_output_sentence(output),
        figures=_figures(ident, gate, output, names) if drawn else (),
        tables=tables,
        inputs=inputs,
        inputs_open=inputs is not None and len(inputs.rows) <= _INPUTS_SHOWN_AT_ONCE,
    )


def _output_sentence(output: OutputComparison) -> str:
    if output.equal == output.values:
        return f"All {counted(output.values, 'value')} are equal.{_margin(output)}"
    proportion = share(output.equal, output.values)
    equal = f"{count(output.equal)} of {counted(output.values, 'value')} are equal ({proportion})."
    if output.dtype == "int32":
        margin = f", {count(output.label_differences_on_margin)} of them on the margin"
        return f"{equal} {counted(output.label_differences, 'label')} differ{margin}.{_margin(output)}"
    largest = f"Largest error {error(output.max_abs_error)} ({count(output.max_ulp)} ULP)"
    beyond = f"{counted(output.beyond_tolerance, 'value')} beyond the tolerance"
    return f"{equal} {largest}, mean error {error(output.mean_abs_error)}; {beyond}."


def _margin(output: OutputComparison) -> str:
    if output.smallest_margin is None:
        return ""
    if output.smallest_margin == 0:
        return " Some rows are a tie of two labels; both sides decide it alike."
    margin = error(output.smallest_margin)
    return f" The narrowest decision among rows with equal labels has a margin of {margin}."


def _figures(
    ident: str, gate: Comparison, output: OutputComparison, names: dict[int, str]
) -> tuple[Figure, ...]:
    figures = []
    if output.sample_expected:
        drawing = svg.scatter(
            f"{ident}-scatter",
            output.sample_expected,
            output.sample_actual,
            x_label=gate.left,
            y_label=gate.right,
            title=f"Expected and actual values of {output.name}",
        )
        figures.append(Figure(drawing, "Expected against actual. Equal values lie on the diagonal."))
    histogram = output.histogram
    if histogram is not None and any(histogram.counts):
        title = f"Errors of {output.name}"
        drawing = svg.histogram(
            f"{ident}-errors", histogram.exact, histogram.edges, histogram.counts, title=title
        )
        figures.append(
            Figure(
                drawing,
                "How many values have which error, by power of ten; 0 is no error. Heights are logarithmic.",
            )
        )
    if output.confusion and len(output.confusion) <= _MOST_CLASSES_DRAWN:
        codes, labels = _class_labels(len(output.confusion), names)
        title = f"Labels of {output.name}"
        drawing = svg.confusion(f"{ident}-labels", output.confusion, codes, labels, title=title)
        figures.append(Figure(drawing, "Labels expected and given. Off the diagonal they differ."))
    return tuple(figures)


def _class_labels(size: int, names: dict[int, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes and names of the classes in matrix order; positions where the interface does not tell."""
    if len(names) == size:
        return tuple(map(str, names)), tuple(
            "" if name == str(code) else name for code, name in names.items()
        )
    return tuple(str(i) for i in range(size)), ("",) * size


def _confused_table(ident: str, output: OutputComparison, names: dict[int, str]) -> Table | None:
    """The most frequent confusions, where there are too many classes for a drawing."""
    size = len(output.confusion)
    if size <= _MOST_CLASSES_DRAWN:
        return None
    codes, labels = _class_labels(size, names)
    pairs = [
        (-n, i, j)
        for i, numbers in enumerate(output.confusion)
        for j, n in enumerate(numbers)
        if n and i != j
    ]
    rows = tuple(
        (
            Cell(f"{codes[i]} {labels[i]}".strip()),
            Cell(f"{codes[j]} {labels[j]}".strip()),
            Cell(count(-negated), "number"),
        )
        for negated, i, j in sorted(pairs)[:_MOST_PAIRS_LISTED]
    )
    if not rows:
        return None
    caption = f"Most frequent of {counted(len(pairs), 'confusion')} among {count(size)} classes"
    return Table(f"{ident}-confused", caption, ("Expected", "Actual", "Rows"), rows)


def _worst_table(ident: str, output: OutputComparison, names: dict[int, str]) -> Table:
    style: Style = "" if output.dtype == "int32" else "number"
    rows = tuple(
        (
            Cell(count(row.row), note=row.origin),
            Cell(_values(row.expected, names), style),
            Cell(_values(row.actual, names), style),
            Cell("" if output.dtype == "int32" else error(row.error), style),
        )
        for row in output.worst
    )
    caption = "Rows whose labels differ" if output.dtype == "int32" else "Rows with the largest error"
    columns = ("Row", "Expected", "Actual", "Error")
    return Table(f"{ident}-worst", caption, columns, rows).without_empty_columns()


def _values(values: list[float | int], names: dict[int, str]) -> str:
    shown = ", ".join(value_text(value, names) for value in values[:_MOST_VALUES_IN_A_CELL])
    rest = len(values) - _MOST_VALUES_IN_A_CELL
    return f"{shown} and {count(rest)} more in the certificate" if rest > 0 else shown


def _inputs_table(ident: str, output: OutputComparison, interface: InterfaceRecord) -> Table:
    """Inputs down, worst rows across: a model has many inputs and few worst rows."""
    rows = []
    for tensor in interface.inputs:
        names = code_names(tensor)
        cells = [Cell(_input_text(row, tensor.name, names), "number") for row in output.worst]
        rows.append((Cell(tensor.name, note=tensor.unit), *cells))
    columns = ("Input", *(f"Row {count(row.row)}" for row in output.worst))
    return Table(f"{ident}-inputs", "Inputs of these rows", columns, tuple(rows))


def _input_text(row: WorstRow, name: str, names: dict[int, str]) -> str:
    values = row.inputs.get(name, [])
    return _values(values, names) if len(values) != 1 else value_text(values[0], names)


def largest_error(certificate: Certificate) -> str:
    """The largest error over every float32 output, NaN where one has no order; empty when there is none."""
    outputs = [output for gate in certificate.comparisons for output in gate.outputs]
    errors = [output.max_abs_error for output in outputs if output.dtype == "float32"]
    if not errors:
        return ""
    return error(math.nan) if any(map(math.isnan, errors)) else error(max(errors))
