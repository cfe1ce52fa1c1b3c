"""The measures of the proof: units in the last place, tolerances, margins, counts."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from ecu_bundle.interface import Code, Interface, ModelKind, Rows, Tensor
from ecu_bundle.parity.certificate import Comparison, OutputComparison
from ecu_bundle.parity.comparison import DECADES, SAMPLE_POINTS, WORST_ROWS, compare
from ecu_bundle.parity.tolerance import (
    CANCELLED,
    EXACT,
    Tolerance,
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


LOOSE = Tolerance((0.1,), 0.01)

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
    output = judge(expected, actual, Tolerance((0.01,), 0.0))
    assert (output.beyond_tolerance, output.equal) == (1, 997)
    assert [worst.row for worst in output.worst] == [777, 10, 20]
    assert output.worst[0].inputs == {"X": [777.0]}
    assert output.worst[0].error == pytest.approx(0.5, rel=1e-5)
    assert output.max_abs_error == output.worst[0].error
    assert output.mean_abs_error == pytest.approx((0.5 + 2e-4) / 1000, rel=1e-2)


def test_a_value_beyond_its_own_tolerance_goes_before_a_larger_error_within() -> None:
    output = judge([1e6, 1.0], np.array([1e6 + 100, 2.0], F), Tolerance((0.0,), 0.001))
    assert [worst.row for worst in output.worst] == [1, 0]


def test_at_most_so_many_worst_rows_and_samples() -> None:
    output = judge(np.zeros(2000), np.ones(2000, F))
    assert len(output.worst) == WORST_ROWS
    assert len(output.sample_expected) == len(output.sample_actual) == SAMPLE_POINTS


def test_the_histogram_counts_every_error_once() -> None:
    errors = [0.0, 0.0, 5e-13, 1.5e-12, 0.5, 1.5, 1e3, 5e3]
    output = judge(np.zeros(len(errors)), np.array(errors, F), Tolerance((1e9,), 0.0))
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


def absolute(values: list[list[float]], origins: tuple[str, ...] = ()) -> tuple[float, ...]:
    return tolerances(one_output(), {"y": np.array(values)}, 1e-5, origins=origins)["y"].absolute


def test_tolerances_follow_large_finite_values() -> None:
    interface = one_output()
    limit = tolerances(interface, {"y": np.array([[-50.0], [2.0], [50.0]])}, 1e-5)["y"]
    assert limit == Tolerance((5e-4,), 1e-5, remainder=50.0 * CANCELLED)
    assert absolute([[NAN], [INF], [2.0]]) == (2e-5,)
    assert absolute([[NAN]]) == (1e-5,)
    assert absolute([[1e300]]) == pytest.approx((1e25,))
    assert tolerances(one_output("int32"), {"y": np.array([[1]])}, 1e-5) == {}


def test_each_element_has_its_own_scale() -> None:
    assert absolute([[2e6, 1.0], [-2e6, 0.5], [1.0, -1.0]]) == pytest.approx((20.0, 1e-5))


def test_an_element_of_nothing_but_rounding_is_allowed_rounding() -> None:
    assert absolute([[1e3, 1e-16], [1e3, -1e-15]])[1] == pytest.approx(1e3 * CANCELLED)


def test_rows_at_the_end_of_the_number_range_set_no_scale() -> None:
    values = [[1.0], [2.0], [1e9], [1e30], [1e30]]
    assert absolute(values, ("data", "range", "corner", "boundary", "infinite")) == (2e-5,)
    assert absolute(values[2:], ("corner", "boundary", "infinite")) == pytest.approx((1e25,))


def test_an_exact_output_is_held_to_one_ulp() -> None:
    (limit,) = tolerances(one_output(), {"y": np.array([[2.0]])}, 1e-5, exact={"y"}).values()
    assert limit == Tolerance((2.0 * CANCELLED,), 0.0, ulp=1, remainder=2.0 * CANCELLED)


ULPS: list[tuple[float, float, bool]] = [
    (1.0, ONE_UP, True),
    (1.0, float(np.nextafter(F(ONE_UP), F(2))), False),
    (0.0, -0.0, True),
    (0.0, 1e-13, True),  # what float64 leaves of a sum that cancels
    (0.0, 1e-9, False),
    (LARGEST, INF, False),
    (NAN, NAN, True),
    (NAN, INF, False),
]


@pytest.mark.parametrize(("expected", "actual", "passed"), ULPS)
def test_what_passes_within_one_ulp(expected: float, actual: float, passed: bool) -> None:
    output = judge([expected], np.array([actual], F), Tolerance((CANCELLED,), 0.0, ulp=1))
    assert (output.passed, output.method) == (passed, "exact")


def two_columns(error: float, rows_of: int = 40) -> Comparison:
    """A large and a small column, and an extreme row; the error is in the small column."""
    tensor = Tensor("y", "float32", 2)
    interface = Interface("regressor", (Tensor("X", "float32"),), (tensor,))
    expected = np.stack([np.linspace(-1e6, 1e6, rows_of), np.linspace(0, 1, rows_of)], axis=1)
    expected[-1] = 1e12
    origins = ("range",) * (rows_of - 1) + ("corner",)
    actual = expected.astype(F)
    actual[3, 1] += F(error)
    return compare(
        "a",
        "b",
        interface,
        Rows({"X": np.zeros((rows_of, 1), F)}, origins),
        expected={"y": expected},
        actual={"y": actual},
        tolerance=tolerances(interface, {"y": expected}, 1e-5, origins=origins),
    )


def test_an_error_in_a_small_column_is_not_hidden() -> None:
    assert two_columns(5e-6).passed
    assert not two_columns(1e-2).passed
    assert not two_columns(5e-5).passed


def test_a_bound_replaces_a_wider_tolerance() -> None:
    expected, actual = np.array([[1.0], [1.0], [1.0]]), np.full((3, 1), 1.05, F)

    def beyond(*bound: float) -> tuple[int, str]:
        (output,) = compare(
            "a",
            "b",
            one_output(),
            rows(3),
            expected={"y": expected},
            actual={"y": actual},
            tolerance={"y": LOOSE},
            bound={"y": np.array(bound).reshape(3, 1)},
        ).outputs
        return output.beyond_tolerance, output.method

    assert beyond(0.06, 0.06, 0.06) == (0, "bounded")
    assert beyond(0.04, 0.06, 1e9) == (1, "bounded")
    assert beyond(0.04, INF, NAN) == (1, "tolerance")


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
    label = int(np.argmax(scores)) if len(scores) > 1 else int(scores[0] > 0.0)
    found = label_margins(
        scored(kind, len(scores)), {"label": np.array([[label]]), "scores": np.array([scores])}
    )
    assert found is not None
    assert found.tolist() == pytest.approx([margin])


def test_a_label_without_scores_has_no_margin() -> None:
    assert label_margins(one_output("int32"), {"y": np.array([[1]])}) is None


def flip(
    score: float,
    limit: Tolerance,
    *,
    error: float = 1e-5,
    with_margins: bool = True,
    exact: frozenset[str] = frozenset(),
) -> Comparison:
    """The label differs; the score is a little off."""
    interface = scored("classifier", 1)
    expected: dict[str, NDArray[Any]] = {"label": np.array([[1]]), "scores": np.array([[score]])}
    actual: dict[str, NDArray[Any]] = {"label": np.array([[0]]), "scores": np.array([[score + error]], F)}
    return compare(
        "a",
        "b",
        interface,
        rows(1),
        expected=expected,
        actual=actual,
        tolerance={"scores": limit},
        margins=label_margins(interface, expected) if with_margins else None,
        exact=exact,
    )


def test_a_label_may_differ_on_the_margin_alone() -> None:
    limit = Tolerance((1e-3,), 0.0)
    on = flip(1e-3, limit).outputs[0]
    assert (on.passed, on.label_differences, on.label_differences_on_margin) == (True, 1, 1)
    assert on.method == "tolerance"
    off = flip(2.1e-3, limit).outputs[0]
    assert (off.passed, off.label_differences, off.label_differences_on_margin) == (False, 1, 0)
    assert not flip(1e-3, limit, with_margins=False).passed
    assert not flip(1e-3, EXACT).passed


def test_an_exact_label_is_never_forgiven() -> None:
    label = flip(1e-3, Tolerance((1e-3,), 0.0), exact=frozenset({"label"})).outputs[0]
    assert (label.passed, label.method) == (False, "exact")


def test_an_exact_label_may_differ_where_roundings_of_the_reference_alone_decide() -> None:
    limit, exact = Tolerance((CANCELLED,), 0.0, ulp=1, remainder=CANCELLED), frozenset({"label"})
    assert flip(1e-16, limit, error=0.0, exact=exact).passed
    assert not flip(0.0, limit, error=0.0, exact=exact).passed
    assert not flip(2.0 * CANCELLED, limit, error=0.0, exact=exact).passed


def test_a_tie_that_both_sides_compute_alike_is_no_excuse() -> None:
    limit = Tolerance((1e-3,), 0.0)
    assert flip(0.0, limit).passed
    assert not flip(0.0, limit, error=0.0).passed


def test_a_label_that_is_no_class_is_never_forgiven() -> None:
    interface = scored("outlier_detector", 1)
    expected: dict[str, NDArray[Any]] = {"label": np.array([[1]]), "scores": np.array([[1e-9]])}
    for given, passed in ((0, True), (7, False)):
        gate = compare(
            "a",
            "b",
            interface,
            rows(1),
            expected=expected,
            actual={"label": np.array([[given]]), "scores": np.zeros((1, 1), F)},
            tolerance={"scores": Tolerance((1e-5,), 0.0)},
            margins=label_margins(interface, expected),
        )
        assert gate.passed == passed


def test_scores_of_pairs_of_classes_forgive_no_label() -> None:
    codes = tuple(Code(value, str(value)) for value in range(4))
    interface = Interface(
        "classifier",
        (Tensor("X", "float32"),),
        (Tensor("label", "int32", codes=codes), Tensor("scores", "float32", 6)),
    )
    expected: dict[str, NDArray[Any]] = {"label": np.array([[1]]), "scores": np.array([[1.0] * 6])}
    gate = compare(
        "a",
        "b",
        interface,
        rows(1),
        expected=expected,
        actual={"label": np.array([[2]]), "scores": expected["scores"].astype(F) + F(1e-6)},
        tolerance={"scores": Tolerance((1e-3,), 0.0)},
        margins=label_margins(interface, expected),
    )
    assert not gate.passed


def three_classes(given: int) -> Comparison:
    """Classes 10 and 20 are almost tied, 30 is far behind."""
    codes = tuple(Code(value, str(value)) for value in (10, 20, 30))
    outputs = (Tensor("label", "int32", codes=codes), Tensor("scores", "float32", 3))
    interface = Interface("classifier", (Tensor("X", "float32"),), outputs)
    expected: dict[str, NDArray[Any]] = {
        "label": np.array([[10]]),
        "scores": np.array([[0.4001, 0.4, 0.1999]]),
    }
    return compare(
        "a",
        "b",
        interface,
        rows(1),
        expected=expected,
        actual={"label": np.array([[given]]), "scores": expected["scores"].astype(F) + F(1e-6)},
        tolerance={"scores": Tolerance((1e-3,), 0.0)},
        margins=label_margins(interface, expected),
    )


def test_only_the_label_that_is_tied_is_forgiven() -> None:
    assert three_classes(20).passed
    assert not three_classes(30).passed
    assert not three_classes(11).passed


def test_the_allowance_is_the_one_of_the_row() -> None:
    """A row with huge scores does not widen the margin of the others."""
    interface = scored("classifier", 1)
    expected: dict[str, NDArray[Any]] = {"label": np.array([[1], [1]]), "scores": np.array([[1e9], [0.5]])}
    gate = compare(
        "a",
        "b",
        interface,
        rows(2),
        expected=expected,
        actual={"label": np.array([[1], [0]]), "scores": expected["scores"].astype(F)},
        tolerance=tolerances(interface, expected, 1e-5, origins=("corner", "range")),
        margins=label_margins(interface, expected),
    )
    assert gate.outputs[0].label_differences_on_margin == 0
    assert not gate.passed


def test_the_smallest_margin_is_that_of_rows_with_equal_labels() -> None:
    interface = scored("classifier", 1)
    expected: dict[str, NDArray[Any]] = {
        "label": np.array([[1], [1], [0]]),
        "scores": np.array([[1e-9], [0.5], [-0.25]]),
    }
    gate = compare(
        "a",
        "b",
        interface,
        rows(3),
        expected=expected,
        actual={"label": np.array([[0], [1], [0]]), "scores": expected["scores"].astype(F)},
        tolerance={"scores": Tolerance((1e-3,), 0.0)},
        margins=label_margins(interface, expected),
    )
    assert gate.outputs[0].smallest_margin == 0.25


def test_bits_are_required_when_no_output_has_a_tolerance() -> None:
    assert flip(1.0, EXACT).bit_exact_required
    assert not flip(1.0, Tolerance((1e-3,), 0.0)).bit_exact_required


def test_scores_of_classes_have_one_scale() -> None:
    outputs = (Tensor("label", "int32", codes=(Code(0, "a"), Code(1, "b"))), Tensor("p", "float32", 2))
    interface = Interface("classifier", (Tensor("X", "float32"),), outputs)
    expected = {"label": np.array([[0]]), "p": np.array([[1.0 - 1e-9, 1e-9]])}
    absolute = tolerances(interface, expected, 1e-5)["p"].absolute
    assert absolute[0] == absolute[1] == pytest.approx(1e-5)


def with_an_outlier(count: int, error: float, outlier: float) -> Comparison:
    """Values near 1 and one outlier that is right but for a relative error; the others have an error."""
    expected = np.linspace(0.5, 1.0, count)[:, None]
    expected[count // 2] = 1e9
    actual = (expected + error).astype(F)
    actual[count // 2] = F(1e9 * (1.0 + outlier))
    interface = one_output()
    return compare(
        "a",
        "b",
        interface,
        rows(count),
        expected={"y": expected},
        actual={"y": actual},
        tolerance=tolerances(interface, {"y": expected}, 1e-5, origins=("data",) * count),
    )


@pytest.mark.parametrize("count", [2, 3, 19, 20, 21, 500])
def test_one_extreme_row_hides_nothing(count: int) -> None:
    assert with_an_outlier(count, 2e-6, 5e-6).passed
    assert not with_an_outlier(count, 1e-3, 0.0).passed
    assert not with_an_outlier(count, 0.0, 1e-4).passed


SCALES: list[tuple[list[float], float]] = [
    ([3.0], 3.0),
    ([3.0, 5.0], 3.0),
    ([0.0, 0.0, 5.0], 0.0),
    ([0.0] * 90 + list(range(1, 11)), 9.0),
    (list(range(1, 101)), 95.0),
    ([NAN, INF, 2.0, 1.0], 1.0),
    ([NAN], 1.0),
    ([1e300], 1e30),
]


@pytest.mark.parametrize(("values", "scale"), SCALES)
def test_the_scale_leaves_the_largest_out(values: list[float], scale: float) -> None:
    expected = {"y": np.array(values)[:, None]}
    limit = tolerances(one_output(), expected, 1.0, origins=("range",) * len(values))["y"]
    assert limit.absolute == (scale,)
