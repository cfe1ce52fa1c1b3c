"""Realistic certificates, made without a model: same content every time."""

from __future__ import annotations

import hashlib
import math
import random
from itertools import pairwise

from ecu_bundle.parity.certificate import (
    Binary,
    BoundRecord,
    Certificate,
    Comparison,
    Histogram,
    InterfaceRecord,
    OutputComparison,
    Reference,
    RowSource,
    SumRecord,
    TensorRecord,
    WitnessRecord,
    WorstRow,
)

DECADES = tuple(10.0**k for k in range(-12, 3))
REFERENCE = "scikit-learn in float64 on inputs rounded to float32; outputs rounded to float32"

HOSTILE_COLUMN = '<script>alert("pwned")</script>'
HOSTILE_LABEL = "</title></svg><img src=x onerror=alert(1)>"
HOSTILE_TITLE = '{{ 7 * 7 }} "quoted" & </style><script>alert(2)</script>'
HOSTILE_OUTPUT = "label\u202egnp.exe\x07 ]]> -->"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def tensor(
    name: str,
    dtype: str = "float32",
    *,
    elements: int = 1,
    unit: str = "",
    low: float = -math.inf,
    high: float = math.inf,
    description: str = "",
    codes: tuple[str, ...] = (),
) -> TensorRecord:
    numbered = {str(value): code for value, code in enumerate(codes)}
    return TensorRecord(
        name=name,
        dtype=dtype,
        elements=elements,
        unit=unit,
        minimum=low,
        maximum=high,
        description=description,
        codes=numbered,
    )


def histogram(errors: list[float]) -> Histogram:
    counts = tuple(sum(low < e <= high for e in errors) for low, high in pairwise(DECADES))
    return Histogram(exact=sum(e == 0 for e in errors), edges=DECADES, counts=counts)


def float_output(
    name: str,
    expected: list[float],
    actual: list[float],
    *,
    tolerance: float = 0.0,
    worst: tuple[WorstRow, ...] = (),
    max_ulp: int = 0,
) -> OutputComparison:
    errors = [abs(a - e) for e, a in zip(expected, actual, strict=True)]
    beyond = sum(not error <= tolerance for error in errors)
    return OutputComparison(
        name=name,
        dtype="float32",
        method="tolerance" if tolerance else "exact",
        values=len(errors),
        equal=sum(e == 0 for e in errors),
        max_abs_error=max(errors),
        mean_abs_error=sum(errors) / len(errors),
        max_ulp=max_ulp,
        abs_tolerance=(tolerance,),
        rel_tolerance=0.0,
        ulp_tolerance=0,
        beyond_tolerance=beyond,
        label_differences=0,
        label_differences_on_margin=0,
        smallest_margin=None,
        histogram=histogram(errors),
        sample_expected=tuple(expected),
        sample_actual=tuple(actual),
        confusion=(),
        worst=worst,
        passed=beyond == 0,
    )


def label_output(
    name: str, confusion: tuple[tuple[int, ...], ...], *, on_margin: int = 0, worst: tuple[WorstRow, ...] = ()
) -> OutputComparison:
    values = sum(map(sum, confusion))
    equal = sum(confusion[i][i] for i in range(len(confusion)))
    return OutputComparison(
        name=name,
        dtype="int32",
        method="tolerance" if on_margin else "exact",
        values=values,
        equal=equal,
        max_abs_error=0.0,
        mean_abs_error=0.0,
        max_ulp=0,
        abs_tolerance=(),
        rel_tolerance=0.0,
        ulp_tolerance=0,
        beyond_tolerance=0,
        label_differences=values - equal,
        label_differences_on_margin=on_margin,
        smallest_margin=3.1e-4,
        histogram=None,
        sample_expected=(),
        sample_actual=(),
        confusion=confusion,
        worst=worst,
        passed=values - equal == on_margin,
    )


