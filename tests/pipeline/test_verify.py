"""``verify`` accepts what was delivered and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.program import call, succeed
from ecu_bundle.artifacts import BundleSources
from ecu_bundle.parity import REPEATED

from .examples import Bundles, copy_of, model_file, rows_file


def _adjust_manifest(bundle: Path, *extra: str) -> None:
    """What a forger does after a change: the manifest agrees with the files again."""
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    for path in manifest["files"]:
        manifest["files"][path] = hashlib.sha256((bundle / path).read_bytes()).hexdigest()
    name = manifest["name"]
    records = {
        "onnx_digest": f"model/{name}.onnx",
        "image_digest": f"model/{name}.ecui",
        "certificate_digest": "reports/certificate.json",
    }
    for key in extra:
        manifest[key] = manifest["files"][records[key]]
    (bundle / "bundle.json").write_text(json.dumps(manifest))


def _forge_certificate(bundle: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the certificate, and the manifest so that it agrees."""
    path = bundle / "reports/certificate.json"
    certificate = json.loads(path.read_bytes())
    before = json.dumps(certificate)
    change(certificate)
    assert json.dumps(certificate) != before
    path.write_text(json.dumps(certificate))
    _adjust_manifest(bundle, "certificate_digest")


def _change(path: Path, pattern: str, replacement: Callable[[re.Match[str]], str]) -> None:
    text = path.read_text()
    changed, count = re.subn(pattern, replacement, text, count=1)
    assert count == 1 and changed != text
    path.write_text(changed)


def test_a_bundle_is_as_delivered(bundles: Bundles) -> None:
    outcome = succeed("verify", bundles("auto_mpg"), "--json")
    data = outcome.data
    assert data["verified"] is True and data["same_binary"] is True and data["changes"] == []
    assert [gate["right"] for gate in data["comparisons"]] == [REPEATED, "the bundle on host (direct)"]
    assert data["omitted"] == ["the comparison with scikit-learn and its rows: give the model with --model"]


@pytest.mark.parametrize("example", ["auto_mpg", "wine_grade"])
def test_with_the_model_the_whole_certificate_is_computed_again(bundles: Bundles, example: str) -> None:
    arguments = ("--model", model_file(example), "--data", rows_file(example))
    data = succeed("verify", bundles(example), *arguments, "--json").data
    assert data["changes"] == data["omitted"] == []
    outcome = succeed("verify", bundles(example), *arguments)
    assert "every file is as delivered, and the proof holds" in outcome.stdout
    assert "rows agree with scikit-learn" in outcome.stdout


@pytest.mark.cross
@pytest.mark.parametrize(
    ("example", "target"), [("auto_mpg", "armv7-linux"), ("wine_grade", "aarch64-linux")]
)
def test_a_bundle_for_another_target_runs_under_qemu(bundles: Bundles, example: str, target: str) -> None:
    outcome = succeed("verify", bundles(example, target), "--target", target)
    assert f"the bundle on {target}" in outcome.stdout


def test_a_user_may_have_built_in_the_bundle(bundles: Bundles, tmp_path: Path) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    (bundle / "build").mkdir()
    (bundle / "build" / "CMakeCache.txt").write_text("")
    succeed("verify", bundle)


def _edit(bundle: Path) -> None:
    (bundle / "README.md").write_text("other words")


def _remove(bundle: Path) -> None:
    (bundle / "src/ecu/status.cpp").unlink()


def _add(bundle: Path) -> None:
    (bundle / "src/extra.cpp").write_text("int extra;\n")


def _add_hidden(bundle: Path) -> None:
    (bundle / "include/.hidden.h").write_text("\n")


def _link(bundle: Path) -> None:
    (bundle / "README.md").rename(bundle.parent / "README.md")
    (bundle / "README.md").symlink_to(bundle.parent / "nothing")


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (_edit, "README.md has changed"),
        (_remove, "src/ecu/status.cpp is missing"),
        (_add, "src/extra.cpp is not listed"),
        (_add_hidden, "include/.hidden.h is not listed"),
        (_link, "README.md is missing"),
    ],
)
def test_a_changed_folder_is_refused(
    harm: Callable[[Path], None], named: str, bundles: Bundles, tmp_path: Path
) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    harm(bundle)
    outcome = call("verify", bundle)
    assert outcome.code == 1
    assert outcome.stdout == ""
    assert named in outcome.stderr


