"""The HTML report as a file: content, escaping, determinism. `test_browser.py` looks at it rendered."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ecu_bundle.errors import UsageError
from ecu_bundle.parity.certificate import Certificate
from ecu_bundle.reporting.html import render_report

from . import certificates

STYLE_SHEET = Path(__file__).parents[2] / "templates" / "report" / "report.css"
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """What a browser would see: elements in order with attributes, and the text outside the style sheet."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def report(certificate: Certificate, resources: dict[str, Any] | None = None) -> bytes:
    return render_report(certificate, resources or {}, tool_version="0.1.0")


@pytest.fixture(params=sorted(certificates.ALL))
def certificate(request: pytest.FixtureRequest) -> Certificate:
    made: Certificate = certificates.ALL[request.param]()
    return made


def test_elements_are_closed_in_order_and_ids_are_unique(certificate: Certificate) -> None:
    page = Page(report(certificate, certificates.regressor_resources()))
    assert page.open == []
    idents = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(idents) == len(set(idents))
    for _, attributes in page.elements:
        for ident in (attributes.get("aria-labelledby") or "").split():
            assert ident in idents
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in idents


def test_nothing_is_loaded_and_nothing_runs(certificate: Certificate) -> None:
    page = Page(report(certificate))
    assert {tag for tag, _ in page.elements}.isdisjoint(
        {"script", "img", "iframe", "link", "object", "base", "form"}
    )
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name in {"src", "srcset", "action"} for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    style = STYLE_SHEET.read_text()
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in report(certificate).decode()


