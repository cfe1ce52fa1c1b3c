"""Fold column-wise steps into the thresholds of the tree models behind them, on a copy of an estimator.

A tree behind a scaler tests ``cast(g(x)) <= t`` with g the scaler's own float64 arithmetic on one
column. Every step of g (subtract, divide or multiply by a constant, clip, round) is monotone in floating
point, so the float32 x that pass are exactly those up to some x0 (or from x0 on, for a falling g). x0
is found by bisection over the float32 numbers with scikit-learn's own ``transform``; the test becomes
``x <= x0`` and the scaler goes. No float32 input then reaches another leaf than before. An imputer goes
the same way: what it puts in place of NaN decides where NaN goes at each split.

- ``columnwise``: the steps whose every output depends on one input, and chains of them
- ``bisection``: the edge of a monotone test over the float32 numbers
- ``splits``: the split nodes of tree models, writable
- ``places``: the estimators inside an estimator that read its input
- ``sinking``: moves the steps through pipelines and meta-estimators into the trees
"""

from ecu_bundle.conversion.folding.places import separate
from ecu_bundle.conversion.folding.sinking import fold_scalers

__all__ = ["fold_scalers", "separate"]
