"""What comes out of the pipeline for each example."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from building.guide import Guide, command
from ecu_bundle.building.elf import elf_of
from ecu_bundle.building.targets import get_target
from ecu_bundle.image.reader import read_image
from ecu_bundle.manifest import Manifest
from ecu_bundle.parity.certificate import Certificate

from .examples import CHECKOUT, Bundles, content_of, model_file

every_bundle = pytest.mark.parametrize(
    ("example", "target"),
    [
        ("auto_mpg", "host"),
        ("fault_classifier", "host"),
        ("wine_grade", "host"),
        pytest.param("auto_mpg", "armv7-linux", marks=pytest.mark.cross),
        pytest.param("wine_grade", "aarch64-linux", marks=pytest.mark.cross),
    ],
)
TREE_MODELS = ("auto_mpg", "fault_classifier")


def _manifest(bundle: Path) -> Manifest:
    return Manifest.model_validate_json((bundle / "bundle.json").read_bytes())


def _certificate(bundle: Path) -> Certificate:
    return Certificate.model_validate_json((bundle / "reports/certificate.json").read_bytes())


@every_bundle
def test_the_layout_is_the_promised_one(bundles: Bundles, example: str, target: str) -> None:
    bundle = bundles(example, target)
    files = set(content_of(bundle))
    assert {path.name for path in bundle.iterdir()} == {
        "README.md",
        "INTEGRATION.md",
        "SHA256SUMS",
        "docs",
        "LICENSES",
        "LICENSES.md",
        "bundle.json",
        "CMakeLists.txt",
        "CMakePresets.json",
        "cmake",
        "include",
        "src",
        "sources.txt",
        "model",
        "third_party",
        "tests",
        "reports",
    }
    assert {path for path in files if path.startswith(("model/", "reports/"))} == {
        f"model/{example}.ecui",
        f"model/{example}.onnx",
        "reports/certificate.json",
        "reports/junit.xml",
        "reports/report.html",
        "reports/resources.json",
        "reports/resources.md",
        "reports/sbom.cdx.json",
    }
    assert {f"include/{example}.h", f"include/{example}.hpp", f"src/{example}.cpp"} <= files
    assert {"tests/self_test.cpp", "tests/golden_vectors.cpp", "tests/python_binding.cpp"} <= files
    toolchain = get_target(target).toolchain
    assert (f"cmake/{toolchain}" in files) is bool(toolchain)


@every_bundle
def test_the_manifest_has_the_digest_of_every_file(bundles: Bundles, example: str, target: str) -> None:
    bundle = bundles(example, target)
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    content = content_of(bundle)
    del content["bundle.json"]
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in content.items()}
    assert manifest["files"] == digests
    assert manifest["onnx_digest"] == digests[f"model/{example}.onnx"]
    assert manifest["image_digest"] == digests[f"model/{example}.ecui"]
    assert manifest["certificate_digest"] == digests["reports/certificate.json"]
    assert manifest["resources"] == json.loads(content["reports/resources.json"])
    source = hashlib.sha256(model_file(example).read_bytes()).hexdigest()
    assert manifest["source"]["digest"] == source
    assert manifest["source"]["trusted_pickle"] is False
    assert (manifest["name"], manifest["target"], manifest["engine"]) == (example, target, "ort")


def test_its_integrity_is_checked_without_python(bundles: Bundles, tmp_path: Path) -> None:
    """The commands of the guide: on the bundle, and on one with a changed file or list."""
    guide = Guide(bundles("auto_mpg", "host"))
    words = ["sh", "-e", "-c", guide.block("What you have got", "sh")]
    value = hashlib.sha256((guide.bundle / "bundle.json").read_bytes()).hexdigest()
    assert command(*words, folder=guide.bundle) == f"{value}  bundle.json\n"
    for number, name in enumerate(("src/auto_mpg.cpp", "model/auto_mpg.ecui", "SHA256SUMS")):
        copy = tmp_path / str(number)
        shutil.copytree(guide.bundle, copy)
        path = copy / name
        path.write_bytes(path.read_bytes() + b"\n")
        with pytest.raises(AssertionError, match=f"{path.name}|SHA256SUMS"):
            command(*words, folder=copy)


def test_what_the_guide_names_is_in_the_bundle(bundles: Bundles) -> None:
    """Files of the table, and pages that any file of the bundle cites or links to."""
    bundle = bundles("auto_mpg", "host")
    page = (bundle / "INTEGRATION.md").read_text().split("## What you have got")[1].split("## ")[0]
    named = re.findall(r"`([\w./]+[./][\w.]*|bundle.json)`", page.split("```")[0])
    assert len(named) > 10
    assert [name for name in named if not (bundle / name).exists()] == []
    cited = {
        name
        for path in bundle.rglob("*")
        if path.suffix in (".h", ".hpp", ".cpp", ".md", ".cmake", ".txt") and path.is_file()
        for name in re.findall(r"\bdocs/\w+\.md", path.read_text(encoding="utf-8"))
    }
    linked = {
        f"docs/{name}"
        for path in (bundle / "docs").iterdir()
        for name in re.findall(r"\]\(([\w.]+\.md)", path.read_text(encoding="utf-8"))
    }
    assert "docs/slots.md" in cited and linked
    assert sorted(name for name in cited | linked if not (bundle / name).is_file()) == []


@every_bundle
def test_the_certificate_says_what_was_compared(bundles: Bundles, example: str, target: str) -> None:
    bundle = bundles(example, target)
    certificate, manifest = _certificate(bundle), _manifest(bundle)
    host, device = certificate.comparisons
    assert certificate.passed and host.passed and device.passed
    assert (host.left, host.right) == ("scikit-learn", "ONNX Runtime (Python)")
    assert device.left == "ONNX Runtime (Python)"
    assert device.right == f"the bundle on {target} ({get_target(target).runner})"
    assert device.bit_exact_required is (target == "host" or example in TREE_MODELS)
    if device.bit_exact_required:
        assert all(output.equal == output.values for output in device.outputs)
    assert host.rows == device.rows == sum(source.rows for source in certificate.rows)
    assert {"data", "range"} <= {source.origin for source in certificate.rows}
    assert ("boundary" in {source.origin for source in certificate.rows}) is (example in TREE_MODELS)
    assert certificate.onnx_digest == manifest.onnx_digest
    assert certificate.image_digest == manifest.image_digest
    (binary,) = certificate.binaries
    assert binary.library_digest == manifest.library_digest
    assert binary.self_test == "passed"
    assert "-ffp-contract=off" in binary.flags


@every_bundle
def test_the_report_is_small(bundles: Bundles, example: str, target: str) -> None:
    report = bundles(example, target) / "reports/report.html"
    assert 5_000 < report.stat().st_size < 300_000


@every_bundle
def test_nothing_tells_where_it_was_built(bundles: Bundles, example: str, target: str) -> None:
    bundle = bundles(example, target)
    private = {str(folder).encode() for folder in (bundle.parent, CHECKOUT, Path.home(), Path.cwd())}
    for path, data in content_of(bundle).items():
        if not path.startswith("third_party/"):
            assert not [text for text in private if text in data and len(text) > 6], path


@every_bundle
def test_the_library_is_for_the_target(bundles: Bundles, example: str, target: str) -> None:
    bundle = bundles(example, target)
    source = get_target(target).ort_source()
    folder = bundle / "third_party/onnxruntime"
    assert elf_of(folder / "lib" / source.file_name) == (source.elf.bits, source.elf.machine)
    assert (folder / "VERSION_NUMBER").read_text().strip() == source.version
    assert (folder / "LICENSE").stat().st_size > 500


@every_bundle
def test_the_image_holds_the_onnx_file(bundles: Bundles, example: str, target: str) -> None:
    model = bundles(example, target) / "model"
    contents = read_image((model / f"{example}.ecui").read_bytes())
    onnx = (model / f"{example}.onnx").read_bytes()
    assert contents.payload == onnx
    assert contents.model_digest == hashlib.sha256(onnx).digest()


@pytest.mark.cross
def test_targets_share_model_and_image(bundles: Bundles) -> None:
    host, arm = bundles("auto_mpg"), bundles("auto_mpg", "armv7-linux")
    assert content_of(host / "model") == content_of(arm / "model")
