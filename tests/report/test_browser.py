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
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
WebDriverWait = pytest.importorskip("selenium.webdriver.support.ui").WebDriverWait
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="there is no chromium, or no chromedriver")
SECTIONS = ("verdict", "why", "arms", "comparisons", "classes", "families", "external", "worth", "reliability",
            "leakage", "privacy", "pictures", "quality", "training", "confusion", "data", "limits",
            "reproduce")  # fmt: skip


HEIGHT = 800


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
    show(browser, 1280)
    browser.get(address)
    return browser


def show(browser: Any, width: int, media: str = "screen", scheme: str = "light") -> None:
    metrics = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


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
    open_all(browser)
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
    open_all(page)
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


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_reaches_beyond_the_edges(page: Any, width: int) -> None:
    show(page, width)
    open_all(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    everything = "section, section > *, p, li, svg, svg text, img, figure, .scroll, .tiles, .tiles span, pre, summary"
    assert too_wide(page, everything, width) == []


def test_the_checks_are_read_on_a_phone_without_scrolling(page: Any) -> None:
    show(page, 390)
    open_all(page)
    fits = "const box = document.querySelector('#leakage .scroll'); return box.scrollWidth <= box.clientWidth"
    assert page.execute_script(fits)


def test_print_shows_all_and_cuts_nothing(page: Any) -> None:
    folded = "[...document.querySelectorAll('details > :not(summary)')]"
    hidden = f"return {folded}.filter((e) => !e.checkVisibility()).length"
    assert page.execute_script(hidden) > 10, "on the screen they are folded away"
    show(page, 750, "print")  # A4 between usual margins
    assert page.execute_script(hidden) == 0
    assert not page.find_element("css selector", "nav").is_displayed()
    cut = """
        return [...document.querySelectorAll(".scroll")].filter((e) => e.scrollWidth > e.clientWidth + 1)
            .map((e) => e.getAttribute("aria-label"))
    """
    assert page.execute_script(cut) == []
    assert page.execute_script("return document.documentElement.scrollWidth") <= 750


@pytest.fixture(scope="module", params=["helps, negligibly", "undecided"])
def long_first_screen(request: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The longest sentence, and what would decide with what it costs."""
    folder = tmp_path_factory.mktemp("long")
    contents = make(folder, labels=["a", "b", "c"], shape=(3, 24, 40), verdict=request.param)
    (folder / "report.html").write_text(render(replace(contents, repeat_minutes=7.0)), encoding="utf-8")
    return Path(folder / "report.html").as_uri()


@pytest.mark.parametrize("width", [1280, 400])
def test_the_first_screen_says_whether_it_helps_and_what_to_do(page: Any, long_first_screen: str, width: int) -> None:
    """Without scrolling: the word, one sentence, one command, and how sure that is; then pictures and counts."""
    show(page, width)
    page.get(long_first_screen)
    parts = ["#word", ".sentence", ".todo code", ".gain-bar", *([".look", ".counts"] if width > 1000 else [])]
    for part in parts:
        (element,) = page.find_elements("css selector", f"#verdict {part}")
        box = page.execute_script("return arguments[0].getBoundingClientRect().toJSON()", element)
        assert element.is_displayed(), part
        assert 0 <= box["top"] < box["bottom"] <= HEIGHT, part
    assert len(page.find_elements("css selector", "#verdict .tiles img")) == 12


@pytest.mark.parametrize(("width", "most"), [(1280, 6000), (400, 9000)])
def test_the_page_is_short_until_sections_are_asked_for(page: Any, width: int, most: int) -> None:
    show(page, width)
    page.refresh()
    closed = page.execute_script("return document.documentElement.scrollHeight")
    open_all(page)
    assert closed <= most
    assert page.execute_script("return document.documentElement.scrollHeight") > 2 * closed, "all of it is there"


def test_sections_open_by_keyboard_and_by_their_links(page: Any) -> None:
    page.refresh()
    (fold,) = page.find_elements("css selector", "#quality > details")
    summary = fold.find_element("css selector", "summary")
    for _ in range(200):
        page.switch_to.active_element.send_keys(Keys.TAB)
        if page.switch_to.active_element == summary:
            break
    assert page.switch_to.active_element == summary, "it is reached by tabs"
    assert fold.get_attribute("open") is None
    summary.send_keys(Keys.ENTER)
    assert fold.get_attribute("open") is not None
    summary.send_keys(Keys.SPACE)
    assert fold.get_attribute("open") is None
    page.find_element("css selector", "nav a[href='#quality']").click()
    opened = "its link opens it"  # once the browser has told the page of its new address
    WebDriverWait(page, 5).until(lambda _: fold.get_attribute("open") is not None, opened)


def test_a_table_that_is_too_wide_says_that_it_scrolls(page: Any) -> None:
    show(page, 400)
    open_all(page)
    cue = """
        return [...document.querySelectorAll(".scroll")].map((e) => [
            e.scrollWidth > e.clientWidth + 2, getComputedStyle(e, "::before").content.includes("scroll")])
    """
    wait = WebDriverWait(page, 5)
    wait.until(lambda browser: all(wide == told for wide, told in browser.execute_script(cue)))
    wide = page.execute_script(cue)
    assert any(one for one, _ in wide)
    assert not all(one for one, _ in wide)
    end = "const e = document.querySelector('#classes .scroll'); e.scrollLeft = e.scrollWidth"
    page.execute_script(end)
    at_end = "return document.querySelector('#classes .scroll').classList.contains('more')"
    wait.until(lambda browser: not browser.execute_script(at_end))


CONTRAST = """
    const light = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    const luminance = (c) => 0.2126 * light(c[0]) + 0.7152 * light(c[1]) + 0.0722 * light(c[2]);
    const rgba = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
    const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3]));
    const ground = (e) => {
        if (!e) return [255, 255, 255];
        const c = rgba(getComputedStyle(e).backgroundColor);
        return c[3] === 1 ? c : over(c, ground(e.parentElement));
    };
    const faint = (e) => e && (Number(getComputedStyle(e).opacity) < 1 || faint(e.parentElement));
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const e = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || ["SCRIPT", "STYLE"].includes(e.tagName) || !e.checkVisibility()) continue;
        const style = getComputedStyle(e), colour = e.namespaceURI.endsWith("svg") ? style.fill : style.color;
        const back = ground(e), front = over(rgba(colour), back);
        const [a, b] = [luminance(front), luminance(back)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05), large = parseFloat(style.fontSize) >= 24;
        if (ratio < (large ? 3 : 4.5) || faint(e))
            found.push([e.tagName, e.className.toString(), texts.currentNode.data.trim().slice(0, 30), ratio]);
    }
    return found;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(page: Any, scheme: str) -> None:
    """WCAG 2.2, 1.4.3 (AA): 4.5 to 1, and 3 to 1 for large texts; luminance as it defines it."""
    show(page, 1280, scheme=scheme)
    page.refresh()
    open_all(page)
    assert page.execute_script(CONTRAST) == []
