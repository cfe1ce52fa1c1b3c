"""Options that several verbs of update packages share, and what they stand for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ecu_bundle.errors import UsageError
from ecu_bundle.invocation import PATH

if TYPE_CHECKING:
    from ecu_bundle.packaging.key_files import Passphrase
    from ecu_bundle.packaging.signing import Signer

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _together(*options: Callable[[_Function], _Function]) -> Callable[[_Function], _Function]:
    """Several options as one decorator, in this order in the help."""

    def decorate(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


passphrase_options = _together(
    click.option("--passphrase-env", metavar="VARIABLE", help="Environment variable with the passphrase."),
    click.option("--passphrase-file", type=PATH, help="File whose first line is the passphrase."),
)
signing_options = _together(
    click.option("--key", "-k", type=PATH, help="Private key that signs; asks for its passphrase."),
    click.option(
        "--command",
        metavar="TEXT",
        help="Program that signs instead, of an HSM: the bytes to sign come on its stdin, it writes the raw "
        "64 bytes of the signature to stdout. With --public-key.",
    ),
    click.option("--public-key", "-p", type=PATH, help="Public key of --command."),
    click.option(
        "--timeout",
        type=click.FloatRange(0.1, 3600),
        default=60.0,
        show_default=True,
        help="Seconds for --command.",
    ),
    passphrase_options,
)
addressee_options = _together(
    click.option("--config", type=PATH, help="File with [update] [ecu-bundle.toml in this folder]."),
    click.option("--vendor", help="Domain of the vendor of the device, for instance ecu.example."),
    click.option("--device-class", help="Class of devices, for instance brake-wear-2."),
)

_MOST_PASSPHRASE = 1023
"""Bytes; OpenSSL's own limit."""

SIGNING = ("key", "command", "public_key", "timeout", "passphrase_env", "passphrase_file")
"""Names of the options of `signing_options`."""


def signer_of(given: dict[str, Any]) -> Signer | None:
    """What signs, of the options; None when there is none.

    Raises:
        UsageError: the options contradict each other.
    """
    key, command, public = given["key"], given["command"], given["public_key"]
    if key is not None and command is not None:
        raise UsageError("sign", "--key and --command both sign", hint="give one of them")
    if (command is None) != (public is None):
        missing = "--command" if command is None else "--public-key"
        raise UsageError("sign", f"{missing} is missing", hint="--command and --public-key go together")
    if command is not None:
        from ecu_bundle.packaging.hook import CommandSigner
        from ecu_bundle.packaging.key_files import read_public

        return CommandSigner(command, read_public(public), given["timeout"])
    if key is None:
        return None
    from ecu_bundle.packaging.key_files import read_private

    return read_private(key, passphrase_of(given["passphrase_env"], given["passphrase_file"], key))


def passphrase_of(
    passphrase_env: Any = None, passphrase_file: Any = None, key: Path | None = None
) -> Passphrase:
    """Where the passphrase of a key comes from: a variable, a file, or the person at the terminal."""

    def ask() -> bytes:
        if passphrase_env is not None:
            value = os.environb.get(os.fsencode(passphrase_env))
            if value is None:
                raise UsageError("key", f"there is no variable {passphrase_env}", hint="export it")
            return _filled(value, f"the variable {passphrase_env}")
        if passphrase_file is not None:
            try:
                with passphrase_file.open("rb") as file:
                    value = file.readline(_MOST_PASSPHRASE + len("\r\n"))
            except OSError as error:
                raise UsageError(
                    "key",
                    f"the passphrase cannot be read: {error.strerror}",
                    place=str(passphrase_file),
                    hint="give a file whose first line is the passphrase",
                ) from error
            return _filled(value.rstrip(b"\r\n"), str(passphrase_file))
        if not sys.stdin.isatty():
            raise UsageError(
                "key",
                "a passphrase is needed, and nobody is there to ask",
                hint="give it with --passphrase-env or --passphrase-file",
            )
        confirm = click.get_current_context().command.name == "keygen"
        what = f"passphrase of {key.name}" if key else "passphrase"
        typed = click.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True)
        return _filled(typed.encode(errors="surrogateescape"), "")

    return ask


def _filled(value: bytes, place: str) -> bytes:
    """A passphrase as OpenSSL takes it: UTF-8, so that each way to give it means the same."""
    if not value:
        raise UsageError("key", "the passphrase is empty", place=place)
    if len(value) > _MOST_PASSPHRASE:
        raise UsageError(
            "key",
            f"the passphrase has more than {_MOST_PASSPHRASE} bytes",
            place=place,
            hint="OpenSSL takes no longer one",
        )
    try:
        value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            "key", "the passphrase is not UTF-8", place=place, hint="save it in the encoding UTF-8"
        ) from error
    return value
