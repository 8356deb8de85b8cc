"""All classes at once: samples in turns, a device for all, and what a person sees of them."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from augment.core.errors import ArgumentError
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.generators.notebook import SHOWN_CLASSES, notebook_html
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build

PLAN = Architecture("dcgan", 1, 6, 5, latent=4, features=4)
MADE = {label: ClassGenerator(label, build(PLAN, seed)[0]) for seed, label in enumerate("abc")}
SHARED = ClassGenerator("shared", build(PLAN, 9)[0])
SET = GeneratorSet(MADE, {"failed": "collapsed"}, ["b", "failed", "c", "a"], SHARED)


def test_samples_of_all_classes_come_in_turns_and_are_the_generators_own() -> None:
    images, labels = SET.sample(5, seed=3)
    assert (images.shape, images.dtype, labels.dtype) == ((5, 1, 6, 5), torch.uint8, torch.int64)
    assert [SET.classes[label] for label in labels] == ["b", "c", "a", "b", "c"]
    for at, (label, own) in enumerate([("b", 0), ("c", 0), ("a", 0), ("b", 1), ("c", 1)]):
        assert torch.equal(images[at], MADE[label].sample(own + 1, seed=3)[own])


@given(st.integers(0, 12), st.integers(0, 70))
def test_any_part_of_a_sequence_is_that_part_of_the_whole(n: int, start: int) -> None:
    images, labels = SET.sample(start + n, seed=1)
    part, part_labels = SET.sample(n, seed=1, start=start)
    assert torch.equal(part, images[start:])
    assert torch.equal(part_labels, labels[start:])


def test_a_set_without_generators_says_why() -> None:
    with pytest.raises(ArgumentError, match="collapsed"):
        GeneratorSet({}, {"a": "collapsed"}).sample(1)


def test_a_set_moves_with_its_shared_generator() -> None:
    fresh = GeneratorSet({"a": ClassGenerator("a", build(PLAN, 0)[0])}, shared=ClassGenerator("s", build(PLAN, 1)[0]))
    assert fresh.to("meta") is fresh
    assert fresh.shared is not None
    assert {fresh["a"].device.type, fresh.shared.device.type} == {"meta"}
    with pytest.raises(ArgumentError, match="device must be one that torch has here"):
        SET.to("cup")


def test_what_they_say_of_themselves_is_one_line() -> None:
    assert repr(MADE["a"]) == "ClassGenerator('a', images 1x6x5, dcgan, on cpu)"
    assert repr(SET) == "GeneratorSet(3 generators of images 1x6x5: 'b', 'c', 'a', 'failed' (failed))"
    many = GeneratorSet({str(n): ClassGenerator(str(n), MADE["a"].network) for n in range(30)})
    assert repr(many).endswith("'12', '13', '14', '15', ...)")
    assert len(repr(many)) < 120


def test_a_notebook_shows_the_first_samples_of_each_class() -> None:
    html = SET._repr_html_()
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    assert len(pictures) == 3
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(pictures[0]))))
    factor = 8  # 48 px over the longer side of 6
    first = MADE["b"].sample(1)[0, 0].numpy().repeat(factor, 0).repeat(factor, 1)
    assert np.array_equal(shown[2 : 2 + first.shape[0], 2 : 2 + first.shape[1]], first)
    assert MADE["b"]._repr_html_().count("<img") == 1


def test_a_notebook_takes_no_markup_from_labels_and_few_of_many() -> None:
    samples = {f'<script>"{n}': torch.zeros((1, 1, 2, 2), dtype=torch.uint8) for n in range(SHOWN_CLASSES + 3)}
    html = notebook_html("<b>", samples)
    assert "<script>" not in html
    assert "<b>" not in html
    assert 'alt="samples of &lt;script&gt;&quot;0"' in html
    assert html.count("<img") == SHOWN_CLASSES
    assert "3 classes more" in html
