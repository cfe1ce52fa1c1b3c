"""From a bundle to a package, and back: what the package says is what the bundle holds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.program import call, succeed
from ecu_bundle.image import read_image
from ecu_bundle.lowering.kernels import KERNELS
from ecu_bundle.packaging.key_files import public_pem
from ecu_bundle.packaging.layout import MAX_SEQUENCE
from ecu_bundle.packaging.payload import decode_golden, split_payload
from ecu_bundle.packaging.reader import Package, read_package
from ecu_bundle.packaging.refusals import PackageError
from ecu_bundle.packaging.results import LAST_SEQUENCE, NO_KEYS, NO_MODELS, OPEN_KEYS, OTHER_INTERFACE
from packages.examples import ED25519, P256
from pipeline.examples import Bundles, copy_of

WORDS = ["--vendor", "ecu.example", "--device-class", "grader", "--sequence", "7"]
SECTION = """\
[update]
vendor = "ecu.example"
device_class = "grader"
sequence = 41
part_number = "A-123"
rxswin = ["R79-0042", "R13-0007"]
hardware = [0x1001, 0x1002]
commit = "0123abcd"
training_data = "rows.csv"
golden_rows = 3
"""


@pytest.fixture(scope="module")
def bundle(bundles: Bundles) -> Path:
    """One with both engines."""
    return bundles("wine_grade", engine="both")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "release.pem"
    succeed("keygen", "-o", path)
    return path


def packed(bundle: Path, folder: Path, *arguments: str | Path) -> Package:
    path = folder / "model.suit"
    succeed("pack", bundle, "-o", path, *arguments)
    return read_package(path.read_bytes(), allow_unsigned=True)


def half(bundle: Path, engine: str) -> tuple[Path, dict[str, Any]]:
    """Folder and record of a part of the bundle, from its manifest as it stands on the disk."""
    record = json.loads((bundle / "bundle.json").read_text())
    if record["engine"] == engine:
        return bundle, record
    return bundle / engine, next(other for other in record["others"] if other["engine"] == engine)


@pytest.mark.parametrize("engine", ["native", "ort"])
def test_the_facts_are_those_of_the_bundle(bundle: Path, tmp_path: Path, engine: str) -> None:
    package = packed(bundle, tmp_path, *WORDS, "--engine", engine)
    manifest = json.loads((bundle / "bundle.json").read_text())
    folder, record = half(bundle, engine)
    image = (folder / "model/wine_grade.ecui").read_bytes()
    facts, information = package.header.device, package.information
    assert facts is not None
    assert facts.kind == {"ort": 1, "native": 2}[engine]
    assert facts.interface_hash.hex() == manifest["interface"]["hash"]
    assert facts.arena == record["resources"]["arena_bytes"]
    assert facts.stack == record["resources"]["totals"].get("stack", 0)
    assert (facts.image_size, facts.image_format) == (len(image), 1)
    assert [KERNELS[name].number for name in record["resources"].get("kernels", [])] == list(facts.kernels)
    assert information.image_digest.hex() == hashlib.sha256(image).hexdigest() == record["image_digest"]
    assert information.onnx_digest.hex() == manifest["onnx_digest"]
    for name, file in (("certificate", "certificate.json"), ("sbom", "sbom.cdx.json")):
        digest = hashlib.sha256((bundle / "reports" / file).read_bytes()).hexdigest()
        assert getattr(information, f"{name}_digest").hex() == digest
    assert (information.name, information.version) == (manifest["name"], manifest["version"])
    assert information.tools["scikit-learn"] == manifest["tools"]["scikit-learn"]
    assert package.payload.startswith(image)


@pytest.mark.parametrize("said", [[], ["matmul_f32"], ["no kernel"], 7, [[]]])
def test_kernels_that_are_not_those_of_the_program(bundle: Path, tmp_path: Path, said: Any) -> None:
    """The manifest says what is linked, for `verify-package` and `diff`; the source of the program has it."""
    changed = copy_of(bundle, tmp_path)
    manifest = json.loads((changed / "bundle.json").read_text())
    native = next(half for half in (manifest, *manifest["others"]) if half["engine"] == "native")
    native["resources"]["kernels"] = said
    (changed / "bundle.json").write_text(json.dumps(manifest))
    outcome = call("pack", changed, "-o", tmp_path / "model.suit", *WORDS, "--engine", "native")
    assert outcome.code == 1
    assert "the program has other kernels than the manifest says" in outcome.stderr


def test_the_golden_vectors_hold_in_the_engine(bundle: Path, tmp_path: Path) -> None:
    """The rows of the payload, run by the engine from the image of the payload, give its outputs."""
    from ecu_bundle import Engine

    package = packed(bundle, tmp_path, *WORDS, "--engine", "native", "--golden-rows", "5")
    facts = package.header.device
    assert facts is not None
    parts = split_payload(package.payload, facts.image_size)
    assert len(package.payload) - len(parts.golden) == (facts.image_size + 15) // 16 * 16
    image = read_image(parts.image).image
    golden = decode_golden(parts.golden, image.interface)
    assert len(golden.rows) == 5
    outputs = Engine.open(image).run(golden.rows.tensors)
    for name, expected in golden.outputs.items():
        limit = golden.abs_tolerance.get(name, 0.0) + golden.rel_tolerance.get(name, 0.0) * np.abs(expected)
        assert np.all(np.abs(outputs[name].reshape(expected.shape) - expected) <= limit)


@pytest.mark.parametrize(("rows", "count"), [("1", 1), ("9999", 48)])
def test_as_many_golden_rows_as_there_are(bundle: Path, tmp_path: Path, rows: str, count: int) -> None:
    package = packed(bundle, tmp_path, *WORDS, "--golden-rows", rows)
    assert package.header.device is not None
    golden = split_payload(package.payload, package.header.device.image_size).golden
    assert 1 <= int.from_bytes(golden[6:8], "little") <= count


def test_the_same_bytes_every_time(
    bundle: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from another folder, with another time zone, from a copy of the bundle, and signed later."""
    packed(bundle, tmp_path, *WORDS, "--key", key)
    once = (tmp_path / "model.suit").read_bytes()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    again = copy_of(bundle, tmp_path / "elsewhere")
    packed(again, tmp_path / "elsewhere", *WORDS)
    succeed("sign", "model.suit", "--key", key)
    assert Path("model.suit").read_bytes() == once


