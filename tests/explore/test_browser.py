"""The playground in a real browser: a person looks, moves, keeps and rejects, by mouse and by keyboard.

Needs Chromium and its driver, as tests/report/test_browser.py does; without them it is skipped.
"""

import json
from typing import Any

import pytest

from augment.explore.server import Server
from augment.synthesis.picks import FILE
from tests.explore.conftest import LABELS
from tests.report import test_browser as report

browser, pytestmark, Keys = report.browser, report.pytestmark, report.Keys
WIDTHS = pytest.mark.parametrize("width", [400, 768, 1280])


@pytest.fixture
def page(browser: Any, server: Server) -> Any:
    report.show(browser, 1280)
    opened(browser, server)
    yield browser
    browser.get("about:blank")  # no question comes after the server has gone


def opened(browser: Any, server: Server) -> None:
    browser.get(server.address)
    until(browser, "document.querySelectorAll('.tile').length && document.querySelector('#large').naturalWidth")


def until(browser: Any, condition: str) -> None:
    report.WebDriverWait(browser, 10, 0.02).until(lambda one: one.execute_script(f"return {condition}"))


def one(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def written(server: Server) -> Any:
    return json.loads((server.playground.folder / FILE).read_text())["classes"]


def choose_class(browser: Any, label: str) -> None:
    select = one(browser, "#label")
    position = LABELS.index(label)
    browser.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))", select, position
    )
    until(browser, f"document.querySelector('#large').alt.endsWith({json.dumps(label)})")


def test_a_class_a_direction_and_picks(page: Any, server: Server) -> None:
    assert one(page, "#label option").text.startswith(LABELS[0]), "as text"
    choose_class(page, "majority")
    until(page, "document.querySelectorAll('.tile .look img').length === 24")
    before = one(page, "#large").get_attribute("src")
    near = one(page, "#near figcaption").text
    slider = one(page, "#sliders input")
    slider.click()
    slider.send_keys(*[Keys.ARROW_RIGHT] * 25)
    until(page, f"document.querySelector('#large').src !== {json.dumps(before)}")
    assert one(page, "#sliders output").text.startswith("+")
    assert len(page.find_elements("css selector", "#near img")) == 5
    one(page, "#reset").click()
    until(page, f"document.querySelector('#large').src === {json.dumps(before)}")
    assert one(page, "#near figcaption").text == near
    picked = page.find_elements("css selector", ".tile [data-choice=kept]")[:2]
    numbers = [int(button.get_attribute("aria-label").split()[-1]) for button in picked]
    picked[0].click()
    until(page, "document.querySelector('#tally').textContent.startsWith('1 kept, 0')")
    picked[1].find_element("xpath", "following-sibling::button").click()
    until(page, "document.querySelector('#tally').textContent.startsWith('1 kept, 1')")
    assert written(server) == {"majority": {"kept": [[3, numbers[0]]], "rejected": [[3, numbers[1]]]}}
    page.refresh()
    until(page, "document.querySelector('#tally').textContent.startsWith('1 kept, 1')")
    choose_class(page, "majority")
    until(page, "document.querySelectorAll('.tile.kept, .tile.rejected').length === 2")
    assert [entry for entry in page.get_log("browser") if entry["level"] != "INFO"] == []


def test_all_of_it_by_keyboard(page: Any, server: Server) -> None:
    choose_class(page, "majority")
    page.execute_script("document.querySelector('#label').focus()")
    for _ in range(10):
        page.switch_to.active_element.send_keys(Keys.TAB)
        if "look" in (page.switch_to.active_element.get_attribute("class") or ""):
            break
    assert page.switch_to.active_element.get_attribute("aria-label").startswith("Sample 0")
    free = next(
        index
        for index, tile in enumerate(page.find_elements("css selector", ".tile"))
        if tile.find_elements("css selector", "[data-choice]")
    )
    for _ in range(free):
        page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    page.switch_to.active_element.send_keys("k")
    until(page, "document.querySelector('#tally').textContent.startsWith('1 kept')")
    assert written(server) == {"majority": {"kept": [[3, free]], "rejected": []}}
    assert page.switch_to.active_element.get_attribute("aria-label") == f"Sample {free}, kept"
    page.switch_to.active_element.send_keys("r")
    until(page, "document.querySelector('#tally').textContent.startsWith('0 kept, 1')")
    page.switch_to.active_element.send_keys("r")
    until(page, "document.querySelector('#tally').textContent.startsWith('0 kept, 0')")
    page.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    until(page, f"document.querySelector('#closer-head').textContent === 'Sample {free + 6}'")


def test_other_seeds_and_later_samples(page: Any, server: Server) -> None:
    first = one(page, ".tile img").get_attribute("src")
    one(page, "#next").click()
    until(page, "document.querySelector('#range').textContent === '24 to 47'")
    one(page, "#back").click()
    until(page, "document.querySelector('#range').textContent === '0 to 23'")
    assert one(page, ".tile img").get_attribute("src") == first
    seed = one(page, "#seed")
    seed.clear()
    seed.send_keys("8", Keys.TAB)
    until(page, f"document.querySelector('.tile img').src !== {json.dumps(first)}")
    assert "draws with seed 3" in one(page, "#tally").text


def test_what_goes_wrong_is_a_sentence_and_the_page_goes_on(page: Any, server: Server) -> None:
    server.playground.folder.mkdir(parents=True)
    (server.playground.folder / FILE).write_text("{")
    one(page, "#next").click()
    until(page, "!document.querySelector('#note').hidden")
    assert "damaged" in one(page, "#note").text
    (server.playground.folder / FILE).unlink()
    one(page, "#next").click()
    until(page, "document.querySelector('#note').hidden")


@WIDTHS
def test_nothing_reaches_beyond_the_edges_and_targets_are_large(page: Any, server: Server, width: int) -> None:
    report.show(page, width)
    opened(page, server)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    assert report.too_wide(page, "section, section *, header *, form *", width) == []
    sides = """
        return [...document.querySelectorAll("button, input, select")].filter((e) => e.checkVisibility())
            .map((e) => [e, e.getBoundingClientRect()]).filter(([, box]) => box.width < 24 || box.height < 24)
            .map(([e]) => e.outerHTML.slice(0, 80))
    """
    assert page.execute_script(sides) == [], "WCAG 2.2, 2.5.8"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(page: Any, scheme: str) -> None:
    report.show(page, 1280, scheme=scheme)
    for number in (0, 1):
        page.find_elements("css selector", f".tile [data-choice={('kept', 'rejected')[number]}]")[number].click()
        until(page, f"document.querySelectorAll('.tile.kept, .tile.rejected').length === {number + 1}")
    assert page.execute_script(report.CONTRAST) == []
