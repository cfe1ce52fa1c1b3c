"""What each value of an output is about: the class of a probability, the pair of classes of a score."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from ecu_bundle.interface import Interface, ModelKind, Tensor, over
from ecu_bundle.parts import last_step, walk


def name_elements(
    interface: Interface, standard: Sequence[str], classes: Sequence[str], estimator: Any
) -> Interface:
    """The interface with `Tensor.element_names` of every output whose order scikit-learn defines.

    Args:
        interface: of the converted model.
        standard: standard name of each output, for instance ``probabilities``.
        classes: names of the labels in scikit-learn's order (``classes_``); empty without a label.
        estimator: the model; says whether scores belong to classes or to pairs of them.
    """
    outputs = [
        dataclasses.replace(tensor, element_names=names)
        if len(names := _names(tensor, what, interface.kind, tuple(classes), estimator)) == tensor.elements
        else tensor
        for tensor, what in zip(interface.outputs, standard, strict=True)
    ]
    return dataclasses.replace(interface, outputs=tuple(outputs))


def _names(
    tensor: Tensor, what: str, kind: ModelKind, classes: tuple[str, ...], estimator: Any
) -> tuple[str, ...]:
    """The names, or a tuple of another length than the tensor where they are not known."""
    if what == "probabilities":
        return classes
    if what == "decision_function" or kind == "outlier_detector":
        return _scores(tensor, classes, estimator)
    if kind == "clusterer" and hasattr(last_step(estimator), "cluster_centers_"):
        return classes  # distances to the centres; the distances of Birch are those to its subclusters
    if kind == "transformer":
        return _columns(estimator)
    return ()


def _scores(tensor: Tensor, classes: tuple[str, ...], estimator: Any) -> tuple[str, ...]:
    """One score for two classes, else one for each class, or one for each pair of classes.

    A score of a pair is positive for the class that is named first. Three classes have three pairs: there
    only the estimator tells. Source: scikit-learn, ``SVC.decision_function``.
    """
    if len(classes) == 2:
        return (over(classes[1], classes[0]),)
    pairs = tuple(over(first, second) for first, second in combinations(classes, 2))
    if tensor.elements != len(classes):
        return pairs
    if _pairwise(last_step(estimator)):
        return pairs
    return () if len(pairs) == len(classes) and any(map(_pairwise, walk(estimator))) else classes


def _pairwise(part: Any) -> bool:
    return getattr(part, "decision_function_shape", "") == "ovo"


def _columns(estimator: Any) -> tuple[str, ...]:
    """The columns that a transformer gives; none where it cannot name them."""
    try:
        return tuple(map(str, estimator.get_feature_names_out()))
    except (AttributeError, ValueError):  # a step without names, or one that wants the names of its input
        return ()
