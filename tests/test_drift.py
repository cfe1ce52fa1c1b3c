"""How far two models are apart, and how far they may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ecu_bundle.drift import Limits, Move, excesses, measure, read_limits
from ecu_bundle.errors import UsageError
from ecu_bundle.interface import Code, Tensor

LABEL = Tensor("grade", "int32", codes=(Code(0, "good"), Code(1, "fair"), Code(2, "bad")))
TORQUE = Tensor("torque", "float32", 2, unit="Nm")


def _floats(*rows: tuple[float, float]) -> NDArray[Any]:
    return np.array(rows, dtype=np.float32)


def _labels(*values: int) -> NDArray[Any]:
    return np.array(values, dtype=np.int32).reshape(-1, 1)


def test_other_labels_are_counted_by_name() -> None:
    drift = measure(LABEL, _labels(0, 0, 1, 2, 0), _labels(0, 2, 0, 2, 2))
    assert (drift.is_label, drift.rows, drift.worst_row) == (True, 3, 1)
    assert (drift.largest, drift.mean) == (None, None)
    assert drift.moves == (Move("good", "bad", 2), Move("fair", "good", 1))


def test_a_label_without_names_is_its_number() -> None:
    drift = measure(Tensor("cluster", "int32"), _labels(4), _labels(7))
    assert drift.moves == (Move("4", "7", 1),)


def test_the_largest_change_of_a_row_counts() -> None:
    drift = measure(TORQUE, _floats((1, 2), (3, 4), (5, 6)), _floats((1, 2), (3.5, 4), (5, 4)))
    assert (drift.rows, drift.largest, drift.worst_row, drift.unit) == (2, 2.0, 2, "Nm")
    assert drift.mean == pytest.approx(2.5 / 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_on_both_sides_is_the_same(value: float) -> None:
    same = measure(TORQUE, _floats((value, 1)), _floats((value, 1)))
    assert (same.rows, same.largest, same.worst_row) == (0, 0.0, None)
    alone = measure(TORQUE, _floats((0, 0), (1, 1)), _floats((0, 0), (value, 1)))
    assert (alone.rows, alone.largest, alone.mean, alone.worst_row) == (1, None, None, 1)
    assert excesses([alone], Limits(1e9)) == ("torque: a result is not finite in one of the two alone",)
    assert excesses([same], Limits(0.0)) == ()


LIMITS: list[tuple[tuple[str, ...], float | None, float | None]] = [
    ((), None, None),
    (("0",), 0.0, 0.0),
    (("torque=0.5",), None, 0.5),
    (("2", "torque=0.5"), 2.0, 0.5),
    (("torque=1", "torque=1e-3"), None, 1e-3),
]


@pytest.mark.parametrize(("words", "grade", "torque"), LIMITS)
def test_limits_are_read(words: tuple[str, ...], grade: float | None, torque: float | None) -> None:
    limits = read_limits(words, ["grade", "torque"])
    assert (limits.of("grade"), limits.of("torque")) == (grade, torque)
    assert bool(limits) is bool(words)


def test_an_output_may_be_called_like_an_equation() -> None:
    assert read_limits(["a=b=3"], ["a=b"]).of("a=b") == 3.0


@pytest.mark.parametrize("word", ["", "x", "-1", "nan", "inf", "torque=", "torque=few", "torque=-0.5"])
def test_what_is_no_limit(word: str) -> None:
    with pytest.raises(UsageError, match="is not a limit") as caught:
        read_limits([word], ["torque"])
    assert caught.value.place == f"--max-drift {word}"


def test_an_unknown_output() -> None:
    with pytest.raises(UsageError, match="A has no output 'tork'") as caught:
        read_limits(["tork=1"], ["grade", "torque"])
    assert caught.value.hint == "did you mean 'torque'? outputs: grade, torque"


def test_what_exceeds_a_limit() -> None:
    label = measure(LABEL, _labels(0, 0, 1), _labels(0, 1, 2))
    torque = measure(TORQUE, _floats((1, 2)), _floats((1, 2.25)))
    assert excesses([label, torque], Limits()) == ()
    assert excesses([label, torque], Limits(0.25, {"grade": 2.0})) == ()
    assert excesses([label, torque], Limits(0.2, {"grade": 1.0})) == (
        "grade: 2 rows give another label, allowed are 1",
        "torque: changes by up to 0.25 Nm, allowed is 0.2 Nm",
    )
    assert excesses([label], Limits(0.01)) == (
        "grade: 2 rows give another label, allowed are 0 (the limit of a label counts rows: 0.01)",
    )
