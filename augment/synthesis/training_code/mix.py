"""Synthetic images in a training loop of your own, mixed into each batch."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import get_worker_info

from augment.core.errors import ArgumentError
from augment.core.progress import first_few
from augment.core.seeds import derive_seed, torch_rng
from augment.data.arguments import short, whole_number
from augment.data.imageset import ImageSet
from augment.gan.generators import GeneratorSet
from augment.gan.generators.notebook import SHOWN_LABELS, SHOWN_SAMPLES, notebook_html
from augment.gan.upscale.upscaler import Upscaler
from augment.synthesis.larger import enlargers, originals_argument
from augment.synthesis.samplers import samplers
from augment.synthesis.training_code.arguments import (
    Range,
    class_order,
    params_argument,
    range_argument,
    refuse_numbers,
    scaled,
)
from augment.synthesis.training_code.batches import SampleStream, check_batch, classes_of


class SyntheticMix(nn.Module):
    """Replaces each image of a batch, with probability `p`, by a synthetic one of its own class.

    Call it as `images, labels = mix(images, labels)` before anything that normalises or augments.
    images: (N, C, H, W), uint8, or floats in the `value_range` that you state, (0, 1) or (-1, 1);
    labels: class indices (N,), or floats (N, K) whose rows are shares of the classes; they are given back as they are.
    The result has the same dtype, range and device; the batch given is left as it was. Images of a class whose GAN
    failed stay real, and so does one whose row is a blend of classes: a row says one class where one share is largest
    and all others are equal, as of one-hot and smoothed labels. (Of two classes every unequal row says one: mix before
    you blend.) No synthetic image comes twice from one mix.
    A batch may be larger than the generators' images, of the same aspect: samples are then enlarged.
    classes, borrow_from, params, originals, upscaler: as `SyntheticDataset` takes them; where classes are called by
    numbers that are not their indices, `classes` must be stated. With originals a batch is of their size, and a sample
    that varies one of them becomes its edit.
    It is a module without parameters: `eval()` lets every batch pass as it is, and `state_dict()`, alone or within that
    of a module that holds it, has the position, so that a training that is resumed goes on with the next samples.
    Equal seeds and equal batches give equal results. In a worker of a DataLoader (within `collate_fn`, say) the draws
    hang on the worker's seed too, which differs from worker to worker and from epoch to epoch and follows from torch's
    global generator, and the position stays in the worker. Raises `ArgumentError` or TypeError for anything that does
    not fit.

    >>> import augment, torch
    >>> images, labels = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8), torch.tensor([0] * 8 + [1] * 4)
    >>> generators = augment.train_generators(images, labels, width=4, shared_steps=8, steps=8)
    >>> mix = augment.SyntheticMix(generators, p=0.5, seed=0)
    >>> mixed, labels = mix(images, labels)
    >>> mixed.shape, mixed.dtype
    (torch.Size([12, 1, 8, 8]), torch.uint8)
    >>> halves = augment.SyntheticMix(generators, p=0.5, value_range=(0, 1))
    >>> halves(images / 255, labels)[0].dtype
    torch.float32
    >>> mix(torch.zeros(12, 1, 32, 32, dtype=torch.uint8), labels)[0].shape
    torch.Size([12, 1, 32, 32])
    >>> shares = torch.nn.functional.one_hot(labels, 2) * 0.9 + 0.05  # smoothed
    >>> mix(images, shares)[1].equal(shares)
    True
    >>> again = augment.SyntheticMix(generators, p=0.5, seed=0)
    >>> again.load_state_dict(mix.state_dict())
    <All keys matched successfully>
    >>> again(images, labels)[0].equal(mix(images, labels)[0])
    True
    """

    def __init__(
        self,
        generators: GeneratorSet,
        p: float,
        *,
        classes: Sequence[str] | None = None,
        borrow_from: ImageSet | None = None,
        params: str | PathLike[str] | None = None,
        originals: ImageSet | None = None,
        upscaler: Upscaler | None = None,
        value_range: Range | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        number = isinstance(p, int | float | np.integer | np.floating) and not isinstance(p, bool)
        if not (number and 0 <= p <= 1):
            raise ArgumentError(f"p is a probability from 0 to 1, got {short(p)}")
        self.p, self.value_range = p, range_argument(value_range, "mix before you normalise")
        self.classes, self._seed = class_order(generators, classes), whole_number("seed", seed)
        refuse_numbers(self.classes, classes)
        self._originals = originals_argument(originals, borrow_from)
        sampling = samplers(generators, borrow_from, self._seed, params_argument(params), self._originals)
        sampling_large = enlargers(sampling, borrow_from, self._originals, upscaler)
        self._enlargers = {
            self.classes.index(label): enlarger for label, enlarger in sampling_large.items() if label in self.classes
        }
        self._begin(None)

    def _begin(self, worker_seed: int | None) -> None:
        """Draw from the first sample on, of this process or of a worker of a DataLoader."""
        seed = self._seed if worker_seed is None else derive_seed(self._seed, "worker", worker_seed)
        self._streams = {index: SampleStream(enlarger, seed) for index, enlarger in self._enlargers.items()}
        self._rng, self._worker_seed = torch_rng(seed, "mix"), worker_seed

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The batch with some images replaced, and its labels."""
        if not self.training:
            return images, labels
        sample = next(iter(self._streams.values())).enlarger.sampler.shape if self._streams else None
        check_batch(images, labels, len(self.classes), sample, self._originals, self.value_range)
        worker = get_worker_info()
        if worker is not None and worker.seed != self._worker_seed:
            self._begin(worker.seed)
        chosen = torch.rand(len(images), generator=self._rng, device="cpu") < self.p
        targets = classes_of(labels)
        mixed = images.clone()
        for index, stream in self._streams.items():
            where = (chosen & (targets == index)).nonzero().squeeze(1)
            if len(where):
                mixed[where.to(images.device)] = self._scaled(stream.take(len(where), images.shape[2:]), images)
        return mixed, labels

    def _scaled(self, fakes: Tensor, images: Tensor) -> Tensor:
        """uint8 to the dtype, range and device of the batch."""
        if images.dtype == torch.uint8:
            return fakes.to(images.device)
        assert self.value_range is not None
        return scaled(fakes, self.value_range).to(images)

    def get_extra_state(self) -> dict[str, Any]:
        """The position, for `state_dict`: how many samples of each class were taken, and the state of the draws."""
        taken = {self.classes[index]: stream.taken for index, stream in self._streams.items()}
        return {
            "seed": self._seed,
            "worker_seed": self._worker_seed,
            "taken": taken,
            "rng": self._rng.get_state(),
        }

    def set_extra_state(self, state: Any) -> None:
        """Go to a position, for `load_state_dict`. Raises `ArgumentError` for that of a mix of other classes or
        another seed, and for what is none."""
        if not isinstance(state, Mapping) or set(state) != {"seed", "worker_seed", "taken", "rng"}:
            raise ArgumentError(f"state_dict: it holds no position of a SyntheticMix, but {short(state)}")
        labels = [self.classes[index] for index in self._streams]
        if state["seed"] != self._seed or sorted(state["taken"]) != sorted(labels):
            of = f"seed={state['seed']} and classes {sorted(state['taken'])}"
            raise ArgumentError(
                f"state_dict: it is of a mix with {of}, this one has seed={self._seed} and {sorted(labels)}: "
                "make the mix with the same generators and arguments"
            )
        self._begin(state["worker_seed"])
        self._rng.set_state(state["rng"].cpu())
        for index, stream in self._streams.items():
            stream.go_to(state["taken"][self.classes[index]])

    def extra_repr(self) -> str:
        """What `repr` shows between the brackets."""
        return f"p={self.p}, classes={len(self.classes)}: {first_few([*map(repr, self.classes)], SHOWN_LABELS)}"

    def _repr_html_(self) -> str:
        made = {self.classes[index]: enlarger.sampler for index, enlarger in self._enlargers.items()}
        samples = {label: sampler.sample(SHOWN_SAMPLES, seed=self._seed) for label, sampler in made.items()}
        return notebook_html(repr(self), samples)
