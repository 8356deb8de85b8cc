"""The table of arms tells what each cost, and which are no rivals."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from augment.project.sealed import write_sealed
from augment.report.contents import Contents
from augment.report.page import render
from pipeline.common import ARM_SECONDS, REPEAT_MINUTES
from pipeline.report import arm_seconds, repeat_minutes
from tests.report.test_page import make, words


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    found: Contents = make(tmp_path_factory.mktemp("run"), labels=["a", "b"])
    return found


def rows_of(page: str) -> dict[str, str]:
    """Arm -> the text of its row."""
    table = page.split('aria-label="Arms"')[1].split("</table>", maxsplit=1)[0]
    rows = [words(row) for row in table.split("<tr")[2:]]
    return {match[1]: row for row in rows if (match := re.search(r"(\w+) (?:real|with|control)", row))}


def test_every_arm_has_its_time_in_minutes(contents: Contents) -> None:
    seconds = {"none": 5.0, "classical": 130.0, "gan_half_filtered": 3600.0, "copies_half": 59.0}
    rows = rows_of(render(replace(contents, seconds=seconds)))
    assert rows["none"].endswith("under a minute")
    assert rows["classical"].endswith("2 min")
    assert rows["gan_half_filtered"].endswith("60 min")
    assert rows["oversample"].endswith("with an equal arm"), "it was trained once, under another name"


def test_what_another_machine_measured_is_not_made_up(contents: Contents) -> None:
    assert all(row.endswith("not measured here") for row in rows_of(render(contents)).values())


def test_the_time_is_that_of_the_scores_that_were_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert arm_seconds("a" * 64) == {}
    write_sealed(ARM_SECONDS, "a" * 64, b'{"none": 4.0}')
    assert arm_seconds("a" * 64) == {"none": 4.0}
    assert arm_seconds("b" * 64) == arm_seconds(None) == {}
    ARM_SECONDS.write_bytes(ARM_SECONDS.read_bytes().replace(b"4.0", b"5.0"))
    assert arm_seconds("a" * 64) == {}, "damaged"
    write_sealed(REPEAT_MINUTES, "a" * 64, b"2.5\n")
    assert (repeat_minutes("a" * 64), repeat_minutes("b" * 64), repeat_minutes(None)) == (2.5, None, None)


def test_a_reference_is_marked_as_no_rival(contents: Contents) -> None:
    arms = [*contents.tables["arms"], {**contents.tables["arms"][0], "arm": "probe", "kind": "reference"}]
    page = render(replace(contents, tables={**contents.tables, "arms": arms}))
    row = next(row for row in page.split("<tr") if "<code>probe</code>" in row)
    assert "real images, no rival" in words(row)
    assert '<g class="reference"><text' in page, "it has a mark of its own in the chart"
    assert "○" in page
    ways = re.search(r"(\d+) ways to train on them alone were rivals", words(page))
    assert ways is not None
    assert ways[1] == "3"
    assert "no rival" not in render(contents)


def test_what_is_held_is_told_whatever_val_chose(contents: Contents) -> None:
    delivery = {"use": "real", "arm": None, "reason": "as `assemble.use: real` asks"}
    text = words(render(replace(contents, verdict={**contents.verdict, "delivery": delivery})))
    assert "Put the GAN images into data/augmented: dvc exp run -S assemble.use=chosen" in text
    assert "were it as val chose" in text
    assert contents.verdict["policy"]["arm"] == "gan_half_filtered", "the choice is val's all the same"
