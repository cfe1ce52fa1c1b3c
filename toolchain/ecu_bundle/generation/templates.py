"""Templates and constant files, from the checkout or from the installed package."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

import ecu_bundle
from ecu_bundle.errors import InternalError

STATIC = "templates/cpp/static"
TEMPLATES = "templates/cpp"


def share() -> Path:
    """The folder that holds ``runtime``, ``templates`` and ``cmake``.

    Raises:
        InternalError: the installation is incomplete.
    """
    package = Path(ecu_bundle.__file__).parent
    for candidate in (package / "share", package.parents[1]):
        if (candidate / TEMPLATES).is_dir():
            return candidate
    raise InternalError(
        "generate", "the templates of ecu-bundle are missing", hint="install ecu-bundle again"
    )


def tree(folder: str) -> dict[str, bytes]:
    """Files below a folder of `share`, by path relative to it, sorted."""
    root = share() / folder
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def render(template: str, context: dict[str, Any]) -> bytes:
    """The rendered template as UTF-8. An undefined variable is an error, not empty text."""
    return _environment().get_template(template).render(context).encode()


@cache
def _environment() -> jinja2.Environment:
    # The output is C++, CMake and Markdown, whose escaping the views have done.
    return jinja2.Environment(  # noqa: S701
        loader=jinja2.FileSystemLoader(share() / TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
