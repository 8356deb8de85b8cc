"""Held-out combinations of shapes are drawn right, and the share that is right is counted as it should be."""

import time

import numpy as np
import pytest
import torch

from augment.data.sources.built_in.shapes import COMBINATIONS, Combination
from augment.gan.words.vocabulary import learn_vocabulary
from benchmarks import words

VOCABULARY = learn_vocabulary([shown.description for shown in COMBINATIONS])


class Told(torch.nn.Module):
    """A judge that is told what it sees: the first pixel holds the number of a combination."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        numbers = (images[:, 0, 0, 0] * 255).round().long().tolist()
        return VOCABULARY.encode(COMBINATIONS[number].description for number in numbers) - 0.5


def numbered(seen: list[Combination]) -> torch.Tensor:
    images = torch.zeros(len(seen), 3, 16, 16, dtype=torch.uint8)
    images[:, 0, 0, 0] = torch.tensor([COMBINATIONS.index(one) for one in seen])
    return images


def test_all_is_right_where_every_attribute_is() -> None:
    asked = COMBINATIONS[:4]
    assert words.shares_right(Told(), VOCABULARY, numbered(asked), asked) == dict.fromkeys(
        ("colour", "shape", "size", "place", "all"), 1.0
    )
    seen = [asked[0], asked[1]._replace(colour="blue"), asked[2]._replace(place="upper left"),
            asked[3]._replace(size="large", place="lower left")]  # fmt: skip
    right = [[getattr(one, name) == getattr(other, name) for one, other in zip(seen, asked, strict=True)]
             for name in words.ATTRIBUTES]  # fmt: skip
    found = words.shares_right(Told(), VOCABULARY, numbered(seen), asked)
    assert [found[name] for name in words.ATTRIBUTES] == np.mean(right, axis=1).tolist()
    assert found["all"] == np.all(right, axis=0).mean()


def test_every_word_of_the_set_is_one_of_an_attribute() -> None:
    assert {word for values in words.ATTRIBUTES.values() for value in values for word in value} == {*VOCABULARY.words}
    assert len(words.HELD_OUT) == 16


@pytest.mark.slow
def test_held_out_combinations_are_drawn_right() -> None:
    """Minutes; docs/words.md has the last figures."""
    judge = words.trained_judge(VOCABULARY)
    real = torch.from_numpy(words.real_images(words.HELD_OUT, words.SAMPLES, words.REAL_SEED))
    assert words.shares_right(judge, VOCABULARY, real, words.HELD_OUT)["all"] > 0.97
    began = time.process_time()
    generator = words.trained_on_shapes()
    assert time.process_time() - began < 180, "seconds of one core"
    drawn = words.drawn(generator, words.HELD_OUT)
    assert words.shares_right(judge, VOCABULARY, drawn, words.HELD_OUT)["all"] >= 0.9