def gate(
    left: str, right: str, rows: int, *outputs: OutputComparison, bit_exact: bool = False, refused: int = 0
) -> Comparison:
    return Comparison(
        left=left,
        right=right,
        bit_exact_required=bit_exact,
        rows=rows,
        refused={"NaN where the model has no rule": refused} if refused else {},
        outputs=outputs,
        passed=all(output.passed for output in outputs),
    )


def regressor() -> Certificate:
    """A regression pipeline that passes, built for aarch64."""
    noise = random.Random(4)  # noqa: S311
    expected = [round(noise.uniform(9.5, 44.0), 3) for _ in range(600)]
    drift = [noise.choice((0.0, 0.0, 0.0, 9.5e-7, 1.9e-6, 3.8e-6)) for _ in expected]
    actual = [e + d for e, d in zip(expected, drift, strict=True)]
    inputs: dict[str, list[float | int]] = {
        "horsepower": [130.0],
        "weight": [3504.0],
        "model_year": [70.5],
        "origin": [1],
    }
    worst = tuple(
        WorstRow(
            row=row,
            origin=origin,
            inputs=inputs,
            expected=[18.203125],
            actual=[18.203127],
            error=1.9073486e-06,
        )
        for row, origin in ((1042, "boundary"), (17, "data"), (388, "range"))
    )
    smooth = float_output("mpg", expected, actual, tolerance=5e-6, worst=worst, max_ulp=2)
    same = float_output("mpg", expected, expected)
    gates = (
        gate("scikit-learn", "ONNX Runtime", 2412, smooth),
        gate("ONNX Runtime", "the bundle on host (this machine)", 2412, same, bit_exact=True),
        gate("ONNX Runtime", "the bundle on aarch64-linux (qemu-aarch64)", 412, same, bit_exact=True),
    )
    return Certificate(
        model_name="auto_mpg",
        model_title="Fuel economy of a passenger car",
        model_version="2026.1",
        onnx_digest=digest("onnx"),
        image_digest=digest("image"),
        sources_digest=digest("sources"),
        interface=InterfaceRecord(
            kind="regressor",
            hash=digest("interface"),
            inputs=(
                tensor(
                    "horsepower",
                    unit="hp",
                    low=46,
                    high=230,
                    description="Rated power of the combustion engine",
                ),
                tensor("weight", unit="lb", low=1613, high=5140, description="Kerb weight"),
                tensor("model_year", low=70, high=82),
                tensor("origin", "int32", codes=("Asia", "Europe", "North America")),
            ),
            outputs=(tensor("mpg", unit="mi/gal", description="Expected fuel economy"),),
        ),
        reference=Reference(
            definition=REFERENCE,
            estimator="Pipeline(ColumnTransformer, GradientBoostingRegressor)",
            estimator_text="Pipeline(steps=[('prepare',\n   ColumnTransformer()),\n  ('model', Ridge())])",
            sklearn_version="1.9.1",
            trained_with="1.9.1",
            source_format="skops",
            source_digest=digest("skops"),
            trusted_pickle=False,
        ),
        rows=(
            RowSource(origin="data", rows=392, description="The user's rows"),
            RowSource(origin="range", rows=1000, description="Random rows inside the declared ranges"),
            RowSource(
                origin="boundary", rows=1020, description="Tree thresholds and their float32 neighbours"
            ),
        ),
        rows_digest=digest("rows"),
        tolerance=1e-5,
        exact_outputs=(),
        standard_outputs=("variable",),
        session={"intra_op_num_threads": "1", "graph_optimization_level": "ORT_DISABLE_ALL"},
        comparisons=gates,
        bounds=(
            BoundRecord(
                name="mpg",
                method="running error",
                largest_on_rows=4.1e-6,
                interval=None,
                reason="the range of weight is not declared",
                label_margin=None,
            ),
        ),
        binaries=(
            Binary(
                target="aarch64-linux",
                engine="ort",
                image_digest=digest("image"),
                compiler="aarch64-linux-gnu-g++ 12.2.0",
                flags=("-std=c++17", "-O2", "-ffp-contract=off", "-fno-exceptions", "-fno-rtti"),
                runner="qemu-aarch64 7.2",
                library_digest=digest("library"),
                onnxruntime_version="1.32.0",
                onnxruntime_digest=digest("onnxruntime"),
                golden_rows=64,
                self_test="passed",
            ),
        ),
        claims=(),
        limits=(
            "Agreement was sampled on the rows listed above; it is not a proof for every input.",
            "Float sums on ARM may differ from x86-64 by the stated tolerance, because kernels differ.",
        ),
        refused_inputs=("NaN in horsepower, weight, model_year", "a value that is no code of origin"),
        notes=("The categorical column origin became an enumeration; no text reaches the device.",),
        tools={
            "scikit-learn": "1.9.1",
            "skl2onnx": "1.20.0",
            "onnx": "1.23.2",
            "onnxruntime": "1.32.0",
            "numpy": "2.4.0",
        },
        passed=True,
    )


