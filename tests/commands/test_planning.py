"""What `augment run` asks for and refuses, and what it writes into params.yaml, a first look and after it."""

import json
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from augment.commands.running import first_look, planning
from augment.commands.running.changes import changed, known_keys, parse_changes
from augment.commands.running.look import outlook
from augment.commands.running.planning import plan_run
from augment.commands.running.wishes import Wishes
from augment.core.errors import DataError, ParamsError
from augment.evaluation.cost import schedule
from augment.evaluation.cost.first_look import RUNGS
from augment.params import Params, load, read
from augment.params.arms import DEFAULT_ARMS, FIRST_LOOK_ARMS, REQUIRED_ARMS
from tests.commands.conftest import TEXT, timings
from tests.data.corpus import write_set

PLAIN = Wishes()
QUICK = Wishes(quick=True)


def planned(wishes: Wishes = PLAIN) -> Params:
    """As after a run that was cut off at once."""
    plan = plan_run(Path("data/raw"), wishes)
    Path("params.yaml").write_text(plan.text)
    return load()


def test_wishes_are_written_and_all_else_stays(project: Path) -> None:
    found = planned(Wishes(size=6, seeds=3, changes=("train.latent=8", "ingest.flips=horizontal")))
    assert (found.ingest.source, found.ingest.size, found.ingest.flips) == ("folder", (6, 6), "horizontal")
    assert (found.evaluate.seeds, found.train.latent, found.seed) == (3, 8, 3)
    text = Path("params.yaml").read_text()
    assert "# All settings.\nseed: 3                    # the root" in text
    assert "  seeds: 3                 # paired repeats\n" in text
    assert "quick" not in text


def test_a_wish_that_overrules_what_was_found_is_what_is_planned(project: Path) -> None:
    plan = plan_run(Path("data/raw"), Wishes(changes=("ingest.train_per_class=4", "ingest.size=6")))
    assert set(plan.work.splits.train.counts().values()) == {3}, "and one for val"
    assert plan.work.splits.train.images.shape[2:] == plan.findings.shape[1:] == (6, 6)
    assert not any("train_per_class" in line for line in plan.lines)
    plan = plan_run(Path("data/raw"), Wishes(changes=("ingest.train_per_class.cat=4", "ingest.train_per_class.dog=8")))
    assert plan.work.splits.train.counts() == {"cat": 3, "dog": 6}, "within what was one value, too"


def test_what_a_wish_makes_impossible_is_told_ahead(project: Path) -> None:
    """Ten disjoint training sets of four, and twenty images."""
    wishes = Wishes(changes=("ingest.train_per_class=4", "evaluate.protocol=repeated"))
    before = Path("params.yaml").read_text()
    with pytest.raises(DataError, match="10 disjoint training sets"):
        plan_run(Path("data/raw"), wishes)
    assert Path("params.yaml").read_text() == before


def test_a_key_within_what_was_one_value_can_be_set(project: Path) -> None:
    each = ("ingest.train_per_class.cat=4", "ingest.train_per_class.dog=8")
    found = planned(Wishes(changes=("generate.sources.cat=own", *each)))
    assert found.generate.sources == {"cat": "own"}
    assert found.ingest.train_per_class == {"cat": 4, "dog": 8}
    with pytest.raises(DataError, match="no number for 'dog'"):
        planned(Wishes(changes=("ingest.train_per_class=null", each[0])))


def test_the_same_again_changes_nothing(project: Path) -> None:
    for wishes in (Wishes(size=6), Wishes(), QUICK, QUICK):
        planned(wishes)
        before = Path("params.yaml").read_text()
        planned(wishes)
        assert Path("params.yaml").read_text() == before


def test_settings_of_a_set_that_is_known_are_its_owners(project: Path) -> None:
    planned()
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("  path: data/raw", "  val_fraction: 0.4\n  path: data/raw"))
    assert planned().ingest.val_fraction == 0.4


def test_a_first_look_is_set_back_by_a_run_without_it(project: Path) -> None:
    quick = planned(Wishes(quick=True, changes=("train.latent=8",)))
    assert quick.evaluate.seeds == 3
    assert set(REQUIRED_ARMS) <= set(quick.evaluate.arms) <= set(FIRST_LOOK_ARMS)
    text = Path("params.yaml").read_text()
    assert "# quick: evaluate.seeds is 3, was 7\n" in text
    assert "train.latent" not in text.split("seed: 3")[0], "asked for, so it stays"
    Path("params.yaml").write_text(text.replace("second_classifier: off", "second_classifier: imagenet"))
    plain = planned()
    assert (plain.evaluate.seeds, plain.evaluate.arms, plain.train.latent) == (7, "default", 8)
    assert plain.evaluate.second_classifier == "imagenet", "changed since, so it stays"
    assert "quick" not in Path("params.yaml").read_text()


def test_a_wish_beats_a_first_look(project: Path) -> None:
    assert planned(Wishes(seeds=9, quick=True)).evaluate.seeds == 9
    assert "evaluate.seeds is" not in Path("params.yaml").read_text()


