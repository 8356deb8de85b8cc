"""The page in a real browser: it works, asks for nothing, fits a phone, and prints in full.

Needs Chromium and its driver (Debian: `apt-get install chromium chromium-driver`); without them it is skipped.
"""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augment.report.page import render
from tests.report.test_page import make
from tests.report.test_repeats import EXCHANGE, EXTERNAL

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="there is no chromium, or no chromedriver")
SECTIONS = ("verdict", "arms", "comparisons", "classes", "families", "external", "worth", "reliability", "leakage",
            "privacy", "pictures", "quality", "training", "confusion", "data", "limits", "reproduce")  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium refuses to run as root with it
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    started = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield started
    started.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of thirteen classes, whose pictures and curves are folded away; one GAN failed."""
    folder = tmp_path_factory.mktemp("run")
    labels = ["bag", "a label that is as long as labels of real image sets sometimes are"]
    labels += [f"class {n}" for n in range(11)]
    contents = make(folder, labels=labels, shape=(3, 24, 40), failed=("bag",))
    page = render(replace(contents, verdict={**contents.verdict, "exchange": EXCHANGE, "external": EXTERNAL}))
    (folder / "report.html").write_text(page, encoding="utf-8")
    return Path(folder / "report.html").as_uri()


@pytest.fixture
def page(browser: Any, address: str) -> Any:
    show(browser, 1200)
    browser.get(address)
    return browser


def show(browser: Any, width: int, media: str = "screen") -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})


def too_wide(browser: Any, selector: str, width: int) -> list[str]:
    """What of it reaches beyond the page's edges, parts that scroll by themselves left out."""
    script = """
        return [...document.querySelectorAll(arguments[0])]
            .filter((e) => !e.parentElement.closest(".scroll") && e.checkVisibility() && e.getClientRects().length)
            .map((e) => [e, e.getBoundingClientRect()])
            .filter(([e, box]) => box.right > arguments[1] + 0.5 || box.left < -0.5)
            .map(([e]) => e.tagName + " " + e.textContent.slice(0, 40))
    """
    found: list[str] = browser.execute_script(script, selector, width)
    return found


def open_all(browser: Any) -> None:
    browser.execute_script("document.querySelectorAll('details').forEach((e) => { e.open = true })")


def test_the_page_loads_whole_without_an_error_or_a_request(browser: Any, address: str) -> None:
    browser.get_log("performance")
    browser.get(address)
    assert [part.get_attribute("id") for part in browser.find_elements("css selector", "section")] == list(SECTIONS)
    assert all(part.is_displayed() for part in browser.find_elements("css selector", "section, section h2"))
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [part["params"]["request"]["url"] for part in messages if part["method"] == "Network.requestWillBeSent"]
    assert address in asked
    assert {url.split(":")[0] for url in asked} <= {"file", "data"}


def test_every_picture_is_shown_and_every_link_leads_somewhere(page: Any) -> None:
    open_all(page)
    blank = "return [...document.images].filter((e) => !(e.complete && e.naturalWidth && e.alt)).length"
    assert page.execute_script("return document.images.length") > 12
    assert page.execute_script(blank) == 0
    lost = "return [...document.links].filter((e) => !document.querySelector(e.getAttribute('href'))).length"
    assert page.execute_script("return document.links.length") == len(SECTIONS) - 1
    assert page.execute_script(lost) == 0


def test_a_click_on_a_head_sorts_its_table(page: Any) -> None:
    table = page.find_element("css selector", "#classes table")
    heads = table.find_elements("css selector", "thead th")

    def column(number: int) -> list[str]:
        return [row.find_elements("css selector", "th, td")[number].text for row in
                table.find_elements("css selector", "tbody tr")]  # fmt: skip

    recall = [text.split()[0] for text in column(5)]
    heads[5].find_element("css selector", "button").click()
    assert heads[5].get_attribute("aria-sort") == "ascending"
    assert [text.split()[0] for text in column(5)] == sorted(recall, key=float)
    heads[5].find_element("css selector", "button").click()
    assert heads[5].get_attribute("aria-sort") == "descending"
    assert [text.split()[0] for text in column(5)] == sorted(recall, key=float, reverse=True) != recall
    heads[0].find_element("css selector", "button").click()
    assert heads[5].get_attribute("aria-sort") is None, "one column at a time"
    assert [text for text in column(0) if text.startswith("class")] == [f"class {number}" for number in range(11)]
    assert not page.find_elements("css selector", "#arms [aria-sort]"), "other tables stay"


@pytest.mark.parametrize("width", [390, 768, 1200])
def test_nothing_reaches_beyond_the_edges(page: Any, width: int) -> None:
    show(page, width)
    open_all(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    everything = "section, section > *, p, li, svg, svg text, img, figure, .scroll, .tile, pre, summary"
    assert too_wide(page, everything, width) == []


def test_the_checks_are_read_on_a_phone_without_scrolling(page: Any) -> None:
    show(page, 390)
    fits = "const box = document.querySelector('#leakage .scroll'); return box.scrollWidth <= box.clientWidth"
    assert page.execute_script(fits)


def test_print_shows_all_and_cuts_nothing(page: Any) -> None:
    folded = "[...document.querySelectorAll('details > :not(summary)')]"
    hidden = f"return {folded}.filter((e) => !e.checkVisibility()).length"
    assert page.execute_script(hidden) > 3, "on the screen they are folded away"
    show(page, 750, "print")  # A4 between usual margins
    assert page.execute_script(hidden) == 0
    assert not page.find_element("css selector", "nav").is_displayed()
    cut = """
        return [...document.querySelectorAll(".scroll")].filter((e) => e.scrollWidth > e.clientWidth + 1)
            .map((e) => e.getAttribute("aria-label"))
    """
    assert page.execute_script(cut) == []
    assert page.execute_script("return document.documentElement.scrollWidth") <= 750
