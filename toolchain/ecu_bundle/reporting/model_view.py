"""What the model is, what goes in and out, where its rows came from, and what identifies it."""

from __future__ import annotations

from dataclasses import dataclass

from ecu_bundle.parity.certificate import Binary, Certificate, TensorRecord
from ecu_bundle.reporting.elements import Cell, Fact, Table, facts
from ecu_bundle.reporting.svg import share_bar
from ecu_bundle.reporting.text import (
    count,
    counted,
    engine_text,
    exact,
    range_text,
    share,
    target_text,
)

_MOST_CODES_IN_A_CELL = 6
_NAN_MEANS = "the value is missing, which is handled as scikit-learn handles it"

_KINDS = {
    "classifier": "Classifier: says which class a row belongs to",
    "regressor": "Regressor: says a quantity for each row",
    "clusterer": "Clusterer: says which group a row is nearest to",
    "outlier_detector": "Outlier detector: says whether a row is unlike the training data",
    "transformer": "Transformer: computes features for a later stage",
}
_FORMATS = {
    "skops": "skops file",
    "pickle": "pickle",
    "sagemaker": "SageMaker archive",
    "mlflow": "MLflow folder",
    "onnx": "ONNX file",
    "memory": "object in memory",
}


def code_names(tensor: TensorRecord) -> dict[int, str]:
    """Value -> name, by value, whatever order the certificate was read in."""
    return {value: tensor.codes[str(value)] for value in sorted(int(code) for code in tensor.codes)}


def value_text(value: float | int, names: dict[int, str]) -> str:
    """A value so that it can be reproduced, with the name of its code where it has one."""
    text = exact(value)
    return coded(text, names[int(value)]) if isinstance(value, int) and value in names else text


def coded(code: str, name: str) -> str:
    """``1 worn``; the code alone where its name says no more."""
    return code if code == name else f"{code} {name}".strip()


def model_facts(certificate: Certificate) -> tuple[Fact, ...]:
    reference, interface = certificate.reference, certificate.interface
    trained = f"scikit-learn {reference.trained_with}" if reference.trained_with else ""
    values = sum(tensor.elements for tensor in interface.inputs)
    return facts(
        Fact("Kind", _KINDS.get(interface.kind, interface.kind.replace("_", " ").capitalize())),
        Fact("Estimator", reference.estimator, "code"),
        Fact("Trained with", trained),
        Fact("Handed over as", _FORMATS.get(reference.source_format, reference.source_format)),
        Fact(
            "Pickle",
            "Ran code from the model file while loading; the user vouched for it."
            if reference.trusted_pickle
            else "",
        ),
        Fact("Inputs", f"{counted(len(interface.inputs), 'input')}, {counted(values, 'value')} per row"),
        Fact("NaN", _nan_text(interface.inputs)),
        Fact("Outputs", ", ".join(tensor.name for tensor in interface.outputs)),
        Fact("Exact outputs", ", ".join(certificate.exact_outputs)),
        Fact("Smooth outputs", ", ".join(_smooth(certificate))),
        Fact("Reference", reference.definition),
    )


def _smooth(certificate: Certificate) -> tuple[str, ...]:
    names = (tensor.name for tensor in certificate.interface.outputs)
    return tuple(name for name in names if name not in certificate.exact_outputs)


def _nan_text(inputs: tuple[TensorRecord, ...]) -> str:
    floats = [tensor for tensor in inputs if tensor.dtype == "float32"]
    accepting = sum(tensor.accepts_nan for tensor in floats)
    if accepting == 0:
        return "Refused in every input"
    if accepting == len(floats):
        return f"Accepted in every float32 input: {_NAN_MEANS}"
    share = f"{count(accepting)} of {counted(len(floats), 'float32 input')}"
    return f"Accepted in {share}, listed below: {_NAN_MEANS}"


def _accepts_nan_cell(tensor: TensorRecord, tensors: tuple[TensorRecord, ...]) -> Cell:
    """Says something only where the inputs of a model differ."""
    floats = {other.accepts_nan for other in tensors if other.dtype == "float32"}
    if len(floats) < 2 or tensor.dtype != "float32":
        return Cell("")
    return Cell("accepted" if tensor.accepts_nan else "refused")


