"""Bundles with both engines: two halves with one interface, each built, run and proved."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ecu_bundle
from building.guide import Guide, command
from cli.program import call, succeed
from ecu_bundle import generation
from ecu_bundle.artifacts import BundleSources, ModelImage, OnnxModel
from ecu_bundle.engine import Engine
from ecu_bundle.image.reader import read_image
from ecu_bundle.manifest import read_manifest
from ecu_bundle.parity.certificate import Certificate
from ecu_bundle.parity.expectation import NATIVE
from ecu_bundle.parity.reference import ORT

from .examples import Bundles, content_of, copy_of, model_file, rows_file

FOLDERS = {"native": "", "ort": "ort/"}
both_kinds = pytest.mark.parametrize("example", ["auto_mpg", "wine_grade"])  # trees behind categories; smooth


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@both_kinds
def test_both_engines_are_built_run_and_certified(bundles: Bundles, example: str) -> None:
    bundle = bundles(example, engine="both")
    manifest = read_manifest(bundle)
    certificate = Certificate.model_validate_json((bundle / "reports/certificate.json").read_bytes())
    assert certificate.passed
    device = "the bundle on host (direct)"
    gates = [(gate.left, gate.right) for gate in certificate.comparisons]
    assert gates == [("scikit-learn", ORT), (ORT, NATIVE), (NATIVE, device), (ORT, device)]
    assert [gate.bit_exact_required for gate in certificate.comparisons[2:]] == [True, True]
    assert len({gate.rows for gate in certificate.comparisons}) == 1
    assert {folder: half.engine for folder, half in manifest.halves.items()} == {"": "native", "ort/": "ort"}
    for (folder, half), binary in zip(manifest.halves.items(), certificate.binaries, strict=True):
        image = bundle / folder / f"model/{example}.ecui"
        assert binary.engine == half.engine == read_image(image.read_bytes()).image.engine
        assert binary.image_digest == half.image_digest == _digest(image)
        assert binary.library_digest == half.library_digest
        assert bool(binary.onnxruntime_digest) is (binary.engine == "ort")
        assert half.resources == json.loads((bundle / folder / "reports/resources.json").read_bytes())
    assert manifest.files == {
        path: hashlib.sha256(data).hexdigest()
        for path, data in content_of(bundle).items()
        if path != "bundle.json"
    }
    assert not (bundle / "third_party").exists()
    assert (bundle / "ort/third_party/onnxruntime/lib").is_dir()


def test_reports_tell_the_two_apart(bundles: Bundles) -> None:
    bundle = bundles("wine_grade", engine="both")
    cases = re.findall(r"<testcase [^>]*>", (bundle / "reports/junit.xml").read_text())
    assert len(cases) == len(set(cases)) > 4
    report = (bundle / "reports/report.html").read_text()
    assert "ONNX Runtime with -D ECU_ENGINE=ort" in report
    assert {*re.findall(r"Resources on host with [\w ]+", report)} == {
        "Resources on host with the native engine",
        "Resources on host with ONNX Runtime",
    }
    idents = re.findall(r' id="([^"]+)"', report)
    assert len(idents) == len(set(idents))
    for page in ("README.md", "INTEGRATION.md"):
        assert "## Which engine\n" in (bundle / page).read_text()
        assert "## Which engine\n" not in (bundle / "ort" / page).read_text()
    text = succeed("inspect", bundle).stdout
    assert read_manifest(bundle).others[0].image_digest in text


def test_the_report_can_be_written_again(bundles: Bundles, tmp_path: Path) -> None:
    bundle = bundles("wine_grade", engine="both")
    succeed("report", bundle, "-o", tmp_path / "report.html")
    assert (tmp_path / "report.html").read_bytes() == (bundle / "reports/report.html").read_bytes()


def _uses_onnxruntime(program: Path) -> bool:
    """Whether the engine that opens ONNX Runtime was linked."""
    return b"libonnxruntime" in program.read_bytes()


def _build(guide: Guide, lists: str, place: Path, *options: str | Path) -> Path:
    """A program as INTEGRATION.md shows it."""
    place.mkdir()
    (place / "main.cpp").write_text(guide.block("Call it from C++", "cpp"))
    (place / "CMakeLists.txt").write_text(lists)
    command("cmake", "-S", place, "-B", place / "build", "-DCMAKE_BUILD_TYPE=Release", *options)
    command("cmake", "--build", place / "build")
    return place / "build/app"


@pytest.mark.parametrize(
    ("before", "options", "engine"),
    [
        ("", (), "native"),
        ("", ("-DECU_ENGINE=ort",), "ort"),
        ("set(ECU_ENGINE ort)\n", ("-DECU_ENGINE=native",), "ort"),
    ],
)
@both_kinds
def test_programs_with_either_engine_print_the_same_row(
    *, before: str, options: tuple[str, ...], engine: str, example: str, bundles: Bundles, tmp_path: Path
) -> None:
    """A variable of the caller goes before the option, so that each bundle of a program has its own."""
    guide = Guide(bundles(example, engine="both"))
    lists = guide.block("The bundle in your tree", "cmake")
    place = f'{before}add_subdirectory("{guide.bundle}" {example})'
    app = _build(guide, lists.replace(f"add_subdirectory({example})", place), tmp_path / "app", *options)
    assert command(app) == guide.block("Call it from C++", "text")
    assert _uses_onnxruntime(app) is (engine == "ort")


@pytest.mark.parametrize("engine", ["native", "ort"])
def test_either_half_can_be_installed(engine: str, bundles: Bundles, tmp_path: Path) -> None:
    guide = Guide(bundles("wine_grade", engine="both"))
    options = (f"-DECU_ENGINE={engine}", "-DECU_BUILD_TESTS=OFF")
    command("cmake", "-S", guide.bundle, "-B", tmp_path / "build", *options)
    command("cmake", "--build", tmp_path / "build")
    command("cmake", "--install", tmp_path / "build", "--prefix", tmp_path / "prefix")
    lists = guide.block("An installed bundle", "cmake")
    app = _build(guide, lists, tmp_path / "app", f"-DCMAKE_PREFIX_PATH={tmp_path / 'prefix'}")
    assert command(app) == guide.block("Call it from C++", "text")
    assert _uses_onnxruntime(app) is (engine == "ort")


def test_the_preset_tests_the_half_that_was_chosen(bundles: Bundles, tmp_path: Path) -> None:
    bundle = copy_of(bundles("wine_grade", engine="both"), tmp_path)
    for options in ((), ("-D", "ECU_ENGINE=ort")):
        command("cmake", "--preset", "default", *options, folder=bundle)
        command("cmake", "--build", "--preset", "default", folder=bundle)
        output = command("ctest", "--preset", "default", folder=bundle)
        assert "100% tests passed, 0 tests failed out of 1" in output
    assert (bundle / "build/ort/tests/self_test").is_file()
    succeed("verify", bundle)


def test_a_wrong_choice_is_refused(bundles: Bundles, tmp_path: Path) -> None:
    bundle = bundles("wine_grade", engine="both")
    configure = ("cmake", "-S", bundle, "-B", tmp_path, "-DECU_ENGINE=onnx")
    done = subprocess.run(configure, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert 'ECU_ENGINE is "onnx"; the bundle has native and ort' in " ".join(done.stderr.split())


def test_run_takes_either_half(bundles: Bundles, tmp_path: Path) -> None:
    bundle = bundles("wine_grade", engine="both")
    model = ecu_bundle.convert(ecu_bundle.load(model_file("wine_grade")))
    found = {}
    for engine in ("auto", "native", "ort"):
        succeed("run", bundle, "-i", rows_file("wine_grade"), "-e", engine, "-o", tmp_path / engine)
        found[engine] = np.load(tmp_path / engine / "probabilities.npy")
    rows = np.load(rows_file("wine_grade"))
    for opened in (Engine.open(model, "native"), Engine.open(model, "ort")):
        with opened:
            engine = opened.image.engine
            np.testing.assert_array_equal(found[engine], list(opened.run(rows).values())[1])
    np.testing.assert_array_equal(found["auto"], found["native"])
    assert (found["native"] != found["ort"]).any(), "the engines cannot be told apart on these rows"
    outcome = call("run", bundle, "-i", rows_file("wine_grade"), "-e", "sklearn", "-o", tmp_path / "no")
    assert outcome.code == 2
    assert "native" in outcome.stderr and "ort" in outcome.stderr


@pytest.mark.parametrize("broken", ["native", "ort"])
def test_a_broken_half_fails_the_build(broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate = generation.generate

    def damaged(model: OnnxModel, image: ModelImage, *rest: Any) -> BundleSources:
        made = generate(model, image, *rest)
        if image.engine != broken:
            return made
        golden = made.files["tests/golden_vectors.cpp"].decode()
        wrong = re.sub(
            r"(kOutput0\[\] = \{\s*0x0000000)(\d)U", lambda m: f"{m[1]}{(int(m[2]) + 1) % 3}U", golden
        )
        assert wrong != golden
        return BundleSources(made.name, {**made.files, "tests/golden_vectors.cpp": wrong.encode()})

    monkeypatch.setattr(generation, "generate", damaged)
    outcome = call("build", model_file("wine_grade"), "-e", "both", "-o", tmp_path / "out")
    assert outcome.code == 1
    assert f"the self-test failed on host with the engine {broken}" in outcome.stderr
    assert list(tmp_path.iterdir()) == []


@both_kinds
def test_verify_proves_both_again(bundles: Bundles, example: str) -> None:
    bundle = bundles(example, engine="both")
    arguments = ("--model", model_file(example), "--data", rows_file(example))
    data = succeed("verify", bundle, *arguments, "--json").data
    assert data["same_binary"] is True
    assert data["changes"] == data["omitted"] == []
    assert len(data["comparisons"]) == 4


def _adjust_manifest(bundle: Path, **changes: Any) -> None:
    """What a forger does after a change: the manifest agrees with the files again."""
    path = bundle / "bundle.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"] = {name: _digest(bundle / name) for name in manifest["files"]}
    path.write_text(json.dumps(manifest | changes))


def _edit(bundle: Path) -> None:
    (bundle / "ort/README.md").write_text("other words")


def _flip_image(bundle: Path) -> None:
    """One bit of the image that the program with ONNX Runtime holds."""
    source = bundle / "ort/src/wine_grade.cpp"
    text = source.read_text()
    values = [*re.finditer(r"\d+", text[text.index("_image[] = {") :])]
    at = text.index("_image[] = {") + values[len(values) // 2].start()
    number = re.match(r"\d+", text[at:])
    assert number is not None
    source.write_text(text[:at] + str(int(number[0]) ^ 1) + text[at + number.end() :])
    _adjust_manifest(bundle)


def _other_graph(bundle: Path) -> None:
    """Only the copy of the second half."""
    path = bundle / "ort/model/wine_grade.onnx"
    path.write_bytes(path.read_bytes() + b"\x00")
    _adjust_manifest(bundle)


def _one_program(bundle: Path) -> None:
    """The half with ONNX Runtime is the native one once more, and everything says so but its name."""
    path = bundle / "reports/certificate.json"
    certificate = json.loads(path.read_bytes())
    others = json.loads((bundle / "bundle.json").read_bytes())["others"]
    shutil.copy(bundle / "model/wine_grade.ecui", bundle / "ort/model/wine_grade.ecui")
    others[0]["image_digest"] = certificate["image_digest"]
    certificate["binaries"][1]["image_digest"] = certificate["image_digest"]
    path.write_text(json.dumps(certificate))
    _adjust_manifest(bundle, others=others, certificate_digest=_digest(path))


def _no_digest(bundle: Path) -> None:
    others = json.loads((bundle / "bundle.json").read_bytes())["others"]
    others[0]["library_digest"] = "0" * 64
    _adjust_manifest(bundle, others=others)


def _forget(bundle: Path) -> None:
    _adjust_manifest(bundle, others=[])


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_edit, "ort/README.md has changed"),
        (_flip_image, "the program holds another model image than ort/model/wine_grade.ecui"),
        (_other_graph, "the ONNX file is not the one of the manifest"),
        (_one_program, "the model image is not for the engine ort"),
        (_no_digest, "bundle.json: others[0].library_digest\n"),
        (_forget, "bundle.json: others\n"),
    ],
)
def test_a_tampered_half_is_refused(
    harm: Callable[[Path], None], said: str, bundles: Bundles, tmp_path: Path
) -> None:
    bundle = copy_of(bundles("wine_grade", engine="both"), tmp_path)
    harm(bundle)
    outcome = call("verify", bundle)
    assert outcome.code == 1, outcome.stderr
    assert said in outcome.stderr


def test_an_engine_has_one_half(bundles: Bundles, tmp_path: Path) -> None:
    bundle = copy_of(bundles("wine_grade", engine="both"), tmp_path)
    others = json.loads((bundle / "bundle.json").read_bytes())["others"]
    _adjust_manifest(bundle, others=[*others, *others])
    outcome = call("verify", bundle)
    assert outcome.code == 2
    assert "an engine has two halves" in outcome.stderr


def test_a_user_may_have_built_in_a_half(bundles: Bundles, tmp_path: Path) -> None:
    bundle = copy_of(bundles("wine_grade", engine="both"), tmp_path)
    for folder in FOLDERS.values():
        (bundle / folder / "build").mkdir()
        (bundle / folder / "build/CMakeCache.txt").write_text("")
    succeed("inspect", bundle)
    assert read_manifest(bundle).files.keys() == {
        path for path in content_of(bundle) if "build/CMakeCache.txt" not in path and path != "bundle.json"
    }
    succeed("diff", bundle, bundle)
    (bundle / "ort/extra.cpp").write_text("")
    assert "ort/extra.cpp is not listed" in call("verify", bundle).stderr


def test_a_bundle_with_both_replaces_either(bundles: Bundles) -> None:
    one, two = bundles("wine_grade", engine="ort"), bundles("wine_grade", engine="both")
    data = succeed("diff", one, two, "--json").data
    assert (data["flashable"], data["b"]["engine"]) == (True, "both")
    outcome = call("diff", two, one)
    assert outcome.code == 1
    assert "B needs the engine ort, A has native (ECU_ENGINE_MISSING)" in outcome.stdout
    itself = succeed("diff", two, two, "--json").data
    assert {"image", "arena", "ort/image", "ort/arena"} <= itself["resources"].keys()


@pytest.mark.parametrize("target", ["cortex-m4f", "powerpc"])
def test_a_target_without_onnxruntime_refuses_both(target: str, tmp_path: Path) -> None:
    outcome = call("build", model_file("wine_grade"), "-t", target, "-e", "both", "-o", tmp_path / "out")
    assert outcome.code == 2
    assert f"the engine 'both' is not available for the target {target}" in outcome.stderr
    assert "engines of this target: auto, native\n" in outcome.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.cross
@pytest.mark.parametrize("target", ["aarch64-linux", "armv7-linux"])
def test_both_run_under_qemu(bundles: Bundles, target: str) -> None:
    manifest = read_manifest(bundles("wine_grade", target, "both"))
    assert [half.engine for half in manifest.halves.values()] == ["native", "ort"]
