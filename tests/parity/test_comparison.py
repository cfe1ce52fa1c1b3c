"""The measures of the proof: units in the last place, tolerances, margins, counts."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from ecu_bundle.interface import Code, Interface, ModelKind, Rows, Tensor
from ecu_bundle.parity.certificate import Comparison, OutputComparison
from ecu_bundle.parity.comparison import (
    DECADES,
    EXACT,
    SAMPLE_POINTS,
    WORST_ROWS,
    Tolerance,
    compare,
    label_margins,
    tolerances,
    ulp_distance,
)

F = np.float32
INF = math.inf
NAN = math.nan
TINY = float(np.nextafter(F(0), F(1)))
LARGEST = float(np.finfo(F).max)
ONE_UP = float(np.nextafter(F(1), F(2)))

DISTANCES: list[tuple[float, float, int]] = [
    (1.0, 1.0, 0),
    (1.0, ONE_UP, 1),
    (ONE_UP, 1.0, 1),
    (0.0, -0.0, 0),
    (0.0, TINY, 1),
    (-TINY, TINY, 2),
    (-1.0, -ONE_UP, 1),
    (1.0, 2.0, 1 << 23),
    (LARGEST, INF, 1),
    (-INF, INF, 2 * 0x7F800000),
    (NAN, NAN, 0),
    (-1.0, 1.0, 2 * 0x3F800000),
]


@pytest.mark.parametrize(("a", "b", "expected"), DISTANCES)
def test_ulp_distance(a: float, b: float, expected: int) -> None:
    assert ulp_distance(np.array([a], F), np.array([b], F)).tolist() == [expected]


def test_ulp_distance_counts_every_value_between() -> None:
    value, steps = F(-3e-45), 0
    while value < F(3e-45):
        value, steps = np.nextafter(value, F(1)), steps + 1
    assert ulp_distance(np.array([-3e-45], F), np.array([3e-45], F)).tolist() == [steps]


def test_ulp_distance_of_nan_and_a_number_is_not_zero() -> None:
    assert ulp_distance(np.array([NAN], F), np.array([1.0], F))[0] > 0


def one_output(dtype: Literal["float32", "int32"] = "float32", codes: tuple[int, ...] = ()) -> Interface:
    tensor = Tensor("y", dtype, codes=tuple(Code(c, str(c)) for c in codes))
    return Interface("regressor", (Tensor("X", "float32"),), (tensor,))


def rows(count: int) -> Rows:
    return Rows({"X": np.arange(count, dtype=F).reshape(-1, 1)}, ("data",) * count)


def judge(
    expected: Any, actual: Any, limit: Tolerance = EXACT, interface: Interface | None = None
) -> OutputComparison:
    left = np.asarray(expected).reshape(len(expected), -1)
    right = np.asarray(actual).reshape(len(actual), -1)
    interface = interface or one_output()
    gate = compare(
        "a",
        "b",
        interface,
        rows(len(left)),
        expected={"y": left},
        actual={"y": right},
        tolerance={"y": limit},
    )
    assert gate.passed == gate.outputs[0].passed
    return gate.outputs[0]


LOOSE = Tolerance(0.1, 0.01)

PASSES: list[tuple[float, float, Tolerance, bool]] = [
    (1.0, 1.0, EXACT, True),
    (1.0, ONE_UP, EXACT, False),
    (0.0, -0.0, EXACT, False),  # the same bits are asked for
    (NAN, NAN, EXACT, True),
    (INF, INF, EXACT, True),
    (INF, -INF, EXACT, False),
    (0.1, float(F(0.1)), EXACT, True),  # the reference is rounded to float32 once
    (1.0, 1.1, LOOSE, True),
    (1.0, 1.12, LOOSE, False),
    (-100.0, -101.09, LOOSE, True),
    (-100.0, -101.2, LOOSE, False),
    (0.0, -0.0, LOOSE, True),
    (NAN, NAN, LOOSE, True),
    (NAN, 1.0, LOOSE, False),
    (1.0, NAN, LOOSE, False),
    (INF, INF, LOOSE, True),
    (INF, LARGEST, LOOSE, False),
    (LARGEST, INF, LOOSE, False),
    (INF, -INF, LOOSE, False),
    (1e300, INF, LOOSE, True),  # rounds to infinity in float32
]


@pytest.mark.parametrize(("expected", "actual", "limit", "passed"), PASSES)
def test_what_passes(expected: float, actual: float, limit: Tolerance, passed: bool) -> None:
    output = judge([expected], np.array([actual], F), limit)
    assert output.passed == passed
    assert output.beyond_tolerance == (0 if passed else 1)


def test_one_wrong_value_among_many_is_found_and_shown_first() -> None:
    expected = np.linspace(0, 1, 1000)
    actual = expected.astype(F)
    actual[[10, 20]] += F(1e-4)
    actual[777] += F(0.5)
    output = judge(expected, actual, Tolerance(0.01, 0.0))
    assert (output.beyond_tolerance, output.equal) == (1, 997)
    assert [worst.row for worst in output.worst] == [777, 10, 20]
    assert output.worst[0].inputs == {"X": [777.0]}
    assert output.worst[0].error == pytest.approx(0.5, rel=1e-5)
    assert output.max_abs_error == output.worst[0].error
    assert output.mean_abs_error == pytest.approx((0.5 + 2e-4) / 1000, rel=1e-2)


def test_a_value_beyond_its_own_tolerance_goes_before_a_larger_error_within() -> None:
    output = judge([1e6, 1.0], np.array([1e6 + 100, 2.0], F), Tolerance(0.0, 0.001))
    assert [worst.row for worst in output.worst] == [1, 0]


def test_at_most_so_many_worst_rows_and_samples() -> None:
    output = judge(np.zeros(2000), np.ones(2000, F))
    assert len(output.worst) == WORST_ROWS
    assert len(output.sample_expected) == len(output.sample_actual) == SAMPLE_POINTS


def test_the_histogram_counts_every_error_once() -> None:
    errors = [0.0, 0.0, 5e-13, 1.5e-12, 0.5, 1.5, 1e3, 5e3]
    output = judge(np.zeros(len(errors)), np.array(errors, F), Tolerance(1e9, 0.0))
    histogram = output.histogram
    assert histogram is not None
    assert histogram.edges == (0.0, *DECADES, INF)
    assert len(histogram.counts) == len(histogram.edges) - 1
    assert histogram.exact == 2
    found = {histogram.edges[i + 1]: n for i, n in enumerate(histogram.counts) if n}
    assert found == {1e-12: 1, 1e-11: 1, 1.0: 1, 10.0: 1, 1e3: 1, INF: 1}


def test_an_infinite_error_is_counted_in_the_last_bin() -> None:
    histogram = judge([0.0], np.array([NAN], F)).histogram
    assert histogram is not None
    assert histogram.counts[-1] == 1


def test_the_confusion_matrix() -> None:
    output = judge([0, 0, 2, 2, 2], [0, 2, 2, 2, 0], interface=one_output("int32", (0, 1, 2)))
    assert output.confusion == ((1, 0, 1), (0, 0, 0), (1, 0, 2))
    assert (output.equal, output.label_differences, output.beyond_tolerance) == (3, 2, 2)
    assert [worst.row for worst in output.worst] == [1, 4]


def test_many_classes_have_no_confusion_matrix() -> None:
    assert judge([0], [0], interface=one_output("int32", tuple(range(21)))).confusion == ()


def test_tolerances_follow_the_largest_finite_value() -> None:
    interface = one_output()
    assert tolerances(interface, {"y": np.array([[-50.0], [2.0]])}, 1e-5)["y"] == Tolerance(5e-4, 1e-5)
    assert tolerances(interface, {"y": np.array([[NAN], [INF], [2.0]])}, 1e-5)["y"].absolute == 2e-5
    assert tolerances(interface, {"y": np.array([[NAN]])}, 1e-5)["y"].absolute == 1e-5
    assert tolerances(interface, {"y": np.array([[1e300]])}, 1e-5)["y"].absolute == pytest.approx(1e25)
    assert tolerances(one_output("int32"), {"y": np.array([[1]])}, 1e-5) == {}


def scored(kind: ModelKind, elements: int) -> Interface:
    label = Tensor("label", "int32", codes=(Code(0, "a"), Code(1, "b")))
    return Interface(kind, (Tensor("X", "float32"),), (label, Tensor("scores", "float32", elements)))


MARGINS: list[tuple[ModelKind, list[float], float]] = [
    ("classifier", [0.2, 0.7, 0.1], 0.5),
    ("classifier", [0.5, 0.5], 0.0),
    ("classifier", [-0.25], 0.25),
    ("outlier_detector", [0.125], 0.125),
    ("clusterer", [3.0, 1.0, 1.5], 0.5),
]


@pytest.mark.parametrize(("kind", "scores", "margin"), MARGINS)
def test_margins(kind: ModelKind, scores: list[float], margin: float) -> None:
    found = label_margins(scored(kind, len(scores)), {"scores": np.array([scores])})
    assert found is not None
    assert found.tolist() == pytest.approx([margin])


def test_a_label_without_scores_has_no_margin() -> None:
    assert label_margins(one_output("int32"), {"y": np.array([[1]])}) is None


def flip(score: float, limit: Tolerance, *, with_margins: bool = True) -> Comparison:
    """The label differs, the score is the same."""
    interface = scored("classifier", 1)
    expected: dict[str, NDArray[Any]] = {"label": np.array([[1]]), "scores": np.array([[score]])}
    actual: dict[str, NDArray[Any]] = {"label": np.array([[0]]), "scores": np.array([[score]], F)}
    return compare(
        "a",
        "b",
        interface,
        rows(1),
        expected=expected,
        actual=actual,
        tolerance={"scores": limit},
        margins=label_margins(interface, expected) if with_margins else None,
    )


def test_a_label_may_differ_on_the_margin_alone() -> None:
    limit = Tolerance(1e-3, 0.0)
    on = flip(1e-3, limit).outputs[0]
    assert (on.passed, on.label_differences, on.label_differences_on_margin) == (True, 1, 1)
    off = flip(2.1e-3, limit).outputs[0]
    assert (off.passed, off.label_differences, off.label_differences_on_margin) == (False, 1, 0)
    assert not flip(1e-3, limit, with_margins=False).passed
    assert not flip(1e-3, EXACT).passed


def test_bits_are_required_when_no_output_has_a_tolerance() -> None:
    assert flip(1.0, EXACT).bit_exact_required
    assert not flip(1.0, Tolerance(1e-3, 0.0)).bit_exact_required