def _flip_image(bundle: Path) -> None:
    """One bit in the middle of the image that the program holds."""
    source = bundle / "src/wine_grade.cpp"
    start = source.read_text().index("_image[] = {")
    values = [*re.finditer(r"\d+", source.read_text()[start:])]
    middle = values[len(values) // 2]
    text = source.read_text()
    at = start + middle.start()
    source.write_text(text[:at] + str(int(middle[0]) ^ 1) + text[start + middle.end() :])


def _change_golden(bundle: Path) -> None:
    """A label that the self-test expects."""
    _change(
        bundle / "tests/golden_vectors.cpp",
        r"(kOutput0\[\] = \{\s*0x0000000)(\d)U",
        lambda found: f"{found[1]}{(int(found[2]) + 1) % 3}U",
    )


def _swap_onnx(bundle: Path) -> None:
    other = bundle.parent / "auto_mpg.onnx"
    (bundle / "model/wine_grade.onnx").write_bytes(other.read_bytes())


def _swap_image(bundle: Path) -> None:
    other = bundle.parent / "auto_mpg.ecui"
    (bundle / "model/wine_grade.ecui").write_bytes(other.read_bytes())


def _swap_certificate(bundle: Path) -> None:
    path = bundle / "reports/certificate.json"
    path.write_text(path.read_text().replace('"passed": true', '"passed": false'))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_flip_image, "the program holds another model image than model/wine_grade.ecui"),
        (_change_golden, "the files of the bundle are not those that were certified"),
        (_swap_onnx, "the ONNX file is not the one of the manifest"),
        (_swap_image, "the model image is not the one of the manifest"),
        (_swap_certificate, "the certificate is not the one of the manifest"),
    ],
)
def test_a_forged_bundle_is_refused(
    harm: Callable[[Path], None], said: str, bundles: Bundles, tmp_path: Path
) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    for ending in ("onnx", "ecui"):
        (tmp_path / f"auto_mpg.{ending}").write_bytes(
            (bundles("auto_mpg") / f"model/auto_mpg.{ending}").read_bytes()
        )
    harm(bundle)
    _adjust_manifest(bundle)
    outcome = call("verify", bundle)
    assert outcome.code == 1, outcome.stderr
    assert said in outcome.stderr


def _no_golden_rows(bundle: Path) -> None:
    _change(bundle / "tests/golden_vectors.cpp", r"kRows = \d+U", lambda _: "kRows = 0U")


def _other_library(bundle: Path) -> None:
    (library,) = (bundle / "third_party/onnxruntime/lib").glob("*.so*")
    library.write_bytes(library.read_bytes() + b"\0")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_change_golden, "the self-test failed on host"),
        (_no_golden_rows, "the self-test compared other rows than the"),
        (_other_library, "the ONNX Runtime of the bundle is not the one that was certified"),
    ],
)
def test_files_that_a_forged_certificate_vouches_for_are_proved_again(
    harm: Callable[[Path], None], said: str, bundles: Bundles, tmp_path: Path
) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    harm(bundle)
    digest = _sources_digest(bundle)
    if digest != json.loads((bundle / "reports/certificate.json").read_bytes())["sources_digest"]:
        _forge_certificate(bundle, lambda certificate: certificate.update(sources_digest=digest))
    _adjust_manifest(bundle)
    outcome = call("verify", bundle)
    assert outcome.code == 1, outcome.stderr
    assert said in outcome.stderr


def _sources_digest(bundle: Path) -> str:
    """Of the generated files, as a certificate has it."""
    names = json.loads((bundle / "bundle.json").read_bytes())["files"]
    files = {
        n: (bundle / n).read_bytes()
        for n in names
        if not n.startswith(("reports/", "third_party/", "SHA256SUMS"))
    }
    return BundleSources("wine_grade", dict(sorted(files.items()))).digest


