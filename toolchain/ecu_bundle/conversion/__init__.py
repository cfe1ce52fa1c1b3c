"""LoadedModel -> OnnxModel: one graph that every engine runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.conversion.description import ModelDescription
from ecu_bundle.conversion.naming import check_names
from ecu_bundle.conversion.words import (
    check_outputs,
    describe_input,
    describe_output,
    match_inputs,
    restrict_missing,
)
from ecu_bundle.errors import UsageError
from ecu_bundle.identifiers import bundle_name
from ecu_bundle.interface import MATRIX_INPUT, Interface, Tensor

if TYPE_CHECKING:
    from ecu_bundle.interface import Column


def convert(
    model: LoadedModel | Any,
    *,
    sample: Any = None,
    precision: Literal["float", "double"] | None = None,
    outputs: Sequence[str] = (),
    description: ModelDescription | None = None,
    config: str | Path | None = None,
) -> OnnxModel:
    """Converts a model to the ONNX graph that the engines run.

    Args:
        model: a loaded model, or a fitted scikit-learn estimator.
        sample: rows as the model would get them; checked against the interface.
        precision: ``"float"``: smooth models compute in float32; ``"double"``: in float64, inputs and
            outputs stay float32. Trees are exact in both. None: as described, else ``"float"``.
        outputs: standard names of the outputs to keep, for instance ``["label"]``, or ``["label",
            "decision_function"]`` in place of probabilities; empty: as described, else the usual ones.
        description: names, units, ranges and class names.
        config: an ``ecu-bundle.toml`` to take the description from.

    Raises:
        UnsupportedModelError: a construct that cannot be converted; names the estimator.
        UsageError: a description or sample that does not fit the model.
    """
    from ecu_bundle.loading import from_estimator

    if description is not None and config is not None:
        raise UsageError("convert", "description and config are given both", hint="give one of them")
    loaded = model if isinstance(model, LoadedModel) else from_estimator(model)
    words = description or _described(config)
    words = dataclasses.replace(words, precision=precision or words.precision)
    words = dataclasses.replace(words, chosen=tuple(outputs) or words.chosen)
    if words.precision not in ("float", "double"):
        raise UsageError(
            "convert", f"there is no precision {words.precision!r}", hint="use 'float' or 'double'"
        )
    name = bundle_name(words.name or loaded.name)
    if loaded.estimator is None:
        from ecu_bundle.conversion.from_onnx import adopt

        if words.precision == "double" or words.chosen:
            raise UsageError(
                "convert",
                "an ONNX file is taken as it is: precision and outputs cannot be chosen",
                hint="leave both out, or give the scikit-learn model",
            )
        converted = adopt(loaded, name, words)
    else:
        converted = _convert_estimator(loaded, name, words)
    if sample is not None:
        from ecu_bundle.rows import rows_from

        rows_from(sample, converted.interface)
    return converted


def _described(config: str | Path | None) -> ModelDescription:
    from ecu_bundle.config import read_config

    return ModelDescription() if config is None else read_config(Path(config)).description()


def _convert_estimator(loaded: LoadedModel, name: str, words: ModelDescription) -> OnnxModel:
    from ecu_bundle.conversion import graph
    from ecu_bundle.conversion.decisions.widening import keep_wide
    from ecu_bundle.conversion.element_names import name_elements
    from ecu_bundle.conversion.exactness import exact_outputs
    from ecu_bundle.conversion.exporter import export
    from ecu_bundle.conversion.preparation import prepare
    from ecu_bundle.conversion.probing import choose_outputs
    from ecu_bundle.conversion.refusals import refuse_hopeless
    from ecu_bundle.conversion.selection import select_outputs
    from ecu_bundle.conversion.trees.coarse import coarsen
    from ecu_bundle.parity.missing import settle_missing
    from ecu_bundle.parity.outputs import outputs_of
    from ecu_bundle.parts import walk

    estimator, double = loaded.estimator, words.precision == "double"
    refuse_hopeless(estimator)
    possible = outputs_of(estimator)
    outputs = select_outputs(possible, words.chosen, estimator)
    check_outputs((*possible.names, *outputs.names), possible.codes, words)
    prepared = prepare(estimator)
    columns = prepared.columns
    inputs = _input_tensors(columns, words)
    notes = [*loaded.notes, *prepared.notes]
    if len(prepared.used) < len(columns):
        left_out = [column.name for i, column in enumerate(columns) if i not in prepared.used]
        notes.append("columns that the model does not use are left out: " + ", ".join(left_out))
        inputs = [inputs[i] for i in prepared.used]
    check_names(inputs)
    scores = "decision_function" in words.chosen
    proto = export(prepared.estimator, len(prepared.used), double=double, raw_scores=scores)
    keep_wide(proto)
    coarsen(proto)
    if outputs.classes:
        graph.class_codes(proto, outputs.classes)
    prefix = graph.free_prefix([t.name for t in inputs] + [o.rename for o in words.outputs.values()])
    proto = graph.isolate_names(proto, prefix)
    graph.take_inputs(proto, inputs, prefix, double=double)
    labels_first = possible.names[0] == "label"
    chosen = choose_outputs(proto, outputs, prepared, inputs, labels_first=labels_first)
    described = [(source, describe_output(t, words), column) for source, t, column in chosen]
    graph.set_outputs(proto, described, prefix, double=double)
    proto = graph.finish(proto, name)
    interface = Interface(outputs.kind, tuple(inputs), tuple(t for _, t, _ in described))
    check_names((*interface.inputs, *interface.outputs))
    classes = [words.classes.get(code.name, code.name) for code in outputs.codes]
    interface = name_elements(interface, outputs.names, classes, estimator)
    model = OnnxModel(
        name=name,
        proto=proto,
        interface=interface,
        notes=tuple(notes),
        exact=exact_outputs(proto),
        columns=columns,
        standard=outputs.names,
        estimator=", ".join(dict.fromkeys(type(part).__name__ for part in walk(estimator))),
    )
    return restrict_missing(settle_missing(loaded, model), words)


def _input_tensors(columns: Sequence[Column], words: ModelDescription) -> list[Tensor]:
    """One tensor per column where the columns have names or categories, else one matrix."""
    named = any(c.name for c in columns)
    coded = any(c.codes for c in columns)
    said = list(words.inputs)
    if not named and not coded and len(said) != len(columns):
        if said and {d.name for d in said} != {MATRIX_INPUT}:
            raise UsageError(
                "convert",
                f"the configuration describes {len(said)} input{'s' if len(said) > 1 else ''}, the model has "
                f"{len(columns)} columns without names",
                place=words.places.get(("inputs", "0"), ""),
                hint="describe every column in order, or one input named X",
            )
        tensor = Tensor(MATRIX_INPUT, "float32", len(columns))
        return [describe_input(tensor, said[0])] if said else [tensor]
    if named:
        names = [c.name for c in columns]
    elif len(said) == len(columns):
        names = [d.name for d in said]
    else:
        names = [f"x{i}" for i in range(len(columns))]
    by_name = match_inputs(names, words)
    tensors = []
    for name, column in zip(names, columns, strict=True):
        tensor = Tensor(name, "int32", codes=column.codes) if column.codes else Tensor(name, "float32")
        tensors.append(describe_input(tensor, by_name[name]) if name in by_name else tensor)
    return tensors
