"""Names of inputs and outputs that a device can show."""

from __future__ import annotations

import pytest

from ecu_bundle.conversion.graph import free_prefix
from ecu_bundle.conversion.naming import check_names
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import Tensor


def tensors(*names: str) -> list[Tensor]:
    return [Tensor(name, "float32") for name in names]


@pytest.mark.parametrize("names", [(), ("a",), ("a", "A", "a ", "日本", "\n", 'x"')])
def test_good_names(names: tuple[str, ...]) -> None:
    check_names(tensors(*names))


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (("a", ""), "the input or output 1 has an empty name"),
        (("a", "b", "a"), "the name 'a' is used twice"),
        (("\0",), "holds a NUL"),
    ],
)
def test_bad_names(names: tuple[str, ...], cause: str) -> None:
    with pytest.raises(UnsupportedModelError, match=cause) as caught:
        check_names(tensors(*names))
    assert caught.value.exit_code == 3
    assert "rename" in caught.value.hint


@pytest.mark.parametrize(
    ("names", "prefix"),
    [((), "ecu_"), (("speed",), "ecu_"), (("ecu_x",), "ecu__"), (("ecu_", "ecu___b"), "ecu____")],
)
def test_the_prefix_of_inner_names_is_free(names: tuple[str, ...], prefix: str) -> None:
    assert free_prefix(names) == prefix
    assert not any(name.startswith(prefix) for name in names)