def test_the_configuration_gives_the_words(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ecu-bundle.toml").write_text(SECTION)
    (tmp_path / "rows.csv").write_text("a\n1\n")
    elsewhere = packed(bundle, tmp_path, "--config", tmp_path / "ecu-bundle.toml")
    monkeypatch.chdir(tmp_path)
    package = packed(bundle, tmp_path)
    assert package == elsewhere
    information, facts = package.information, package.header.device
    assert facts is not None
    assert (information.part_number, information.commit) == ("A-123", "0123abcd")
    assert information.rxswin == ("R79-0042", "R13-0007")
    assert information.training_digest == hashlib.sha256(b"a\n1\n").digest()
    assert (package.header.manifest.sequence, facts.hardware) == (41, (0x1001, 0x1002))
    other = packed(bundle, tmp_path, "--sequence", "0x2A", "--rxswin", "R1", "--hardware", "5")
    assert (other.header.manifest.sequence, other.information.rxswin) == (42, ("R1",))
    assert other.header.device is not None and other.header.device.hardware == (5,)


def test_predecessors_are_named_by_their_images(bundle: Path, bundles: Bundles, tmp_path: Path) -> None:
    before = bundles("auto_mpg")
    digest = json.loads((before / "bundle.json").read_text())["image_digest"]
    ours = half(bundle, "ort")[1]["image_digest"]
    package = packed(bundle, tmp_path, *WORDS, "-e", "ort", "--replaces", before, "--replaces", bundle)
    assert [one.hex() for one in package.information.predecessors] == [digest, ours]
    again: list[str | Path] = ["pack", bundle, "-o", tmp_path / "again", *WORDS, "-e", "ort", "--replaces"]
    assert succeed(*again, before).stderr == OTHER_INTERFACE.format(bundle=before) + "\n"
    assert succeed(*again, bundle).stderr == ""
    shown = succeed("inspect", tmp_path / "model.suit", "--json").data
    assert shown["predecessors"] == [digest, ours]
    outcome = call("pack", bundle, "-o", tmp_path / "x", *WORDS, "-e", "native", "--replaces", before)
    assert (outcome.code, "is for ort, not for native" in outcome.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "missing: vendor, device class, sequence"),
        ([*WORDS, "--sequence", "0"], "sequence 0 is not within 1 and 4294967295"),
        ([*WORDS, "--sequence", "4294967296"], "4294967296"),
        ([*WORDS, "--vendor", ""], "the vendor is empty"),
        ([*WORDS, "--vendor", "http://acme.example"], "is no domain name"),
        ([*WORDS, "--vendor", "ä" * 33], "has more than 64 bytes"),
        ([*WORDS, "--part-number", "x" * 65, "--golden-rows", "0"], "has more than 64 bytes; there must be"),
        ([*WORDS, *["--hardware", "1"] * 5], "5 hardware ids, at most 4"),
        ([*WORDS, *["--rxswin", "R"] * 9], "9 RXSWINs, at most 8"),
        ([*WORDS, *["--rxswin", "R" * 64] * 8], "the facts are too long"),
        ([*WORDS, "--training-data", "nothing.csv"], "the training data cannot be read"),
        ([*WORDS, "--config", "nothing.toml"], "there is no file nothing.toml"),
        ([*WORDS, "--keys", "x.pem"], "a package holds a model or keys"),
        ([*WORDS, "--key", "nothing.pem"], "nothing.pem cannot be read"),
    ],
)
def test_what_cannot_be_packed(bundle: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    outcome = call("pack", bundle, "-o", tmp_path / "model.suit", *arguments, "--json")
    assert outcome.code == 2
    assert said in outcome.data["cause"], outcome.data
    assert list(tmp_path.iterdir()) == []


def test_mistakes_of_the_configuration_are_told_together(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "ecu-bundle.toml"
    path.write_text('[update]\nvendor = ""\nsequence = 0\nrxswin = "R79"\nhardware = [-1]\nclass = "x"\n')
    outcome = call("pack", bundle, "-o", tmp_path / "model.suit", "--config", path)
    assert outcome.code == 2
    for line in range(2, 7):
        assert f"ecu-bundle.toml, line {line}: " in outcome.stderr
    assert "update.class: there is no such option" in outcome.stderr


@pytest.mark.parametrize("where", ["reports/certificate.json", "model/wine_grade.ecui", "CMakeLists.txt"])
def test_a_bundle_that_was_changed_is_not_packed(bundle: Path, tmp_path: Path, where: str) -> None:
    changed = copy_of(bundle, tmp_path)
    (changed / where).write_bytes((changed / where).read_bytes() + b" ")
    outcome = call("pack", changed, "-o", tmp_path / "model.suit", *WORDS)
    assert (outcome.code, f"{where} has changed" in outcome.stderr) == (1, True)
    assert not (tmp_path / "model.suit").exists()


def test_what_is_no_bundle(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing"):
        assert call("pack", place, "-o", tmp_path / "model.suit", *WORDS).code == 2
    assert call("pack", "-o", tmp_path / "model.suit", *WORDS).code == 2


@pytest.mark.parametrize(("place", "said"), [("nothing", "there is no folder"), ("", "is not a bundle")])
def test_a_wrong_place_is_told_before_what_is_missing(place: str, said: str, tmp_path: Path) -> None:
    outcome = call("pack", tmp_path / place, "-o", tmp_path / "model.suit")
    assert (outcome.code, said in outcome.stderr, "vendor" in outcome.stderr) == (2, True, False)


def test_no_package_is_written_into_a_bundle(bundle: Path, tmp_path: Path) -> None:
    copy = copy_of(bundle, tmp_path)
    outcome = call("pack", copy, "-o", copy / "model.suit", *WORDS)
    assert (outcome.code, "lies inside the bundle" in outcome.stderr) == (2, True)


def test_a_device_with_this_bundle_takes_its_package(
    bundle: Path, bundles: Bundles, key: Path, tmp_path: Path
) -> None:
    package = tmp_path / "model.suit"
    public = key.with_name("release.pub.pem")
    succeed("pack", bundle, "-o", package, *WORDS, "-e", "ort", "-k", key)
    known = ["--vendor", "ecu.example", "--device-class", "grader", "--hardware", "1", "--counter", "6"]
    verify = ["verify-package", str(package), "-p", f"{public}:models", *known]
    kinds = "kinds of keys that the device can check"  # a bundle without [build] update does not know them
    found = succeed(*verify, "--bundle", bundle, "-e", "ort", "--slot-size", "0x100000", "--json").data
    assert (found["verified"], found["unchecked"]) == (True, [kinds])
    assert succeed(*verify).stdout.splitlines()[1:] == [
        f"  not checked: {kinds}, engine, interface, kernels and arena, size of the slot",
        "a device with these facts would install it: yes, if what was not checked suits it",
    ]
    every = succeed(*verify, "--bundle", bundle, "-e", "ort", "--slot-size", "0x100000")
    assert every.stdout.splitlines()[1:] == [
        f"  not checked: {kinds}",
        "a device with these facts would install it: yes, if what was not checked suits it",
    ]
    assert every.stderr.startswith("check     model.suit ")
    refused = call(*verify, "--bundle", bundle, "-e", "native")
    assert refused.stdout == "a device with these facts would install it: no, ECU_PACKAGE_WRONG_FORMAT\n"
    assert "the model is for the engine ort, the device has native" in refused.stderr
    assert "--engine native" in refused.stderr
    same = succeed(*verify, "--counter", "7", "--bundle", bundle, "-e", "ort").stdout
    assert "(it is at sequence 7 too: the package is taken only with the very payload" in same
    for arguments, status in (
        (["--bundle", bundles("auto_mpg")], "WRONG_INTERFACE"),
        (["--bundle", bundles("auto_mpg"), "--counter", "7"], "OTHER_CONTENT"),
        (["--bundle", bundle, "-e", "native"], "WRONG_FORMAT"),
        (["--vendor", "other.example"], "WRONG_VENDOR"),
        (["--device-class", "brake"], "WRONG_CLASS"),
        (["--counter", "8"], "ROLLBACK"),
        (["--slot-size", "1000"], "TOO_LARGE"),
    ):
        outcome = call(*verify, *arguments, "--json")
        assert (outcome.code, outcome.data["status"]) == (1, f"ECU_PACKAGE_{status}")
    outcome = call("verify-package", package, "-p", f"{public}@8", "--json")
    assert (outcome.code, outcome.data["status"]) == (1, "ECU_PACKAGE_KEY_RETIRED")
    silent = ["verify-package", str(package), "-p", str(public), *known, "--json"]
    assert succeed(*silent).data["unchecked"][0] == "what its key is for"
    assert "what its key is for" not in succeed(*verify, "--json").data["unchecked"]
    outcome = call("verify-package", package, "-p", f"{public}:keys", "--json")
    assert (outcome.code, outcome.data["status"]) == (1, "ECU_PACKAGE_WRONG_USE")
    assert "signs keys, this package brings models" in outcome.data["cause"]


KEY_SETS: dict[str, tuple[list[str], int, str]] = {
    "one for both": ([""], 0, OPEN_KEYS),
    "said of each": ([":models+keys", ":models+keys"], 0, OPEN_KEYS),
    "a root key and a release key": ([":keys", "@9:models"], 0, ""),
    "a root key and one for both": ([":keys", ""], 0, ""),
    "root keys": ([":keys", ":keys"], 0, NO_MODELS),
    "a release key": ([":models"], 2, "no key of this set may sign keys"),
    "release keys": ([":models", "@9:models"], 2, "no key of this set may sign keys"),
    "a root key for the last package of all": ([":models", "@4294967295:keys"], 2, "no key of this set may"),
    "the last release key": ([":models", "--last-keys"], 0, NO_KEYS),
    "the last one for both": (["", "--last-keys"], 0, OPEN_KEYS),
}


@pytest.mark.parametrize("case", KEY_SETS)
def test_a_key_set_that_nobody_can_replace_is_asked_for(tmp_path: Path, case: str) -> None:
    ends, code, said = KEY_SETS[case]
    keys = []
    for key, end in zip((ED25519, P256), ends, strict=False):
        path = tmp_path / f"{key.public.kind}.pub.pem"
        path.write_bytes(public_pem(key.public))
        keys += [end] if end.startswith("--") else ["--keys", f"{path}{end}"]
    output = tmp_path / "keys.suit"
    outcome = call("pack", *keys, "-o", output, *WORDS)
    assert outcome.code == code
    assert (said in outcome.stderr) if code else (outcome.stderr == (f"{said}\n" if said else ""))
    assert output.exists() == (code == 0)


def test_the_last_sequence_of_all_is_named(tmp_path: Path) -> None:
    path = tmp_path / "root.pub.pem"
    path.write_bytes(public_pem(ED25519.public))
    said = {}
    for sequence in (MAX_SEQUENCE - 1, MAX_SEQUENCE):
        output = tmp_path / f"{sequence}.suit"
        said[sequence] = call(
            "pack", "--keys", path, "-o", output, *WORDS, "--sequence", str(sequence)
        ).stderr
    assert said == {MAX_SEQUENCE - 1: f"{OPEN_KEYS}\n", MAX_SEQUENCE: f"{LAST_SEQUENCE}\n{OPEN_KEYS}\n"}


def test_a_payload_that_is_not_what_the_facts_say(bundle: Path, key: Path, tmp_path: Path) -> None:
    """Whoever signs is trusted, but not believed: a wrong image is found before it is on its way."""
    from dataclasses import replace

    from ecu_bundle.packaging.checking import check_content

    package = packed(bundle, tmp_path, *WORDS)
    check_content(package)
    facts = package.header.device
    assert facts is not None
    for wrong in ({"arena": facts.arena + 1}, {"kernels": ()}, {"interface_hash": bytes(32)}, {"kind": 1}):
        header = replace(package.header, device=replace(facts, **wrong))
        with pytest.raises(PackageError, match="BAD_PAYLOAD"):
            check_content(replace(package, header=header))
    golden = bytearray(package.payload)
    golden[-40] ^= 1
    with pytest.raises(PackageError, match="BAD_VECTORS"):
        check_content(replace(package, payload=bytes(golden)))
    assert key.exists()


def test_what_a_package_is(bundle: Path, key: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.suit"
    succeed("pack", bundle, "-o", path, *WORDS, "--rxswin", "R79-0042")
    text = succeed("inspect", path).stdout
    assert "not signed, so no device takes it" in text
    assert "rxswin " in text and "R79-0042" in text and "kernels" in text
    succeed("sign", path, "--key", key)
    found = succeed("inspect", path, "--json").data
    assert (found["kind"], found["sequence"], found["rxswin"]) == ("package", 7, ["R79-0042"])
    assert found["needs"]["engine"] == "native"
    keys = tmp_path / "keys.suit"
    public = key.with_name("release.pub.pem")
    succeed("pack", "--keys", f"{public}@9", "-o", keys, *WORDS, "--key", key)
    shown = succeed("inspect", keys, "--json").data
    assert shown["keys"] == [
        {"id": found["key"], "type": "ed25519", "uses": ["models", "keys"], "minimum": 9}
    ]
    said = succeed("inspect", keys).stdout
    assert f"key {found['key']} (ed25519), signs models and keys from sequence 9 on" in said
    succeed("verify-package", keys, "-p", public)
    outcome = call("verify-package", keys, "-p", f"{public}:models", "--json")
    assert (outcome.code, outcome.data["status"]) == (1, "ECU_PACKAGE_WRONG_USE")


def test_a_damaged_package_is_no_model(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.suit"
    succeed("pack", bundle, "-o", path, *WORDS)
    path.write_bytes(path.read_bytes()[:-1])
    outcome = call("inspect", path, "--json")
    assert (outcome.code, outcome.data["status"]) == (1, "ECU_PACKAGE_TRUNCATED")