def test_headings_are_in_order(certificate: Certificate) -> None:
    levels = [int(tag[1]) for tag, _ in Page(report(certificate)).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_drawings_have_titles(certificate: Certificate) -> None:
    page = Page(report(certificate, certificates.regressor_resources()))
    assert page.count("table") == page.count("caption") > 0
    drawings = [
        attributes for tag, attributes in page.elements if tag == "svg" and attributes.get("role") == "img"
    ]
    assert len(drawings) == page.count("desc")
    assert all(
        attributes.get("aria-hidden") == "true"
        for tag, attributes in page.elements
        if tag == "svg" and "role" not in attributes
    )


def test_same_bytes_twice_and_after_reading_the_certificate_back(certificate: Certificate) -> None:
    resources = certificates.regressor_resources()
    again = Certificate.model_validate(sorted_keys(certificate.model_dump()))
    assert report(certificate, resources) == report(certificate, resources)
    assert report(again, sorted_keys(resources)) == report(certificate, resources)


def sorted_keys(content: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from a file: keys sorted, tuples as lists."""
    read: dict[str, Any] = json.loads(json.dumps(content, sort_keys=True))
    return read


def test_size_is_small(certificate: Certificate) -> None:
    assert len(report(certificate, certificates.regressor_resources())) < 150_000


def test_a_passing_report_says_what_was_shown() -> None:
    page = Page(report(certificates.regressor(), certificates.regressor_resources()))
    assert "and the bundle on aarch64-linux (qemu-aarch64) agree" in page.text
    assert "compared on 412 to 2,412 rows" in page.text
    assert "3 of 3" in page.text
    assert "Failed" not in page.text
    assert "46 to 230" in page.text
    assert "0 Asia, 1 Europe, 2 North America" in page.text
    assert "193,412,008" in page.text
    assert "all parts 17,480 184,202 0 0 1,592 203,274" in page.text
    assert "Refused in every input" in page.text
    assert certificates.digest("rows") in page.text


def test_a_failing_report_says_so_first() -> None:
    page = Page(report(certificates.classifier()))
    assert "Do not use this model. 1 of 2 comparisons failed." in page.text
    assert page.text.index("Do not use this model") < page.text.index("Interface")
    assert "9 labels of" in page.text
    assert "Ran code from the model file while loading" in page.text


@pytest.mark.parametrize(
    "hostile", [certificates.HOSTILE_COLUMN, certificates.HOSTILE_LABEL, certificates.HOSTILE_TITLE]
)
def test_hostile_names_are_shown_and_inert(hostile: str) -> None:
    html = report(certificates.classifier())
    assert hostile.encode() not in html
    assert " ".join(hostile.split()) in Page(html).text


def test_invisible_and_reordering_characters_are_spelled_out() -> None:
    html = report(certificates.classifier()).decode()
    assert "\u202e" not in html
    assert "\x07" not in html
    assert r"label\u202egnp.exe\u0007" in html


def test_inputs_that_differ_in_nan_say_so() -> None:
    base = certificates.regressor()
    inputs = tuple(
        tensor.model_copy(update={"accepts_nan": tensor.name == "weight"}) for tensor in base.interface.inputs
    )
    interface = base.interface.model_copy(update={"inputs": inputs})
    text = Page(report(base.model_copy(update={"interface": interface}))).text
    assert "Accepted in 1 of 3 float32 inputs" in text
    assert text.count(" accepted ") == 1
    assert text.count(" refused ") == 2


def test_what_was_not_measured_is_not_mentioned() -> None:
    bare = Page(report(certificates.onnx_only())).text
    assert "Self-test" not in bare
    assert "Resources" not in bare
    assert "Estimator" not in bare
    partly = Page(report(certificates.onnx_only(), {"target": "host", "arena_bytes": 1024})).text
    assert "Resources on host" in partly
    assert "1.0\N{NO-BREAK SPACE}KiB".replace("\N{NO-BREAK SPACE}", " ") in partly
    assert "Work on" not in partly


def test_many_classes_become_a_list_of_confusions() -> None:
    base = certificates.onnx_only()
    matrix = [[40 if i == j else 0 for j in range(14)] for i in range(14)]
    matrix[3][8] = 5
    gate = certificates.gate("a", "b", 565, certificates.label_output("label", tuple(map(tuple, matrix))))
    page = Page(report(base.model_copy(update={"comparisons": (gate,), "passed": False})))
    assert "Most frequent of 1 confusion among 14 classes" in page.text


def test_values_that_are_not_finite_are_named() -> None:
    page = Page(report(certificates.extremes()))
    assert "2 pairs not drawn because a value is not finite" in page.text
    assert "NaN" in page.text
    assert "-∞" in page.text
    assert "nan" not in page.text.replace("NaN", "")


@pytest.mark.parametrize(
    ("resources", "place"),
    [
        ({"arena_bytes": "much"}, "resources: arena_bytes"),
        ({"library": {"model": {"text": -1}}}, "resources: library.model.text"),
        ({"instructions": {"run": 1.5}}, "resources: instructions.run"),
    ],
)
def test_wrong_resources_are_refused(resources: dict[str, Any], place: str) -> None:
    with pytest.raises(UsageError) as refused:
        report(certificates.regressor(), resources)
    assert refused.value.place == place


@pytest.mark.parametrize(
    "update",
    [
        {"sample_actual": (1.0,)},
        {"confusion": ((1, 2),)},
        {"histogram": {"exact": 1, "edges": (), "counts": ()}},
    ],
)
def test_a_certificate_that_cannot_be_drawn_is_refused(update: dict[str, Any]) -> None:
    content = json.loads(json.dumps(certificates.regressor().model_dump()))
    content["comparisons"][0]["outputs"][0] |= update
    with pytest.raises(UsageError, match="do not match in number"):
        report(Certificate.model_validate(content))


@pytest.mark.parametrize("theme", [0, 1])
def test_text_has_enough_contrast(theme: int) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5:1 for every text colour on every ground it stands on."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE_SHEET.read_text(), re.S)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[theme]))
    for ground in ("paper", "wash"):
        for ink in ("ink", "quiet", "accent", "pass", "fail"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for verdict in ("pass", "fail"):
        assert contrast(colours["ink"], colours[f"{verdict}-wash"]) >= 7
        assert contrast(colours[verdict], colours[f"{verdict}-wash"]) >= 4.5


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
