"""Names that every device can show."""

from __future__ import annotations

from collections.abc import Sequence

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import Tensor


def check_names(tensors: Sequence[Tensor]) -> None:
    """Refuses names that appear twice or that no device can show.

    Raises:
        UnsupportedModelError: a duplicated or empty name, or one with a NUL.
    """
    names = [tensor.name for tensor in tensors]
    for position, name in enumerate(names):
        if not name:
            cause = f"the input or output {position} has an empty name"
        elif "\0" in name:
            cause = f"the name {name!r} holds a NUL character"
        elif name in names[:position]:
            cause = f"the name {name!r} is used twice among inputs and outputs"
        else:
            continue
        raise UnsupportedModelError(
            "convert", cause, hint="rename the column, or rename the output in ecu-bundle.toml"
        )
