"""Train the fuel consumption example: miles per gallon from seven properties of a car.

Data: 392 cars of 1970 to 1982, ``autompg.csv`` of the package bokeh-sampledata (CC0).
Run: ``python examples/auto_mpg/train.py``; needs ``pip install bokeh-sampledata pandas``.
"""

from pathlib import Path
from zipfile import ZIP_DEFLATED

import skops.io
from bokeh_sampledata.autompg import autompg_clean
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

HERE = Path(__file__).parent
NUMBERS = ["cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year"]
SHORT = {
    "cyl": "cylinders",
    "displ": "displacement",
    "hp": "horsepower",
    "accel": "acceleration",
    "yr": "model_year",
}


def main() -> None:
    cars = autompg_clean.rename(columns=SHORT)
    columns = [*NUMBERS, "origin"]
    train, test = train_test_split(cars, test_size=0.25, random_state=7)
    model = Pipeline(
        [
            (
                "columns",
                ColumnTransformer(
                    [("origin", OneHotEncoder(handle_unknown="ignore"), ["origin"])], remainder="passthrough"
                ),
            ),
            ("boosting", GradientBoostingRegressor(n_estimators=120, max_depth=3, random_state=7)),
        ]
    )
    model.fit(train[columns].astype(dict.fromkeys(NUMBERS, float)), train["mpg"])
    error = mean_absolute_error(test["mpg"], model.predict(test[columns]))
    print(f"mean absolute error on {len(test)} held-out cars: {error:.2f} mpg")
    skops.io.dump(model, HERE / "auto_mpg.skops", compression=ZIP_DEFLATED)
    test[columns].to_csv(HERE / "rows.csv", index=False)


if __name__ == "__main__":
    main()
