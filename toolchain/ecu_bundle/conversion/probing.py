"""Run the converted graph once, to learn its shapes and to see that it runs at all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from ecu_bundle.conversion.preparation import Prepared
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import MISSING_CODE, UNKNOWN_CODE, Code, Tensor
from ecu_bundle.parity.outputs import Outputs, reference_of
from ecu_bundle.parity.session import open_session

_PROBE_ROWS = 7
_SEED = 20250101


def choose_outputs(
    proto: onnx.ModelProto,
    outputs: Outputs,
    prepared: Prepared,
    inputs: Sequence[Tensor],
    *,
    labels_first: bool,
) -> list[tuple[str, Tensor, int | None]]:
    """Matches the outputs of the graph with the standard names.

    Args:
        proto: the graph as converted.
        outputs: what is wanted of it.
        prepared: the estimator that was converted.
        inputs: of the interface.
        labels_first: the first output of the graph is the label, wanted or not.

    Returns:
        (name in the graph, tensor of the interface, column to keep or None) in device order.

    Raises:
        UnsupportedModelError: the graph does not run, or gives another shape than scikit-learn.
    """
    feed = _probe_rows(inputs)
    estimator = prepared.estimator
    matrix = np.concatenate([a.astype(np.float64) for a in feed.values()], axis=1)
    _check_one_label(estimator, outputs, matrix)
    try:
        session = open_session(proto)
        names = [value.name for value in session.get_outputs()]
        results = dict(zip(names, session.run(names, feed), strict=True))
    except Exception as error:
        raise UnsupportedModelError(
            "convert",
            f"the converted model does not run in ONNX Runtime: {str(error).splitlines()[0]}",
            place=type(estimator).__name__,
            hint="this estimator cannot be deployed; choose another one",
        ) from error
    tensors = [name for name in names if isinstance(results[name], np.ndarray)]
    if labels_first and "label" not in outputs.names:
        tensors = tensors[1:]
    if len(tensors) < len(outputs.names):
        raise UnsupportedModelError(
            "convert",
            f"the converted model has the outputs {names}, needed are {list(outputs.names)}",
            place=type(estimator).__name__,
            hint="choose an estimator with predict or transform of its own",
        )
    reference = reference_of(estimator, _without_text(outputs))
    chosen: list[tuple[str, Tensor, int | None]] = []
    for name, source in zip(outputs.names, tensors, strict=False):
        if results[source].size == 0:
            raise UnsupportedModelError(
                "convert",
                f"{name} has no values: {type(estimator).__name__} was fitted so that it gives no column",
                place=type(estimator).__name__,
                hint="leave it out, or fit it on rows that show what it is for",
            )
        actual = results[source].reshape(_PROBE_ROWS, -1)
        if name == "label":
            chosen.append((source, Tensor(name, "int32", codes=outputs.codes), None))
            continue
        expected = _of_scikit_learn(estimator, reference[name], matrix)
        column = None
        if actual.shape[1] == 2 and expected.shape[1] == 1:
            column = _closest_column(actual, expected)
        elif actual.shape[1] != expected.shape[1]:
            raise UnsupportedModelError(
                "convert",
                f"{name} has {actual.shape[1]} values a row in ONNX and {expected.shape[1]} in scikit-learn",
                place=type(estimator).__name__,
                hint="the conversion of this estimator is not true; choose another one",
            )
        chosen.append((source, Tensor(name, "float32", expected.shape[1]), column))
    return chosen


def _check_one_label(estimator: Any, outputs: Outputs, matrix: NDArray[np.float64]) -> None:
    """A classifier that predicts several labels a row is refused; only its predictions tell."""
    if outputs.names[0] != "label":
        return
    predicted = _of_scikit_learn(estimator, estimator.predict, matrix)
    if np.ndim(predicted) != 1 or np.shape(predicted) != (len(matrix),):
        raise UnsupportedModelError(
            "convert",
            f"{type(estimator).__name__} gives several labels a row",
            place=type(estimator).__name__,
            hint="train one classifier for each label",
        )


def _of_scikit_learn(
    estimator: Any, function: Callable[[Any], Any], matrix: NDArray[np.float64]
) -> NDArray[Any]:
    """What a function of the prepared estimator gives for the trial rows.

    Raises:
        UnsupportedModelError: scikit-learn itself fails, for instance on a damaged or unfitted part.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.asarray(function(matrix))
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise UnsupportedModelError(
                "convert",
                f"scikit-learn itself cannot compute a trial row: {reason}",
                place=f"{type(estimator).__module__}.{type(estimator).__name__}",
                hint="train the model on float64: it takes rows of float32 alone"
                if _computes(function, matrix.astype(np.float32))
                else "check that predict or transform works on rows of numbers; else train the model again",
            ) from error


def _computes(function: Callable[[Any], Any], matrix: NDArray[np.float32]) -> bool:
    """Whether a function takes rows of float32; some estimators that were trained on them take no other."""
    try:
        function(matrix)
    except Exception:
        return False
    return True


def _without_text(outputs: Outputs) -> Outputs:
    return Outputs(outputs.kind, outputs.names, outputs.codes, ())


def _closest_column(actual: NDArray[Any], expected: NDArray[np.float64]) -> int:
    """Binary scores come as [d, -d] or [-d, d]: the column that is scikit-learn's score."""
    errors = np.abs(actual.astype(np.float64) - expected).sum(axis=0)
    return int(np.argmin(errors))


def _probe_rows(inputs: Sequence[Tensor]) -> dict[str, NDArray[Any]]:
    generator = np.random.default_rng(_SEED)
    feed: dict[str, NDArray[Any]] = {}
    for tensor in inputs:
        if tensor.codes:
            reserved = (Code(UNKNOWN_CODE, "unknown"), Code(MISSING_CODE, "missing"))
            known = [c.value for c in tensor.codes if c not in reserved]
            values = generator.choice(known, (_PROBE_ROWS, 1))
            feed[tensor.name] = values.astype(np.int64)
        else:
            feed[tensor.name] = generator.random((_PROBE_ROWS, tensor.elements)).astype(np.float32)
    return feed
