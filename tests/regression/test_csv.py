"""Text categories in CSV files, which a reader of tables likes to take for numbers or gaps."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecu_bundle.interface import Code, Interface, Tensor
from ecu_bundle.rows import rows_from
from ecu_bundle.tables import read_table


@pytest.mark.parametrize(
    ("names", "cells", "codes"),
    [
        (("01", "02", "03"), ("02", "02", "01"), [1, 1, 0]),
        (("1.0", "2.0", "3.0"), ("2.0", "1.0", "3.0"), [1, 0, 2]),
        (("EU", "NA", "None"), ("NA", "EU", "None"), [1, 0, 2]),
    ],
)
def test_text_stays_text(
    tmp_path: Path, names: tuple[str, ...], cells: tuple[str, ...], codes: list[int]
) -> None:
    column = Tensor("c", "int32", codes=tuple(Code(i, name) for i, name in enumerate(names)))
    interface = Interface("regressor", (column, Tensor("x", "float32")), (Tensor("variable", "float32"),))
    table = tmp_path / "rows.csv"
    table.write_text("x,c\n" + "".join(f"1.5,{cell}\n" for cell in cells))
    assert rows_from(read_table(table, interface), interface).tensors["c"][:, 0].tolist() == codes
