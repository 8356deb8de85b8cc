"""Word, sentence, first advice, the page's sentence and its tile say the same; no name of an arm stands in them."""

import functools
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.evaluation.statistics.comparisons import Comparison, gain_over_best
from augment.evaluation.statistics.estimates import Estimate
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict import advice, delivery
from augment.evaluation.verdict.delivery import Delivery
from augment.evaluation.verdict.families import Families
from augment.evaluation.verdict.rules import Verdict
from augment.evaluation.verdict.scope import Scope
from augment.evaluation.verdict.selection import Selection, choose_selection
from augment.evaluation.verdict.wording import SENTENCES, VerdictFacts
from augment.params.arms import ARMS, BASE_ARMS, REAL_ARMS, REQUIRED_ARMS, ROW_OF, arm_kinds
from augment.report.words import ENDINGS, plain_sentence
from tests.evaluation.verdict.judged import judged, table_of

GAN = "gan_half_filtered"
USES = ("chosen", "real", "gan_fill", GAN)


def side(rates: dict[str, float], seed: int, per_class: int = 20) -> MetricTable:
    rng = np.random.default_rng(seed)
    targets = np.repeat(np.arange(3), per_class)
    correct = {arm: rng.random((2, len(targets))) < rate for arm, rate in rates.items()}
    return table_of(targets, np.arange(len(targets)), correct, draws=50)


def without_words(text: str) -> str:
    """A sentence without settings, commands and files, and without the words for arms, longest first."""
    text = re.sub(r"`[^`]*`", "", text).replace("data/augmented", "")
    for spoken in sorted((row.spoken for row in ROW_OF.values()), key=len, reverse=True):
        text = text.replace(spoken, "")
    return text


def told(found: Verdict) -> list[str]:
    texts = [found.first_line, found.sentence, *found.reasons, *found.advice]
    return [*texts, *(line.text for line in found.explanation)]


@settings(max_examples=25, deadline=None)
@given(
    st.sets(st.sampled_from(ARMS)),
    st.fixed_dictionaries({arm: st.sampled_from([0.4, 0.6, 0.62, 0.9]) for arm in ARMS}),
    st.sampled_from([None, *BASE_ARMS]),
    st.sampled_from(["auto", "scratch", "probe", "finetune"]),
    st.sampled_from(USES),
    st.integers(0, 99),
)
def test_no_name_of_an_arm_stands_in_a_sentence(arms, rates, base, classifier, use, seed) -> None:
    kinds = arm_kinds([arm for arm in ARMS if arm in {*arms, *REQUIRED_ARMS}], classifier)
    rates = {arm: rates[arm] for arm in kinds}
    tried = Families(
        base, None if classifier == "auto" else classifier, "" if seed % 2 else "params.yaml names no such arm"
    )
    _, found = judged(side(rates, seed), side(rates, seed + 1), kinds, tried=tried, use=use)
    for text in told(found):
        assert not {*re.findall(r"\w+", without_words(text))} & {*ARMS}, text
        assert "{" not in text
        assert text == text.strip()


CASES = {  # word -> rate of the GAN arm on test where all others have 0.7, its rate on val, test images of a class
    "helps": (0.9, 0.7, 100), "helps, negligibly": (0.704, 0.7, 1000), "harms": (0.5, 0.7, 100),
    "equivalent": (0.7, 0.7, 1000), "undecided": (0.72, 0.7, 50), "not used": (0.7, 0.2, 50),
}  # fmt: skip


def nested(rates: dict[str, float], per_class: int) -> MetricTable:
    """Each arm is right on exactly its rate of every class, in one shared order."""
    targets = np.repeat(np.arange(4), per_class)
    rank = np.tile(np.random.default_rng(0).permutation(per_class), 4)
    correct = {arm: np.tile(rank < round(rate * per_class), (2, 1)) for arm, rate in rates.items()}
    return table_of(targets, np.arange(len(targets)), correct, draws=200)


KINDS = arm_kinds(["none", "classical", GAN, "copies_half"])


@functools.cache
def tables_of(word: str) -> tuple[MetricTable, MetricTable]:
    gan, on_val, per_class = CASES[word]
    others = dict.fromkeys(KINDS, 0.7)
    return nested({**others, GAN: gan}, per_class), nested({**others, GAN: on_val}, 60)


