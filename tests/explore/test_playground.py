"""The page shows what `generate` makes, and writes what a person says of it."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment.core.engine import Engine
from augment.core.errors import AugmentError, BundleError, DataError
from augment.explore.places import place_of
from augment.explore.playground import Playground, data_uri, open_playground
from augment.measure.metrics import nearest
from augment.synthesis.picks import FILE, drawn_with, read_picks
from augment.synthesis.samplers import CopyFree, Mixture
from augment.synthesis.selection import choose_samples
from augment.synthesis.transplant.settings import NO_TRANSPLANT
from tests.explore.conftest import LABELS

MINORITY = LABELS[2]


class TakesAll:
    thresholds = np.zeros(3)

    def scores(self, images: np.ndarray) -> np.ndarray:
        return np.ones((len(images), 3))


def pixels_of(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,")))))


def test_samples_are_the_candidates_of_generate(playground: Playground, trained: Path) -> None:
    judge: Any = TakesAll()
    assert playground.train is not None
    (candidates,) = choose_samples(
        [playground.train], [playground.generators], [judge], [3], wanted=9, oversample=2, transfer_share=0.5,
        engine=Engine("serial"),
    )  # fmt: skip
    for label, found in candidates.items():
        shown = playground.samples(label, 3, 4, 12)["samples"]
        assert [one["number"] for one in shown] == list(range(4, 16))
        assert [one["copy"] for one in shown] == (found.reason == "near_copy")[4:16].tolist()
        for one, image in zip(shown, found.images[4:16], strict=True):
            assert np.abs(pixels_of(one["image"]).astype(int) - image[0]).max() <= 1, "other batches round otherwise"


@pytest.mark.parametrize("label", LABELS)
def test_every_sample_has_its_place_and_moves_from_there(playground: Playground, label: str) -> None:
    sampler = playground.samplers[label]
    assert isinstance(sampler, Mixture) == (label != "majority"), "both kinds of samples are tried"
    assert isinstance(sampler, Mixture | CopyFree) == (label != "majority")
    for number, image in enumerate(sampler.sample(8, seed=3).numpy()):
        place = place_of(sampler, image, 3, number)
        assert place is not None
        assert np.abs(place.image(place.latent[None], ()).astype(int) - image).max() <= 1
    still, moved = (playground.closer(label, 3, 5, moves) for moves in ([0.0] * 6, [2.5, 0.0]))
    assert still["movable"]
    assert still["image"] == playground.closer(label, 3, 5, [])["image"] != moved["image"]
    assert still["nearest"] != moved["nearest"], "neighbours are those of the moved image"


def test_what_no_latent_space_gives_has_no_place(playground: Playground) -> None:
    sampler = playground.samplers["majority"]
    assert place_of(sampler, 255 - sampler.sample(1, seed=3)[0].numpy(), 3, 0) is None


def test_the_nearest_training_images_are_those_of_its_class(playground: Playground) -> None:
    assert playground.train is not None
    image = playground.samplers[MINORITY].sample(1, seed=3, start=2).numpy()
    known = playground.train.of_class(MINORITY)
    found = playground.closer(MINORITY, 3, 2, [])["nearest"]
    distances = np.sqrt(np.square((known.images.astype(float) - image) / 255).mean(axis=(1, 2, 3)))
    assert [one["distance"] for one in found] == pytest.approx(np.sort(distances)[:5], abs=1e-4)
    first = int(distances.argmin())
    assert (found[0]["source"], found[0]["image"]) == (known.sources[first], data_uri(known.images[first]))
    assert nearest(image.reshape(1, -1), known.images.reshape(6, -1))[0][0] == first


def test_picks_are_written_counted_and_taken_back(playground: Playground, trained: Path) -> None:
    open_ones = [one["number"] for one in playground.samples("majority", 3, 0, 20)["samples"] if not one["copy"]]
    first, second = open_ones[:2]
    assert playground.choose("majority", (3, first), "kept") == {"picks": [[0, 0], [1, 0], [0, 0]]}
    assert playground.choose("majority", (3, second), "rejected") == {"picks": [[0, 0], [1, 1], [0, 0]]}
    assert playground.choose("majority", (4, second), "rejected") == {"picks": [[0, 0], [1, 1], [0, 0]]}, "another seed"
    written = read_picks(playground.folder, trained / "models", LABELS, drawn_with(0.5, NO_TRANSPLANT))
    assert written.classes["majority"].model_dump() == {"kept": [(3, first)], "rejected": [(3, second), (4, second)]}
    shown = {one["number"]: one["choice"] for one in playground.samples("majority", 3, 0, 20)["samples"]}
    assert (shown[first], shown[second]) == ("kept", "rejected")
    assert playground.state()["picks"] == [[0, 0], [1, 1], [0, 0]], "a page that is opened again knows it"
    assert playground.choose("majority", (3, first), "open") == {"picks": [[0, 0], [0, 1], [0, 0]]}


def test_a_near_copy_cannot_be_kept(playground: Playground) -> None:
    everything = dict.fromkeys(LABELS, 1.0)
    strict = Playground(**{**vars(playground), "limits": everything})
    assert strict.samples(MINORITY, 3, 0, 1)["samples"][0]["copy"]
    with pytest.raises(AugmentError, match="never delivered"):
        strict.choose(MINORITY, (3, 0), "kept")
    assert not playground.folder.exists()
    strict.choose(MINORITY, (3, 0), "rejected")


def test_without_training_images_one_can_look_and_not_pick(trained: Path, tmp_path: Path) -> None:
    alone = open_playground(trained / "models", tmp_path / "none", tmp_path / "selection", 0, 0.5)
    state = alone.state()
    assert state["file"] is None
    assert [one["images"] for one in state["classes"]] == [None] * 3
    assert alone.closer(MINORITY, 0, 0, [1.0])["nearest"] == []
    assert pixels_of(alone.samples(MINORITY, 0, 0, 1)["samples"][0]["image"]).shape == (8, 8)
    with pytest.raises(AugmentError, match="data/prepared/train"):
        alone.choose(MINORITY, (0, 0), "kept")


def test_generators_that_changed_meanwhile_are_told(playground: Playground, trained: Path, tmp_path: Path) -> None:
    copy = tmp_path / "models"
    copy.mkdir()
    (copy / "index.json").write_text("{}")
    with pytest.raises(AugmentError, match="trained anew"):
        Playground(**{**vars(playground), "models": copy}).choose("majority", (3, 0), "rejected")
    assert not playground.folder.exists(), "nothing is written for them"
    playground.choose("majority", (3, 0), "rejected")
    before = (playground.folder / FILE).read_bytes()
    with pytest.raises(DataError, match="other generators"):
        Playground(**{**vars(playground), "models": copy}).choose("majority", (3, 1), "rejected")
    assert (playground.folder / FILE).read_bytes() == before, "what was chosen stays"


def test_no_generators_are_one_message(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"index\.json"):
        open_playground(tmp_path / "models", tmp_path, tmp_path, 0, 0.5)
