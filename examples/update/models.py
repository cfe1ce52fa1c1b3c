"""The models of the story: A, the retrained B, and one with another interface."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from numpy.typing import NDArray
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

WINE = Path(__file__).parents[1] / "wine_grade"
UPDATE = """
[update]
vendor = "ecu.example"
device_class = "wine-grader"
rxswin = ["R 155-0042"]
"""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and how it can be recognised.

    Attributes:
        file: the saved model, with its ``ecu-bundle.toml`` beside it.
        estimator: scikit-learn's.
        accuracy: on the rows that it was not trained on.
        rows: those rows, (rows, features) float32.
    """

    file: Path
    estimator: Any
    accuracy: float
    rows: NDArray[np.float32]

    @property
    def labels(self) -> list[int]:
        """What scikit-learn says for the rows."""
        return [int(label) for label in self.estimator.predict(self.rows.astype(np.float64))]

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The same, of each class."""
        found: NDArray[np.float64] = self.estimator.predict_proba(self.rows.astype(np.float64))
        return found


def train(folder: Path, version: str, *, samples: int, strength: float) -> Trained:
    """Trains a model of wine grades.

    Args:
        folder: gets the model and its configuration.
        version: of the model.
        samples: how many samples it learns from; a later model has more.
        strength: inverse of the regularisation.
    """
    X, y = load_wine(return_X_y=True)
    train_X, test_X, train_y, test_y = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    model.fit(train_X[:samples], train_y[:samples])
    folder.mkdir(parents=True)
    skops.io.dump(model, folder / "wine_grade.skops")
    shutil.copy(WINE / "rows.npy", folder)
    words = (WINE / "ecu-bundle.toml").read_text(encoding="utf-8").replace('"1.0.0"', f'"{version}"')
    (folder / "ecu-bundle.toml").write_text(words + UPDATE, encoding="utf-8")
    file, accuracy = folder / "wine_grade.skops", float(model.score(test_X, test_y))
    return Trained(file, model, accuracy, test_X.astype(np.float32))


def train_narrow() -> Any:
    """A model of the first two measurements only, which no program of A can feed."""
    X, y = load_wine(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LogisticRegression(max_iter=1000).fit(X[:, :2], y)
