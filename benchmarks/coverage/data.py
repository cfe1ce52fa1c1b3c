"""Tiny data sets with columns of every sort."""

from __future__ import annotations

import numpy as np
import pandas as pd

_ROWS = 80
_generator = np.random.default_rng(0)

X = _generator.normal(size=(_ROWS, 4)).astype(np.float32).astype(np.float64)
"""Numbers that float32 holds exactly."""

TWO = (X[:, 0] + X[:, 1] > 0).astype(int)
THREE = TWO + (X[:, 2] > 0.5)
FOUR = np.digitize(X[:, 0], [-0.5, 0.0, 0.5])
VALUE = X @ np.array([1.0, 2.0, -1.0, 0.5]) + np.sin(X[:, 0])
POSITIVE = np.abs(VALUE) + 0.1
WORDS = np.array(["ok", "warn", "bad"])[THREE]
"""Three text classes; in sorted order they are bad, ok, warn."""

FRAME = pd.DataFrame(
    {
        "speed": X[:, 0],
        "load": X[:, 1],
        "spare": X[:, 2],
        "gear": _generator.choice(["P", "R", "N", "D"], _ROWS),
        "cylinders": _generator.choice([4, 6, 8], _ROWS),
        "fuel": _generator.choice(["gas", "diesel"], _ROWS),
    }
)
NUMBERS = FRAME[["speed", "load", "spare"]]
WITH_MISSING = FRAME.assign(
    gear=FRAME["gear"].astype(object).where(np.arange(_ROWS) % 7 != 0, np.nan),
    speed=FRAME["speed"].where(np.arange(_ROWS) % 5 != 0, np.nan),
)