def found_of(word: str, **given: Any) -> Verdict:
    _, found = judged(*tables_of(word), KINDS, **given)
    assert found.word == word
    return found


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("word", SENTENCES)
def test_the_first_advice_says_what_is_held_and_the_one_command_that_changes_it(word: str, use: str) -> None:
    found = found_of(word, use=use)
    first = found.advice[0]
    holds_made = (word != "not used") if use == "chosen" else use != "real"
    assert first.startswith(f"data/augmented holds {'real and GAN images' if holds_made else 'real images alone'}, ")
    (change,) = re.findall(r"set `assemble\.use: (\w+)` and run `dvc repro`", first)
    assert change != use
    assert (change == "real") == holds_made, "it takes the made images out, or puts them in"
    if use == "chosen":
        assert f"data/augmented holds {'real and GAN' if holds_made else 'real'} images" in first
    assert not any("assemble.use" in line for line in (*found.advice[1:], *found.reasons)), "once"


RECOMMENDED = {  # what each text may say of the choice
    "helps": "Train .* on them", "helps, negligibly": "Train .* on them", "harms": "Real images alone do better",
    "equivalent": "simpler and do as well", "undecided": "is undecided", "not used": "val refused GAN images",
}  # fmt: skip


@pytest.mark.parametrize("word", SENTENCES)
def test_word_sentence_page_and_first_advice_agree(word: str) -> None:
    found = found_of(word)
    assert re.search(RECOMMENDED[word], found.advice[0])
    stem = "undecided" if word == "undecided" else "not used" if word == "not used" else None
    assert stem is None or stem in found.sentence
    plain = plain_sentence(word, found.net.mean, found.net.low, "balanced_accuracy")
    for text in (plain, found.sentence, *found.advice, *found.reasons):
        assert "safe choice" not in text
        assert not re.search("stay with", text)
    if word in ("undecided", "equivalent"):
        assert not re.search("[Uu]se the GAN images|Do not use", plain)


def test_every_word_has_every_line() -> None:
    assert set(SENTENCES) == {*delivery.MADE_IMAGES_HELD} == {*delivery.REAL_IMAGES_HELD}
    assert set(SENTENCES) == {*advice.FURTHER_ADVICE, "undecided"} == {*ENDINGS} - {"not credited"}


@pytest.mark.parametrize("base", BASE_ARMS)
@pytest.mark.parametrize("word", SENTENCES)
def test_the_sentence_names_the_way_to_train_that_it_speaks_of(word: str, base: str) -> None:
    sentence = found_of(word, tried=Families(base)).sentence
    assert f"added to {ROW_OF[base].spoken}" in sentence
    assert ("the same without them" in sentence) == (base == found_of(word).best_real)


def test_val_that_cannot_judge_is_not_said_to_have_let_them_pass() -> None:
    without = Delivery(Selection("none", None, 0))
    assert without.line("undecided", "x").startswith(
        "data/augmented holds real and GAN images, since val could not judge them."
    )


def estimate(mean: float, error: float = 0.01, seed_se: float = 0.0) -> Estimate:
    return Estimate(mean, error, seed_se, 0.01, seeds=5, groups=100)


def advised(rivals: dict[str, Estimate], controls: dict[str, Estimate], setting: str | None = "evaluate.seeds") -> str:
    """The advice after the first, of an undecided run with these comparisons."""
    against = [Comparison(GAN, arm, "test", "primary", found, len(rivals)) for arm, found in rivals.items()]
    beside = [Comparison(GAN, arm, "test", "primary", found) for arm, found in controls.items()]
    test = MetricTable("balanced accuracy", {}, {}, one_group_se=0.01, groups=9, images=9, small_classes=0)
    selection = Selection("none", None, 0)
    facts = VerdictFacts(
        "undecided", test, 0, selection, gain_over_best(against), against, beside, 0.01, None, 0.02,
        Scope("", "", repeats_setting=setting), Families(), Delivery(selection),
    )  # fmt: skip
    _, further = advice.verdict_advice(facts)
    return further


def test_a_control_that_does_as_well_ends_the_question_whichever_bound_is_lowest() -> None:
    """The lowest bound is a rival's, which more test images would lift."""
    text = advised({"none": estimate(0.01, 0.02)}, {"copies_half": estimate(-0.001, 0.001)})
    assert text == (
        "If the means hold, nothing will decide it for the GAN: jittered copies used the same way do as well or better."
    )


