"""Names that every device can show."""

from __future__ import annotations

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import Interface


def check_names(interface: Interface) -> None:
    """Refuses names that appear twice or that no device can show.

    Raises:
        UnsupportedModelError: a duplicated or empty name, or one with a NUL.
    """
    names = [t.name for t in (*interface.inputs, *interface.outputs)]
    for name in names:
        if not name or "\0" in name or names.count(name) > 1:
            raise UnsupportedModelError(
                "convert",
                f"the name {name!r} is empty, not printable or used twice among inputs and outputs",
                hint="rename the column, or rename the output in ecu-bundle.toml",
            )