def regressor_resources() -> dict[str, object]:
    return {
        "target": "aarch64-linux",
        "library": {
            "engine": {"text": 14_232, "rodata": 2_588, "data": 0, "bss": 0, "unwind": 1_204},
            "runtime": {"text": 3_152, "rodata": 410, "data": 0, "bss": 0, "unwind": 388},
            "model": {"text": 96, "rodata": 181_204, "data": 0, "bss": 0, "unwind": 0},
        },
        "image_bytes": 181_204,
        "arena_bytes": 1_024,
        "onnxruntime_bytes": 28_521_472,
        "instructions": {"open": 193_412_008, "run": 34_127},
    }


def classifier() -> Certificate:
    """A classifier that fails, with names made to break out of HTML, SVG and XML."""
    noise = random.Random(7)  # noqa: S311
    expected = [noise.random() for _ in range(400)]
    actual = [e if noise.random() < 0.97 else 1 - e for e in expected]
    columns = [HOSTILE_COLUMN, "w" * 300, "مستوى الضغط", *(f"sensor {i}" for i in range(30))]
    inputs: dict[str, list[float | int]] = {name: [noise.gauss(0, 40)] for name in columns}
    worst = WorstRow(row=23, origin=HOSTILE_COLUMN, inputs=inputs, expected=[0], actual=[1], error=1.0)
    probabilities = float_output(
        "probabilities",
        expected,
        actual,
        tolerance=1e-6,
        max_ulp=1_065_353_216,
        worst=(
            WorstRow(
                row=23,
                origin="data",
                inputs=inputs,
                expected=[0.9871, 0.0129],
                actual=[0.0129, 0.9871],
                error=0.9742,
            ),
        ),
    )
    labels = label_output(HOSTILE_OUTPUT, ((196, 4, 0), (3, 150, 2), (0, 0, 45)), on_margin=1, worst=(worst,))
    base = regressor()
    return base.model_copy(
        update={
            "model_name": "fault",
            "model_title": HOSTILE_TITLE,
            "interface": InterfaceRecord(
                kind="classifier",
                hash=digest("interface 2"),
                inputs=(
                    *(tensor(name, unit="<b>bar</b>") for name in columns),
                    tensor("gear", "int32", codes=tuple(f"gear {i}" for i in range(40))),
                ),
                outputs=(
                    tensor(HOSTILE_OUTPUT, "int32", codes=(HOSTILE_LABEL, "worn", "broken")),
                    tensor("probabilities", elements=3),
                ),
            ),
            "reference": base.reference.model_copy(
                update={"trusted_pickle": True, "source_format": "pickle"}
            ),
            "comparisons": (
                gate("scikit-learn", "ONNX Runtime", 400, labels, probabilities, refused=2),
                gate(
                    "ONNX Runtime",
                    "bundle on host",
                    400,
                    label_output(HOSTILE_OUTPUT, ((200, 0, 0), (0, 155, 0), (0, 0, 45))),
                    bit_exact=True,
                ),
            ),
            "limits": (HOSTILE_COLUMN,),
            "notes": (HOSTILE_LABEL,),
            "passed": False,
        }
    )


