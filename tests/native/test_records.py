"""Open refuses whatever is wrong in a record, for every kind of kernel and each of its checks."""

from __future__ import annotations

import pytest

from runtime.device import Device

from .assembler import KERNELS
from .records import ROWS
from .running import open_image
from .tree_records import TREE_ROWS

ALL = {**ROWS, **TREE_ROWS}
MALFORMED = 20


@pytest.mark.parametrize("name", ALL)
def test_a_wrong_record_is_refused(device: Device, name: str) -> None:
    record = ALL[name]
    found = {what: open_image(device, image)[0] for what, image in record.rights()}
    assert set(found.values()) == {0}, found
    found = {what: open_image(device, image)[0] for what, image in record.wrongs()}
    assert set(found.values()) == {MALFORMED}, {what: s for what, s in found.items() if s != MALFORMED}


def test_every_kernel_of_trees_has_a_record() -> None:
    """Of the others, a record stands for all that share its check; test_check_mutants.py looks at those."""
    missing = {name for name in KERNELS if name.startswith("tree")} - {r.kernel for r in TREE_ROWS.values()}
    assert not missing