def test_the_environment_chooses_no_library(
    bundles: Bundles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that ``LD_LIBRARY_PATH`` names is not the one that the certificate is about."""
    (library,) = (bundles("wine_grade") / "third_party/onnxruntime/lib").glob("*.so*")
    (tmp_path / library.name).write_bytes(b"no library")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    succeed("verify", bundles("wine_grade"))


def _other_weights(bundle: Path) -> None:
    """The same graph with other coefficients; the program still holds the old ones."""
    import onnx

    path = bundle / "model/wine_grade.onnx"
    model = onnx.load_from_string(path.read_bytes())
    (coefficients,) = (a for n in model.graph.node for a in n.attribute if a.name == "coefficients")
    coefficients.floats[0] *= 1.001
    path.write_bytes(model.SerializeToString())


def _no_onnx(bundle: Path) -> None:
    (bundle / "model/wine_grade.onnx").write_bytes(b"no ONNX file at all")


@pytest.mark.parametrize(
    ("harm", "said"),
    [(_other_weights, "the model image holds another ONNX file"), (_no_onnx, "not an ONNX file")],
)
def test_an_onnx_file_that_the_manifest_vouches_for_is_read(
    harm: Callable[[Path], None], said: str, bundles: Bundles, tmp_path: Path
) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    harm(bundle)
    digest = hashlib.sha256((bundle / "model/wine_grade.onnx").read_bytes()).hexdigest()
    _forge_certificate(bundle, lambda certificate: certificate.update(onnx_digest=digest))
    _adjust_manifest(bundle, "onnx_digest")
    outcome = call("verify", bundle)
    assert outcome.code == 1, outcome.stderr
    assert said in outcome.stderr


def _claims_exact(certificate: dict[str, Any]) -> None:
    certificate["exact_outputs"] = ["probabilities"]


def _accepts_nan(certificate: dict[str, Any]) -> None:
    certificate["interface"]["inputs"][0]["accepts_nan"] ^= True


def _other_output(certificate: dict[str, Any]) -> None:
    certificate["interface"]["outputs"][1]["name"] = "score"


def _other_codes(certificate: dict[str, Any]) -> None:
    certificate["interface"]["outputs"][0]["codes"]["0"] = "better"


def _other_source(certificate: dict[str, Any]) -> None:
    certificate["reference"]["source_digest"] = "0" * 64


def _other_version(certificate: dict[str, Any]) -> None:
    certificate["certificate_version"] = 1


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (_claims_exact, "the certificate calls probabilities exact, in the ONNX graph no output is"),
        (_accepts_nan, "the interface of the certificate is not the one of the model image"),
        (_other_output, "the interface of the certificate is not the one of the model image"),
        (_other_codes, "the interface of the certificate is not the one of the model image"),
        (_other_source, "bundle.json: source.digest"),
        (_other_version, "the certificate cannot be read: certificate_version"),
    ],
)
def test_a_forged_certificate_is_refused(
    forge: Callable[[dict[str, Any]], None], said: str, bundles: Bundles, tmp_path: Path
) -> None:
    """Even where manifest and certificate agree: graph and image tell the truth."""
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    _forge_certificate(bundle, forge)
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    manifest["interface"] = json.loads((bundle / "reports/certificate.json").read_bytes())["interface"]
    (bundle / "bundle.json").write_text(json.dumps(manifest))
    outcome = call("verify", bundle)
    assert outcome.code == 1, outcome.stderr
    assert said in outcome.stderr


@pytest.mark.parametrize("field", ["title", "onnxruntime_version", "library_digest"])
def test_a_manifest_that_contradicts_the_certificate_is_refused(
    field: str, bundles: Bundles, tmp_path: Path
) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    manifest[field] = "another"
    (bundle / "bundle.json").write_text(json.dumps(manifest))
    outcome = call("verify", bundle)
    assert outcome.code == 1
    assert f"bundle.json: {field}\n" in outcome.stderr


def _nicer_figures(certificate: dict[str, Any]) -> None:
    gate = certificate["comparisons"][0]
    gate["outputs"][1]["max_ulp"] = 0
    certificate["tools"]["numpy"] = "1.0"


def test_figures_that_are_not_found_again_are_told(bundles: Bundles, tmp_path: Path) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    _forge_certificate(bundle, _nicer_figures)
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    manifest["tools"]["numpy"] = "1.0"
    (bundle / "bundle.json").write_text(json.dumps(manifest))
    arguments = ("--model", model_file("wine_grade"), "--data", rows_file("wine_grade"))
    outcome = succeed("verify", bundle, *arguments)
    assert "changed: comparisons[0].outputs[1].max_ulp: 0 -> " in outcome.stdout
    assert 'changed: tools[numpy]: "1.0" -> "' in outcome.stdout
    assert outcome.stdout.count("changed: ") == 2


def test_another_model_is_not_the_source(bundles: Bundles) -> None:
    """The bundle is not of this model: that is a failed verification, and no wrong usage."""
    outcome = call("verify", bundles("wine_grade"), "--model", model_file("auto_mpg"), "--json")
    assert outcome.code == 1
    cause = outcome.data["cause"]
    assert cause.startswith("auto_mpg.skops is not the model that the bundle was made of: its SHA-256 begins")
    digests = [
        hashlib.sha256(model_file(name).read_bytes()).hexdigest() for name in ("auto_mpg", "wine_grade")
    ]
    assert re.findall("[0-9a-f]{16}", cause) == [digest[:16] for digest in digests]
    assert outcome.data["place"] == str(model_file("auto_mpg"))
    assert "give the file that wine_grade was built from" in outcome.data["hint"]


def test_no_model_at_all_is_wrong_usage(bundles: Bundles, tmp_path: Path) -> None:
    for path, said in (
        (bundles("auto_mpg"), "is a bundle, not a model"),
        (tmp_path / "none", "no such file"),
    ):
        outcome = call("verify", bundles("wine_grade"), "--model", path)
        assert outcome.code == 2
        assert said in outcome.stderr


def test_another_target_is_refused(bundles: Bundles) -> None:
    outcome = call("verify", bundles("wine_grade"), "--target", "aarch64-linux")
    assert outcome.code == 2
    assert "the bundle is for the target host, not aarch64-linux" in outcome.stderr
    outcome = call("verify", bundles("wine_grade"), "--target", "hots")
    assert outcome.code == 2
    assert "unknown target 'hots'\n  next: did you mean 'host'?" in outcome.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"manifest_version": 1}', "manifest_version"),
        ("\0\xff", "cannot be read"),
    ],
)
def test_a_damaged_manifest_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text(text, encoding="latin-1")
    outcome = call("verify", tmp_path)
    assert outcome.code == 2
    assert said in outcome.stderr


def test_a_folder_without_manifest_is_no_bundle(tmp_path: Path) -> None:
    outcome = call("verify", tmp_path)
    assert outcome.code == 2
    assert "is not a bundle: it has no bundle.json" in outcome.stderr