def onnx_only() -> Certificate:
    """A digits classifier that arrived as an ONNX file: no scikit-learn, nothing built, many classes."""
    size = 14
    matrix = tuple(tuple(40 if i == j else 0 for j in range(size)) for i in range(size))
    base = regressor()
    return base.model_copy(
        update={
            "model_name": "digits",
            "model_title": "",
            "model_version": "",
            "image_digest": "",
            "sources_digest": "",
            "interface": InterfaceRecord(
                kind="classifier",
                hash=digest("interface 3"),
                inputs=(tensor("pixels", elements=64, low=0, high=16),),
                outputs=(tensor("label", "int32", codes=tuple(str(i) for i in range(size))),),
            ),
            "reference": Reference(
                definition="ONNX Runtime, one thread, row by row",
                estimator="",
                estimator_text="",
                sklearn_version="",
                trained_with="",
                source_format="onnx",
                source_digest=digest("onnx"),
                trusted_pickle=False,
            ),
            "comparisons": (
                gate(
                    "ONNX Runtime",
                    "ONNX Runtime, repeated",
                    560,
                    label_output("label", matrix),
                    bit_exact=True,
                ),
            ),
            "binaries": (),
            "bounds": (),
            "exact_outputs": ("label",),
            "witnesses": WitnessRecord(
                splits=812,
                proved=812,
                excluded=(),
                sums=(
                    SumRecord(
                        estimator="RandomForestClassifier",
                        output=0,
                        trees=50,
                        largest=50.0,
                        bound=1.5e-12,
                        reference=5.6e-13,
                        order_free=True,
                    ),
                ),
                digest=digest("witnesses"),
            ),
            "claims": ("label is exact: every step is a decision or a move of data",),
            "notes": (),
            "tools": {"onnx": "1.23.2"},
        }
    )


def extremes() -> Certificate:
    """Infinities, NaN, denormals and huge values in samples, errors and worst rows."""
    expected = [-3.4e38, 3.4e38, 1e-45, 0.0, math.inf, math.nan]
    actual = [-3.4e38, 3.4e38, 0.0, -0.0, -math.inf, 1.0]
    inputs: dict[str, list[float | int]] = {
        "horsepower": [math.nan],
        "weight": [math.inf],
        "model_year": [-0.0],
        "origin": [-1],
    }
    worst = (
        WorstRow(
            row=4, origin="boundary", inputs=inputs, expected=[math.inf], actual=[-math.inf], error=math.inf
        ),
        WorstRow(row=5, origin="boundary", inputs=inputs, expected=[math.nan], actual=[1.0], error=math.nan),
        WorstRow(row=2, origin="boundary", inputs=inputs, expected=[1e-45], actual=[0.0], error=1e-45),
    )
    output = OutputComparison(
        name="mpg",
        dtype="float32",
        method="tolerance",
        values=6,
        equal=3,
        max_abs_error=math.inf,
        mean_abs_error=math.nan,
        max_ulp=4_278_190_081,
        abs_tolerance=(1e-6,),
        rel_tolerance=1e-5,
        ulp_tolerance=0,
        beyond_tolerance=2,
        label_differences=0,
        label_differences_on_margin=0,
        smallest_margin=None,
        histogram=Histogram(exact=3, edges=(0.0, 1e-40, 1.0, math.inf), counts=(1, 0, 2)),
        sample_expected=tuple(expected),
        sample_actual=tuple(actual),
        confusion=(),
        worst=worst,
        passed=False,
    )
    base = regressor()
    return base.model_copy(
        update={
            "model_title": "Extremes",
            "comparisons": (gate("scikit-learn", "ONNX Runtime", 6, output),),
            "passed": False,
        }
    )


ALL = {
    "regressor": regressor,
    "classifier": classifier,
    "onnx_only": onnx_only,
    "extremes": extremes,
}