def interface_table(ident: str, caption: str, tensors: tuple[TensorRecord, ...]) -> Table:
    rows = tuple(
        (
            Cell(tensor.name, note=tensor.description),
            Cell(tensor.dtype, "code"),
            Cell(count(tensor.elements) if tensor.elements > 1 else "", "number"),
            Cell(tensor.unit),
            Cell("" if tensor.codes else range_text(tensor.minimum, tensor.maximum)),
            _accepts_nan_cell(tensor, tensors),
            _codes_cell(tensor),
            _order_cell(tensor),
        )
        for tensor in tensors
    )
    columns = ("Name", "Type", "Values", "Unit", "Range", "NaN", "Codes", "Order of values")
    return Table(ident, caption, columns, rows).without_empty_columns()


def _codes_cell(tensor: TensorRecord) -> Cell:
    listing = ", ".join(coded(str(value), name) for value, name in code_names(tensor).items())
    if len(tensor.codes) <= _MOST_CODES_IN_A_CELL:
        return Cell(listing)
    return Cell(counted(len(tensor.codes), "code"), more=listing)


def _order_cell(tensor: TensorRecord) -> Cell:
    """What stands at which position of an output, for instance the class of each probability."""
    names = tensor.element_names
    listing = ", ".join(f"[{i}] {name}" for i, name in enumerate(names)) if len(names) > 1 else "".join(names)
    if len(names) <= _MOST_CODES_IN_A_CELL:
        return Cell(listing)
    return Cell(counted(len(names), "position"), more=listing)


def row_sources(certificate: Certificate) -> Table:
    whole = sum(source.rows for source in certificate.rows)
    rows = tuple(
        (
            Cell(source.origin, note=source.description),
            Cell(count(source.rows), "number"),
            Cell(share(source.rows, whole), "number", graphic=share_bar(source.rows, whole)),
        )
        for source in certificate.rows
    )
    return Table("rows-origins", "Rows by origin", ("Origin", "Rows", "Share"), rows)


@dataclass(frozen=True, slots=True)
class TargetView:
    """How one binary was built and run."""

    facts: tuple[Fact, ...]
    passed: bool


def engine_choice(binaries: tuple[Binary, ...]) -> str:
    """How an integrator chooses among the engines of a bundle; empty where it has one."""
    if len(binaries) < 2:
        return ""
    first, *others = (binary.engine for binary in binaries)
    options = " and ".join(f"{engine_text(other)} with -D ECU_ENGINE={other}" for other in others)
    return (
        f"The bundle holds {counted(len(binaries), 'engine')} with one interface, each with its own proof: "
        f"CMake builds {engine_text(first)} unless told otherwise, {options}."
    )


def target_view(binary: Binary) -> TargetView:
    passed = binary.self_test == "passed"
    outcome = f"{'Passed' if passed else 'Failed'} on {counted(binary.golden_rows, 'golden row')}"
    shown = facts(
        Fact("Target", binary.target, "code"),
        Fact("Engine", {"ort": "ONNX Runtime", "native": "native"}.get(binary.engine, binary.engine)),
        Fact("Self-test", outcome, "pass" if passed else "fail"),
        Fact("Ran on", "the build machine" if binary.runner == "direct" else binary.runner),
        Fact("Compiler", binary.compiler),
        Fact("Flags", " ".join(binary.flags), "code"),
    )
    return TargetView(shown, passed)


def version_facts(certificate: Certificate, tool_version: str) -> tuple[Fact, ...]:
    reference = certificate.reference
    known = {name for name in certificate.tools if certificate.tools[name]}
    return facts(
        Fact("Certificate format", str(certificate.certificate_version)),
        Fact("Model version", certificate.model_version),
        Fact("ecu-bundle", tool_version),
        Fact("scikit-learn", "" if "scikit-learn" in known else reference.sklearn_version),
        *(Fact(f"ONNX Runtime on {b.target}", b.onnxruntime_version) for b in certificate.binaries),
        *(Fact(name, version) for name, version in sorted(certificate.tools.items()) if name != "ecu-bundle"),
    )


def digest_facts(certificate: Certificate) -> tuple[Fact, ...]:
    binaries = certificate.binaries
    return tuple(
        Fact(fact.term, fact.text, "code")
        for fact in facts(
            Fact("Model file as given", certificate.reference.source_digest),
            Fact("ONNX model", certificate.onnx_digest),
            Fact("Model image", certificate.image_digest),
            *(Fact(f"Model image for {engine_text(b.engine)}", b.image_digest) for b in binaries[1:]),
            Fact("Interface", certificate.interface.hash),
            Fact("Generated sources", certificate.sources_digest),
            Fact("Compared rows", certificate.rows_digest),
            *(
                Fact(f"Static library for {target_text(b.target, b.engine)}", b.library_digest)
                for b in binaries
            ),
            *(Fact(f"ONNX Runtime library for {b.target}", b.onnxruntime_digest) for b in binaries),
        )
    )
