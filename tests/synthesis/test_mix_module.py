"""A mix within a module: its position in checkpoints, its labels as shares, eval, and what a notebook shows."""

import io
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from augment import SyntheticDataset, SyntheticMix
from augment.core.errors import ArgumentError
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.synthesis.training_code.batches import NO_CLASS, classes_of

PLAN = Architecture("dcgan", 1, 6, 5, latent=4, features=4)
SET = GeneratorSet({label: ClassGenerator(label, build(PLAN, seed)[0]) for seed, label in enumerate("abc")})
IMAGES = torch.zeros((90, 1, 6, 5), dtype=torch.uint8)
LABELS = torch.arange(90) % 3


@given(st.integers(1, 6), st.floats(0, 0.9), st.sampled_from([torch.float64, torch.float32, torch.bfloat16]))
def test_one_hot_and_smoothed_rows_say_their_class(classes: int, smoothing: float, dtype: torch.dtype) -> None:
    labels = torch.arange(classes)
    shares = F.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    assert torch.equal(classes_of(shares.to(dtype)), labels)
    assert torch.equal(classes_of(labels), labels)


def test_blends_say_none() -> None:
    rows = torch.tensor([[0.6, 0.4, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.9, 0.05, 0.05]])
    assert classes_of(rows).tolist() == [NO_CLASS, NO_CLASS, NO_CLASS, 0]
    assert classes_of(torch.tensor([[0.5, 0.5], [0.4, 0.6]])).tolist() == [NO_CLASS, 1]


def test_soft_labels_mix_as_hard_ones_do_and_come_back() -> None:
    hard, _ = SyntheticMix(SET, 0.5, seed=1)(IMAGES, LABELS)
    smoothed = F.one_hot(LABELS, 3) * 0.9 + 0.1 / 3
    soft, given_back = SyntheticMix(SET, 0.5, seed=1)(IMAGES, smoothed)
    assert torch.equal(soft, hard)
    assert given_back is smoothed
    blended = torch.tensor([0.7, 0.3, 0.0]).expand(90, 3)
    assert torch.equal(SyntheticMix(SET, 1.0)(IMAGES, blended)[0], IMAGES)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (torch.full((90, 3), 0.5), "add up to 1.5"),
        (torch.tensor([1.5, -0.5, 0.0]).expand(90, 3), "from -0.5"),
        (torch.full((90, 3), torch.nan), "add up to nan"),
        (torch.zeros(90, 4), r"or floats \(90, 3\), got torch.float32 \(90, 4\)"),
        (F.one_hot(LABELS, 3), r"or floats \(90, 3\), got torch.int64"),
    ],
)
def test_shares_that_are_none(labels: torch.Tensor, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        SyntheticMix(SET, 0.5)(IMAGES, labels)


@given(st.lists(st.integers(0, 90), max_size=4), st.integers(1, 90))
def test_a_position_goes_through_a_checkpoint(before: list[int], after: int) -> None:
    """Of a module that holds the mix, through a file that may hold no code."""
    first, second = (nn.ModuleDict({"mix": SyntheticMix(SET, 0.5, seed=4)}) for _ in range(2))
    for count in before:
        first["mix"](IMAGES[:count], LABELS[:count])
    stream = io.BytesIO()
    torch.save(first.state_dict(), stream)
    stream.seek(0)
    second.load_state_dict(torch.load(stream, weights_only=True))
    going_on, resumed = (module["mix"](IMAGES[:after], LABELS[:after])[0] for module in (first, second))
    assert torch.equal(going_on, resumed)


def test_a_resumed_mix_repeats_no_sample() -> None:
    mix, again = SyntheticMix(SET, 1.0), SyntheticMix(SET, 1.0)
    zeros = torch.zeros(90, dtype=torch.long)
    seen = mix(IMAGES, zeros)[0]
    again.load_state_dict(mix.state_dict())
    assert torch.equal(torch.cat([seen, again(IMAGES, zeros)[0]]), SET["a"].sample(180))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (SyntheticMix(SET, 0.5, seed=1).state_dict(), "seed=1.* this one has seed=0"),
        (SyntheticMix(SET, 0.5, classes=["a", "b"]).state_dict(), r"classes \['a', 'b'\]"),
        ({"_extra_state": {"taken": 3}}, "no position of a SyntheticMix"),
    ],
)
def test_positions_of_others(state: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        SyntheticMix(SET, 0.5).load_state_dict(state)


def test_in_eval_every_batch_passes_and_no_draw_is_made() -> None:
    network = nn.ModuleDict({"mix": SyntheticMix(SET, 1.0)})
    network.eval()
    assert network["mix"](IMAGES, LABELS)[0] is IMAGES
    network.train()
    assert torch.equal(network["mix"](IMAGES, LABELS)[0], SyntheticMix(SET, 1.0)(IMAGES, LABELS)[0])


def test_it_adds_no_weights_to_a_network() -> None:
    assert not list(SyntheticMix(SET, 1.0).parameters())


def test_what_they_say_of_themselves() -> None:
    mix, fakes = SyntheticMix(SET, 0.25), SyntheticDataset(SET, {"b": 2, "a": 1})
    assert repr(mix) == "SyntheticMix(p=0.25, classes=3: 'a', 'b', 'c')"
    assert repr(fakes) == "SyntheticDataset(3 images 1x6x5: 1 'a', 2 'b')"
    assert repr(SyntheticDataset(SET, 0)) == "SyntheticDataset(0 images 1x6x5)"
    assert mix._repr_html_().count("<img") == 3
    assert fakes._repr_html_().count("<img") == 2