def test_what_is_hardest_to_have_counts_not_the_lowest_bound() -> None:
    """The control needs many more test images though the rival's bound is lower."""
    rival, control = estimate(0.04, 0.06), estimate(0.004, 0.004)
    assert rival.interval()[0] < control.interval()[0] < 0
    wide = advised({"none": estimate(0.03, 0.02)}, {"copies_half": estimate(0.01, 0.013)})
    assert "the hardest to tell apart is jittered copies used the same way" in wide
    assert "show that they help" in wide
    beaten = advised({"none": estimate(0.03, 0.001), "oversample": estimate(0.01, 0.008)}, {})
    assert "is real images with classes balanced" in beaten, "only what is not beaten yet"


def test_a_better_rival_leaves_harm_to_be_shown() -> None:
    text = advised({"none": estimate(-0.01, 0.008)}, {"copies_half": estimate(0.001)})
    assert "show that they harm" in text
    assert "real images as they are" in text


@pytest.mark.parametrize(("mean", "error"), [(0.001, 0.02), (0.0, 0.02), (0.01, 0.02)])
@pytest.mark.parametrize("setting", ["evaluate.seeds", None])
def test_more_than_can_be_labelled_is_no_number(mean: float, error: float, setting: str | None) -> None:
    text = advised({"none": estimate(mean, error)}, {}, setting)
    assert "as can be labelled" in text
    assert not re.search(r"\d+(\.\d)? times", text)
    assert ("folds" in text) == (setting is None)


def test_repeats_are_asked_for_where_they_decide() -> None:
    text = advised({"none": estimate(0.02, 0.002, seed_se=0.012)}, {})
    assert re.match(r"Set `evaluate\.seeds: \d+`: if the means hold, that shows that they help; ", text)


CONTROL_LINE = {"none": 0.6, "classical": 0.6, GAN: 0.7, "copies_half": 0.6}


@pytest.mark.parametrize("reference", [arm for arm in REAL_ARMS if ROW_OF[arm].family == "probe"])
def test_a_reference_is_told_first_and_is_never_a_rival(reference: str) -> None:
    """By far the best without a GAN, it changes neither word nor gain nor choice where a family is fixed."""
    kinds = arm_kinds([*CONTROL_LINE, reference], "scratch")
    assert kinds[reference] == "reference"
    rates = {**CONTROL_LINE, reference: 0.95}
    test, val, fixed = nested(rates, 200), nested(rates, 60), Families("classical", "scratch")
    alone = {arm: kind for arm, kind in kinds.items() if arm != reference}
    (policy, found), (_, without) = judged(test, val, kinds, tried=fixed), judged(test, val, alone, tried=fixed)
    assert (found.word, found.net, found.best_real) == (without.word, without.net, without.best_real)
    assert found.word == "helps"
    assert policy == choose_selection(val, alone)
    assert reference not in {arm for row in found.comparisons for arm in (row.candidate, row.rival)}
    assert [row["kind"] for row in found.arms if row["arm"] == reference] == ["reference"]
    assert found.references == (reference,)
    assert found.first_line.startswith(f"Without any GAN {ROW_OF[reference].spoken} reaches 95.0 %")
    assert "speaks of networks from scratch alone" in found.first_line
    judged_too = judged(test, val, arm_kinds([*CONTROL_LINE, reference]), tried=Families("classical"))[1]
    assert (judged_too.word, judged_too.best_real) == ("not used", reference), "with `auto` it must be beaten"


def test_the_first_line_names_the_best_way_and_what_was_tried() -> None:
    rates = {"none": 0.5, "classical": 0.6, "probe": 0.8, "finetune": 0.9, GAN: 0.85, "copies_half": 0.6}
    kinds, tables = arm_kinds(rates), (nested(rates, 200), nested(rates, 60))
    line = judged(*tables, kinds, tried=Families("finetune"))[1].first_line
    assert line.startswith("Without any GAN the best way found is a fine-tuned pretrained backbone with random augment")
    assert "GAN images added to it give 85.0 %" in line
    assert line.endswith(
        "Tried: networks from scratch, a frozen pretrained backbone, a fine-tuned pretrained backbone."
    )
    larger = Families("finetune", sizes=((299, 224), (32, 24)))
    assert judged(*tables, kinds, tried=larger)[1].first_line.endswith(
        "a fine-tuned pretrained backbone; backbones saw 299x224 pixels, networks from scratch 32x24."
    )
    assert f"added to {ROW_OF['probe'].spoken} give" in judged(*tables, kinds, tried=Families("probe"))[1].first_line