def test_a_size_that_a_first_look_chose_is_chosen_anew(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree("data/raw")
    write_set(project / "data/raw", each=20, height=80, width=80)
    monkeypatch.setattr(planning.ahead, "working_size_for", lambda *_: ((48, 48), ""))
    arms = ("evaluate.classifier=scratch", f"evaluate.arms=[{', '.join(REQUIRED_ARMS)}]")
    assert planned(Wishes(quick=True, changes=arms)).ingest.size == (32, 32)
    assert "# quick: ingest.size is [32, 32]\n" in Path("params.yaml").read_text()
    assert planned(Wishes(changes=arms)).ingest.size == (48, 48)
    planned(Wishes(size=24))
    assert planned(QUICK).ingest.size == (24, 24), "smaller already"
    assert planned(Wishes(size=64)).ingest.size == (64, 64)
    assert planned(QUICK).ingest.size == (32, 32)
    assert planned().ingest.size == (64, 64)


@pytest.mark.parametrize(("seconds", "rung"), [(1e-4, 0), (6e-2, -1), (10, -1)])
def test_a_slower_machine_looks_at_less(
    project: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, rung: int
) -> None:
    monkeypatch.setattr(schedule, "time_parts", lambda *_: timings(seconds))
    monkeypatch.setattr(schedule.time, "process_time", schedule.time.perf_counter)  # nothing else runs
    plan = plan_run(Path("data/raw"), Wishes(quick=True, changes=("generate.borrowed=0",)))
    numbers = {"evaluate.steps": 400}  # of so small images anyway
    assert {key: plan.settings.get(key, numbers.get(key)) for key in RUNGS[rung]} == RUNGS[rung]
    assert plan.in_time == (seconds < 10)
    assert ("not even the cheapest" in "\n".join(outlook(plan, quick=True))) == (not plan.in_time)


def test_rungs_fall() -> None:
    for more, less in pairwise(RUNGS):
        assert all(less.get(key, 0) <= value for key, value in more.items())
        assert more != less
    assert set(FIRST_LOOK_ARMS) < set(DEFAULT_ARMS)


WRONG = {
    "no value": (("evaluate.seeds",), "give a key and a value, as in --set evaluate.seeds=3"),
    "an unknown key": (("train.stepz=3",), "unknown key; did you mean `train.steps`?"),
    "a key without its section": (("seeds=3",), "did you mean `evaluate.seeds`?"),
    "nothing like a key": (("wibble=3",), "docs/params.md has every key"),
    "a section": (("train=3",), "train is a section; name one key of it, as in train."),
    "an empty value": (("ingest.size=",), "no value; write `null` for none"),
    "a key twice": (("seed=1", "seed=2"), "this key is given twice"),
    "half a list": (("ingest.size=[1",), "is not readable as YAML"),
    "a value out of range": (("evaluate.seeds=1",), "params.yaml: evaluate.seeds: 1 is not allowed"),
    "a word that is nearly one": (("ingest.fit=crops",), "did you mean `crop`?"),
    "arms that the verdict lacks": (("evaluate.arms=[none]",), "the verdict also needs the arms"),
    "another folder": (("ingest.path=elsewhere",), "FOLDER gives it"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_wish_is_told_and_nothing_is_written(project: Path, name: str) -> None:
    changes, message = WRONG[name]
    with pytest.raises(ParamsError) as told:
        plan_run(Path("data/raw"), Wishes(changes=("train.width=8", *changes)))
    assert message in str(told.value)
    assert str(told.value).endswith("Nothing was written.")
    assert Path("params.yaml").read_text() == TEXT


def test_all_mistakes_are_told_at_once(project: Path) -> None:
    with pytest.raises(ParamsError, match=r"(?s)--set a: .*--set b=1: .*Nothing was written"):
        plan_run(Path("data/raw"), Wishes(changes=("a", "b=1")))
    for wishes in (Wishes(size=8, changes=("ingest.size=9",)), Wishes(seeds=3, changes=("evaluate.seeds=3",))):
        with pytest.raises(ParamsError, match="gives it too"):
            plan_run(Path("data/raw"), wishes)


def test_images_that_would_stop_a_run_are_told_and_nothing_is_written(project: Path) -> None:
    shutil.rmtree("data/raw/dog")
    with pytest.raises(DataError, match=r"(?s)at least two classes.*Nothing was written"):
        plan_run(Path("data/raw"), Wishes())
    assert Path("params.yaml").read_text() == TEXT


def test_every_key_can_be_set() -> None:
    keys = list(known_keys())
    assert Counter(keys).most_common(1)[0][1] == 1
    assert {"seed", "ingest.size", "train.overrides", "compute.jobs"} <= set(keys)
    assert parse_changes(["train.overrides.bag.steps=5"]) == {"train.overrides.bag.steps": 5}
    assert changed({"a": {"b": 1}, "c": 2}, {"a.b": 3, "d.e.f": 4}) == {"a": {"b": 3}, "c": 2, "d": {"e": {"f": 4}}}


def test_marks_that_somebody_edited_tell_nothing() -> None:
    marks = {"evaluate.seeds": (2, 5), "ingest.size": ([32, 32],), "train.base": ("a, was b", None)}
    text = first_look.marked("# quick: old.key is 1, was 2\nseed: 0\n", marks)
    assert text.endswith("\nseed: 0\n")
    assert "old.key" not in text
    assert first_look.marks_of(text)["ingest.size"] == ([32, 32],)
    assert first_look.marks_of(text)["evaluate.seeds"] == (2, 5)
    assert first_look.marks_of("# quick: evaluate.seeds is two, was 5\n# quick: seed\n") == {}


def test_what_the_file_holds_is_what_the_plan_says(project: Path) -> None:
    plan = plan_run(Path("data/raw"), QUICK)
    marks = first_look.marks_of(plan.text)
    Path("params.yaml").write_text(plan.text)
    values = read(Path("params.yaml"))
    for key, (now, *_) in marks.items():
        section, name = key.split(".")
        assert values[section][name] == now
        assert json.dumps(now) in "\n".join(outlook(plan, quick=True))
