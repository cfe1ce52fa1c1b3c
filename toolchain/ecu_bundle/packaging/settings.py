"""What a package says beside its bundle: the options, then ``[update]`` in ``ecu-bundle.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecu_bundle.config import FILE_NAME, Config, config_beside, read_config
from ecu_bundle.errors import UsageError
from ecu_bundle.packaging.packing import DEFAULT_GOLDEN_ROWS, Words

_NEEDED = ("vendor", "device_class", "sequence")


def read_settings(config: Path | None) -> tuple[Config, Path]:
    """The configuration, and the folder that its paths are relative to.

    Args:
        config: file; None takes the one in the current folder, if there is one.

    Raises:
        UsageError: the file is missing or has mistakes; all of them.
    """
    if config is not None and not config.is_file():
        raise UsageError(
            "configuration", f"there is no file {config}", place=str(config), hint="check --config"
        )
    place = config or config_beside(Path())
    return read_config(place), Path() if place is None else place.parent


def words_of(config: Path | None, given: Mapping[str, Any]) -> Words:
    """Words of a package; an option wins over the file.

    Args:
        config: see `read_settings`.
        given: options by the names of `Words`; None and empty tuples are not given.

    Raises:
        UsageError: names everything that is missing, or the mistakes of the file.
    """
    settings, folder = read_settings(config)
    update = settings.update
    words: dict[str, Any] = {"golden_rows": DEFAULT_GOLDEN_ROWS}
    for name, value in update.model_dump().items():
        if value is not None:
            words[name] = value
    if update.training_data is not None:
        words["training_data"] = folder / update.training_data
    words["replaces"] = tuple(folder / one for one in update.replaces)
    words |= {name: value for name, value in given.items() if value is not None and value != ()}
    missing = [name for name in _NEEDED if name not in words]
    looked = config or folder / FILE_NAME
    if missing:
        options = ", ".join("--" + name.replace("_", "-") for name in missing)
        raise UsageError(
            "pack",
            f"missing: {', '.join(name.replace('_', ' ') for name in missing)}",
            place=f"{looked}, [update]" if looked.is_file() else f"there is no {looked.absolute()}",
            hint=f"give {options}, or the {FILE_NAME} whose [update] says it, with --config",
        )
    return Words(**words)
