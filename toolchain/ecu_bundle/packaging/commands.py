"""The verbs of update packages: options in, one call, result out."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecu_bundle.errors import UsageError
from ecu_bundle.invocation import NUMBER, PATH, invocation, json_option
from ecu_bundle.packaging.options import (
    SIGNING,
    addressee_options,
    passphrase_of,
    passphrase_options,
    signer_of,
    signing_options,
)
from ecu_bundle.packaging.refusals import PackageError
from ecu_bundle.packaging.results import (
    LAST_SEQUENCE,
    NO_RECORD,
    OTHER_INTERFACE,
    checked_text,
    exported_text,
    key_notes,
    lacks_record,
    refused_text,
    replaced_note,
    signer_notes,
)
from ecu_bundle.stages import Stages

if TYPE_CHECKING:
    from ecu_bundle.packaging.packing import Words

FORMATS = ("bin", "hex", "s19", "mcuboot", "pdx", "keys")


@click.command(epilog="Example: ecu-bundle keygen -o keys/release.pem")
@click.option("--output", "-o", type=PATH, required=True, help="File of the private key.")
@click.option(
    "--type",
    "-t",
    "kind",
    type=click.Choice(["ed25519", "p256"]),
    default="ed25519",
    show_default=True,
    help="Ed25519 is quick on the device; P-256 is smaller and what most HSMs have.",
)
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase and encrypt the private key.")
@passphrase_options
@click.option(
    "--also",
    metavar="FILE[@SEQUENCE][:USES]",
    multiple=True,
    help="Another public key for the C header, from this sequence on, for models, keys or models+keys; "
    "may be repeated.",
)
@click.option(
    "--for",
    "uses",
    type=click.Choice(["models", "keys", "models+keys"]),
    default="models+keys",
    show_default=True,
    help="What the new key may sign, by the C header: models, or the keys that come after these.",
)
@json_option
def keygen(
    output: Path, kind: Any, uses: str, passphrase: bool, also: tuple[str, ...], **given: str | Path | None
) -> None:
    """Make a signing key: private key, public key, and a C header for the device.

    The private key can be read by its owner alone; no file is ever replaced.
    """
    from ecu_bundle.packaging import key_files
    from ecu_bundle.packaging.key_header import key_header
    from ecu_bundle.packaging.key_set import TrustedKey, encode_key_set

    secret = passphrase_of(**given, key=output)() if passphrase or any(given.values()) else None
    signer = key_files.generate(kind)
    keys = [
        TrustedKey(signer.public, uses=key_files.USES[uses]),
        *map(key_files.read_trusted, also),
    ]
    encode_key_set(keys)  # refuses what no device could hold
    public, header = key_files.public_path(output), output.with_name(f"{output.stem}_keys.h")
    key_files.write_new(
        {
            output: (key_files.private_pem(signer, secret), 0o600),
            public: (key_files.public_pem(signer.public), 0o644),
            header: (key_header(keys, output.stem).encode(), 0o644),
        }
    )
    for note in key_notes(keys):
        invocation.console.say(note)
    key_id = signer.public.id.hex()
    invocation.result(
        {
            "type": kind,
            "id": key_id,
            "uses": keys[0].uses.words,
            "private_key": str(output),
            "public_key": str(public),
            "header": str(header),
            "encrypted": secret is not None,
        },
        f"{output}: private key {key_id} ({kind}); keep it secret, it is the only one\n"
        f"  public key  {public}\n  for the ECU  {header}",
    )


@click.command(epilog="Example: ecu-bundle pack build/bundles/model/cortex-m4f -o model.suit --sequence 7")
@click.argument("bundle", type=PATH, required=False)
@click.option("--output", "-o", type=PATH, required=True, help="The package.")
@click.option("--sequence", type=NUMBER, help="Counter of the package, higher than that of the last one.")
@addressee_options
@click.option("--part-number", help="Of the software.")
@click.option("--rxswin", multiple=True, help="RXSWIN that the model belongs to; may be repeated.")
@click.option("--hardware", type=NUMBER, multiple=True, help="Hardware id; may be repeated [any hardware].")
@click.option(
    "--replaces", type=PATH, multiple=True, help="Bundle that this one may replace; may be repeated."
)
@click.option("--training-data", type=PATH, help="File whose digest is stated.")
@click.option("--commit", help="Commit that trained the model.")
@click.option("--golden-rows", type=NUMBER, help="Rows that the device tests the model with, at most [16].")
@click.option("--engine", "-e", type=click.Choice(["ort", "native"]), help="Part of a bundle that has both.")
@click.option(
    "--keys",
    metavar="FILE[@SEQUENCE][:USES]",
    multiple=True,
    help="Instead of BUNDLE: public keys that the device shall trust from now on, 1 to 4, each for models, "
    "keys or models+keys [models+keys].",
)
@click.option("--last-keys", is_flag=True, help="Accept keys that no later ones can ever replace.")
@signing_options
@json_option
def pack(
    bundle: Path | None,
    output: Path,
    keys: tuple[str, ...],
    last_keys: bool,
    config: Path | None,
    **given: Any,
) -> None:
    """Make an update package of a bundle, or of keys; without a key it is unsigned.

    What the package says comes from the bundle, the options, and [update] in ecu-bundle.toml.
    """
    from ecu_bundle.manifest import read_manifest
    from ecu_bundle.packaging.files import require_apart
    from ecu_bundle.packaging.key_files import file_of, read_trusted
    from ecu_bundle.packaging.layout import MAX_SEQUENCE
    from ecu_bundle.packaging.packing import other_interfaces, pack_bundle, pack_keys
    from ecu_bundle.packaging.signing import sign_envelope

    if (bundle is None) == (not keys):
        raise UsageError(
            "pack",
            "there is neither a bundle nor a key" if bundle is None else "a package holds a model or keys",
            hint="give a BUNDLE, or public keys with --keys",
        )
    if bundle is not None:
        read_manifest(bundle)  # a wrong place is told before what is missing for it
    signing = {name: given.pop(name) for name in SIGNING}
    words = _words(config, given)
    require_apart(output, *_files_of(signing), config, words.training_data, *map(file_of, keys))
    signer = signer_of(signing)
    if words.sequence == MAX_SEQUENCE:
        invocation.console.say(LAST_SEQUENCE)
    if bundle:
        envelope = pack_bundle(bundle, words)
        for other in other_interfaces(bundle, words):
            invocation.console.say(OTHER_INTERFACE.format(bundle=other))
    else:
        trusted = [*map(read_trusted, keys)]
        envelope = pack_keys(trusted, words, last=last_keys)
        for note in [*key_notes(trusted), *(signer_notes(trusted, signer.public) if signer else [])]:
            invocation.console.say(note)
    if signer is not None:
        envelope = sign_envelope(envelope, signer)
    _write_package(output, envelope.encode())


@click.command(epilog="Example: ecu-bundle sign model.suit --key keys/release.pem")
@click.argument("package", type=PATH)
@click.option("--output", "-o", type=PATH, help="The signed package [in the place of PACKAGE].")
@signing_options
@json_option
def sign(package: Path, output: Path | None, **given: Any) -> None:
    """Sign a package; a signature that it has is replaced.

    The signature is checked with the public key before anything is written.
    """
    from ecu_bundle.packaging.checking import check_content
    from ecu_bundle.packaging.files import read_file, require_apart
    from ecu_bundle.packaging.key_set import decode_key_set
    from ecu_bundle.packaging.reader import read_package
    from ecu_bundle.packaging.signing import sign_envelope

    require_apart(output or package, *_files_of(given))
    unsigned = read_package(read_file(package), allow_unsigned=True)
    check_content(unsigned)
    signer = signer_of(given)
    if signer is None:
        raise UsageError("sign", "there is no key", hint="give --key, or --command with --public-key")
    notes = replaced_note(unsigned, signer.public)
    if unsigned.header.device is None:
        notes += signer_notes(decode_key_set(unsigned.payload), signer.public)
    for note in notes:
        invocation.console.say(note)
    _write_package(output or package, sign_envelope(unsigned.envelope, signer).encode())


@click.command(
    "verify-package", epilog="Example: ecu-bundle verify-package model.suit -p keys/release.pub.pem"
)
@click.argument("package", type=PATH)
@click.option(
    "--public-key",
    "-p",
    metavar="FILE[@SEQUENCE][:USES]",
    multiple=True,
    required=True,
    help="Key of the device, from this sequence on, for models, keys or models+keys; may be repeated.",
)
@click.option("--bundle", type=PATH, help="What runs on the device: is the model one for it?")
@click.option("--engine", "-e", type=click.Choice(["ort", "native"]), help="Part of a bundle that has both.")
@addressee_options
@click.option("--hardware", type=NUMBER, help="Hardware id of the device.")
@click.option("--counter", type=NUMBER, help="Sequence of the package that the device confirmed last.")
@click.option("--slot-size", type=NUMBER, help="Bytes of a slot of the device.")
@json_option
def verify_package(package: Path, **given: Any) -> None:
    """Would the device take this package? Exit code 0 yes, 1 no.

    Checks what can be checked with what is given, in the order of the device, and says what was not.
    """
    try:
        with Stages(invocation.console).stage("check", package.name):
            from ecu_bundle.packaging.checking import check_package
            from ecu_bundle.packaging.inspection import package_facts

            found = check_package(package, **given)
    except PackageError as error:
        invocation.console.close()
        if not invocation.json:
            click.echo(refused_text(error.status.name))
        raise
    facts = package_facts(found.package)
    invocation.result(
        {
            **facts,
            "verified": True,
            "key": found.key.id.hex(),
            "key_type": found.key.kind,
            "unchecked": list(found.unchecked),
        },
        checked_text(package, found, facts),
    )


@click.command(epilog="Example: ecu-bundle export model.suit -p release.pub.pem --to pdx -o model.pdx")
@click.argument("package", type=PATH)
@click.option("--to", "form", type=click.Choice(FORMATS), required=True, help="What the flashing line takes.")
@click.option("--output", "-o", type=PATH, required=True, help="File to write.")
@click.option(
    "--public-key",
    "-p",
    metavar="FILE[@SEQUENCE][:USES]",
    multiple=True,
    required=True,
    help="Key of the device, as for verify-package; may be repeated. Checks the signature.",
)
@click.option("--slot-address", type=NUMBER, help="Where the slot starts; hex and s19 need it.")
@click.option(
    "--slot-size",
    type=NUMBER,
    help="Bytes of the slot. Refuses what does not fit, and puts the header of the package at its end, where "
    "the ECU looks for it.",
)
@click.option(
    "--content",
    type=click.Choice(["payload", "package"]),
    help="payload: what lies in the slot; package: all of it, for an ECU that installs it itself "
    "[pdx: package, else payload].",
)
@click.option("--key", "-k", type=PATH, help="mcuboot: private key that signs the image.")
@passphrase_options
@json_option
def export(
    package: Path, form: str, output: Path, public_key: tuple[str, ...], key: Path | None, **given: Any
) -> None:
    """Write a package as a file for a flashing line, and read it back with an independent tool.

    keys writes the C header of a key package. Nothing is written when the signature is not one of the keys,
    or when the tool reads anything else.
    """
    from ecu_bundle.packaging.exporting import export_package
    from ecu_bundle.packaging.files import require_apart
    from ecu_bundle.packaging.key_files import file_of, read_private

    require_apart(output, package, key, given["passphrase_file"], *map(file_of, public_key))
    secret = passphrase_of(given.pop("passphrase_env"), given.pop("passphrase_file"), key)
    signer = None if key is None else read_private(key, secret)
    done = export_package(package, form, output, public_key, signer=signer, **given)
    if lacks_record(form, done):
        invocation.console.say(NO_RECORD)
    invocation.result(
        {"output": str(output), "format": form, **dataclasses.asdict(done)},
        exported_text(output, done),
    )


COMMANDS = (keygen, pack, sign, verify_package, export)


def _words(config: Path | None, given: dict[str, Any]) -> Words:
    from ecu_bundle.packaging.settings import words_of

    return words_of(config, given)


def _files_of(signing: dict[str, Any]) -> list[Path | None]:
    """The files that the options for signing name."""
    return [signing["key"], signing["public_key"], signing["passphrase_file"]]


def _write_package(output: Path, data: bytes) -> None:
    """Reads the package once more, writes it, and says what it is."""
    from ecu_bundle.packaging.files import write_file
    from ecu_bundle.packaging.inspection import package_facts
    from ecu_bundle.packaging.reader import read_package

    package = read_package(data, allow_unsigned=True)
    write_file(output, data)
    facts = package_facts(package)
    signed = f"signed by {facts['key']}" if facts["key"] else "not signed: `ecu-bundle sign` does that"
    invocation.result(
        {"package": str(output), **facts},
        f"{output}: sequence {facts['sequence']}, {facts['content']}, {len(data)} bytes, {signed}",
    )
