"""Labels by votes of pairs of classes: how far the scores of the pairs are from another label."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.interface import Interface, over

_THIRD = 1.0 / 3.0 + 1e-6
"""What a confidence adds to a vote at most, and float32 rounding."""

_FEWEST_ROWS = 8
_CLEAR = 1e-9
"""Margins below this share of the largest score are ties, which say nothing of the rule."""


def are_pairs(interface: Interface) -> bool:
    """Whether the second output holds one score for each pair of classes, for instance of an SVC.

    Three classes have three pairs: the names of the elements tell.
    """
    label, scores = interface.outputs[:2]
    classes = [code.name for code in label.codes]
    pairs = tuple(over(first, second) for first, second in combinations(classes, 2))
    return len(classes) > 2 and scores.element_names == pairs


def are_votes(scores: NDArray[np.float64]) -> bool:
    """Whether scores (rows, classes) are votes of all pairs and confidences of less than a third.

    That is scikit-learn's ``_ovr_decision_function``, the scores of SVC and of OneVsOneClassifier. The
    label changes where the score of one pair changes its sign; these scores jump by a whole vote there,
    so that their gap is no margin.
    """
    classes = scores.shape[1]
    finite = scores[np.isfinite(scores).all(axis=1)]
    if classes < 3 or len(finite) < _FEWEST_ROWS:
        return False
    votes = np.round(finite)
    near = np.abs(finite - votes).max() <= _THIRD
    return bool(near and (votes.sum(axis=1) == classes * (classes - 1) / 2).all())


def pair_margins(scores: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """The least t for which another class may win when each score of a pair moves by up to t.

    The winner is the first class with the most votes; a pair votes for its first class when its score is
    above 0, else for its second. A rival that is behind by v votes (and one more when it comes later in
    the order) needs that many changed votes among its lost pairs and the winner's won ones; the pair of
    both counts twice. The cheapest changes are those of the smallest scores.

    Args:
        scores: (rows, pairs), in the order (0, 1), (0, 2), ..., (1, 2), ...
        classes: how many.

    Returns:
        (rows,) float64; NaN where a score is.
    """
    pairs = list(combinations(range(classes), 2))
    wins, votes = scores > 0.0, _votes(scores, classes)
    sizes = np.abs(scores)
    margins = np.empty(len(scores))
    for row, winner in enumerate(votes.argmax(axis=1)):
        margins[row] = min(
            _to_overtake(
                sizes[row],
                wins[row],
                pairs,
                (int(winner), rival),
                needed=votes[row, winner] - votes[row, rival] + float(rival > winner),
            )
            for rival in range(classes)
            if rival != winner
        )
    return np.where(np.isnan(scores).any(axis=1), np.nan, margins)


def winners(scores: NDArray[np.float64], classes: int) -> NDArray[np.intp]:
    """Position of the class with the most votes of the pairs, the first one of several, (rows,)."""
    return np.asarray(_votes(scores, classes).argmax(axis=1))


def _votes(scores: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    votes = np.zeros((len(scores), classes))
    for place, (first, second) in enumerate(combinations(range(classes), 2)):
        votes[:, first] += scores[:, place] > 0.0
        votes[:, second] += scores[:, place] <= 0.0
    return votes


def _to_overtake(
    sizes: NDArray[np.float64],
    wins: NDArray[np.bool_],
    pairs: list[tuple[int, int]],
    both: tuple[int, int],
    *,
    needed: float,
) -> float:
    """The score up to which votes must change so that the second class of ``both`` overtakes the first."""
    winner, rival = both
    steps = []
    for size, first_wins, pair in zip(sizes, wins, pairs, strict=True):
        won_by = pair[0] if first_wins else pair[1]
        gain = float(won_by == winner) + float(rival in pair and won_by != rival)
        if gain:
            steps.append((float(size), gain))
    for size, gain in sorted(steps):
        needed -= gain
        if needed <= 0.0:
            return size
    return float("inf")  # not reached: a rival that wins all its pairs beats a winner that loses all


def follow(labels: NDArray[Any], found: NDArray[Any], margins: NDArray[np.float64], largest: float) -> bool:
    """Whether a rule gives the labels wherever its margin is clear.

    Args:
        labels: of the reference, (rows,).
        found: labels that the rule gives, (rows,).
        margins: of the rule, (rows,).
        largest: size of the scores.
    """
    clear = margins > _CLEAR * largest
    return bool((labels[clear] == found[clear]).all())
