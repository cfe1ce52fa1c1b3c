"""Train the fault classifier example: a random forest that sorts cells into faulty and sound.

Data: scikit-learn's breast cancer data (569 rows, 30 measured shapes); it stands for the
end-of-line test of a part, where 30 measurements decide between two classes.
Run: ``python examples/fault_classifier/train.py``.
"""

from pathlib import Path
from zipfile import ZIP_DEFLATED

import skops.io
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent


def main() -> None:
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)
    model = RandomForestClassifier(n_estimators=40, max_depth=6, random_state=7).fit(train, y_train)
    print(f"accuracy on {len(test)} held-out parts: {model.score(test, y_test):.3f}")
    skops.io.dump(model, HERE / "fault_classifier.skops", compression=ZIP_DEFLATED)
    test.to_csv(HERE / "rows.csv", index=False)


if __name__ == "__main__":
    main()
