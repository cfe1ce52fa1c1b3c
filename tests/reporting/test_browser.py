"""The HTML report in Debian's Chromium, from a small phone to a desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from ecu_bundle.reporting.html import render_report

from . import certificates

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MOST_BYTES = 300_000


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.get("about:blank")  # the browser's own first page is gone, with what it loads
    yield driver
    driver.quit()


@pytest.fixture(scope="module", params=sorted(certificates.ALL))
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    resources = certificates.regressor_resources() if request.param == "regressor" else {}
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(render_report(certificates.ALL[request.param](), resources, tool_version="0.1.0"))
    return path


@pytest.mark.parametrize("width", [360, 390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_report_in_chromium(browser: webdriver.Chrome, page: Path, width: int, theme: str) -> None:
    assert page.stat().st_size < MOST_BYTES
    emulate(browser, width, theme)
    for kind in ("browser", "performance"):
        browser.get_log(kind)  # type: ignore[no-untyped-call]
    browser.get(page.as_uri())

    assert browser.execute_script("return window.innerWidth") == width
    assert overflow(browser) <= 0
    assert problems(browser) == []
    assert requests(browser) == {page.as_uri()}
    badge = browser.find_element("css selector", ".verdict .badge")
    assert badge.is_displayed()
    assert badge.text.endswith(("Passed", "Failed"))
    assert badge.rect["y"] + badge.rect["height"] < 700
    assert browser.find_element("css selector", ".verdict .sentence").is_displayed()
    assert browser.find_elements("css selector", "script, img, iframe") == []


def test_opened_details_do_not_overflow(browser: webdriver.Chrome, page: Path) -> None:
    emulate(browser, 360, "light")
    browser.get(page.as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert overflow(browser) <= 0


def test_printed_page_does_not_overflow(browser: webdriver.Chrome, page: Path) -> None:
    emulate(browser, 690, "dark", media="print")
    browser.get(page.as_uri())
    assert overflow(browser) <= 0


def emulate(browser: webdriver.Chrome, width: int, theme: str, *, media: str = "") -> None:
    """Window sizes below 500 are clamped, so the device is emulated."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def overflow(browser: webdriver.Chrome) -> int:
    script = "const page = document.scrollingElement; return page.scrollWidth - page.clientWidth"
    return int(browser.execute_script(script))


def problems(browser: webdriver.Chrome) -> list[str]:
    """Everything in the console: errors, warnings and blocked content."""
    return [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]


def requests(browser: webdriver.Chrome) -> set[str]:
    log = browser.get_log("performance")  # type: ignore[no-untyped-call]
    messages = [json.loads(entry["message"])["message"] for entry in log]
    return {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}
