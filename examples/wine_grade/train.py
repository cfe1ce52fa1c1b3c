"""Train the small linear example: one of three classes from 13 chemical measurements.

Data: scikit-learn's wine data (178 rows). The model was trained without column names, so the
names come from ``ecu-bundle.toml``.
Run: ``python examples/wine_grade/train.py``.
"""

from pathlib import Path
from zipfile import ZIP_DEFLATED

import numpy as np
import skops.io
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent


def main() -> None:
    X, y = load_wine(return_X_y=True)
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train, y_train)
    print(f"accuracy on {len(test)} held-out rows: {model.score(test, y_test):.3f}")
    skops.io.dump(model, HERE / "wine_grade.skops", compression=ZIP_DEFLATED)
    np.save(HERE / "rows.npy", test)


if __name__ == "__main__":
    main()
