"""How alike classifiers of a family are: sets that share no image, and correlations that find what was put in."""

import numpy as np
import pytest
from scipy.special import ndtri

from augment.data.imageset import ImageSet
from benchmarks import families
from benchmarks.scenarios import FAMILIES
from benchmarks.simulated import Truth, noise


def test_training_sets_and_test_share_no_image():
    labels = np.repeat(["a", "b"], [60, 20])
    names = np.arange(80).astype(np.str_)
    images = np.arange(80, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 2), np.uint8)
    trains, test = families.cut(ImageSet(images, labels, names, names), {"a": 10, "b": 10})
    assert [train.counts() for train in trains] == [{"a": 10, "b": 5}] * families.SETS
    assert test.counts() == {"a": 30, "b": 5}
    every = np.concatenate([side.groups for side in (*trains, test)])
    assert len(set(every.tolist())) == len(every)


@pytest.mark.parametrize("base", ["probe", "finetune"])
def test_a_line_finds_the_parts_of_a_family(base):
    true = Truth(ndtri(np.full(6, 0.7)), FAMILIES)
    targets, arms = np.repeat(np.arange(6), 3000), (*families.ALIKE[base], "oversample")
    repeats = families.SAME_SET + families.SETS - 1
    drawn = noise(true, targets, np.arange(18_000), arms, repeats, np.random.default_rng(0), one_train=False)
    correct = {arm: own > 0 for arm, own in zip(arms, drawn.latent(base), strict=True)}
    figures = [float(cell) for cell in families.family_line(base, correct, targets).split("|")[2:-1]]
    accuracy, own, once, twice, plain, *_ = figures
    parts = FAMILIES.parts[base]
    assert accuracy == pytest.approx(true.recalls().mean(), abs=0.01)
    lasting = parts.common + parts.kind
    expected = (lasting + parts.arm, lasting + parts.seed, lasting, parts.common + parts.seed)
    assert (own, once, twice, plain) == pytest.approx(expected, abs=0.015)
