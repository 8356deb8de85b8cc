"""The generators of all classes: sampling over them, and saving as a set of bundles (`bundle_files.py`)."""

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from augment.core.errors import ArgumentError
from augment.core.files import json_text, slug, write_bytes
from augment.core.progress import counted, first_few
from augment.data.arguments import path_argument, sequence_argument, short, whole_number
from augment.gan.bundle_files import INDEX, INDEX_FORMAT, MAX_REASON_LENGTH, SHARED, TRANSLATOR, WORDS, signed
from augment.gan.generators.arguments import check_labels, check_parts
from augment.gan.generators.by_label import ByLabel
from augment.gan.generators.cards import CARD, model_card
from augment.gan.generators.class_generator import MAX_INDEX, MAX_SAMPLES, ClassGenerator
from augment.gan.generators.hub import check_target, fetched, is_repository, push
from augment.gan.generators.notebook import SHOWN_LABELS, SHOWN_SAMPLES, notebook_html, size_text
from augment.gan.translate.translator import Translator
from augment.gan.words.vectors import understood

if TYPE_CHECKING:
    from augment.gan.words.generator import WordGenerator  # which imports what stands in this room

    Saved = ClassGenerator | WordGenerator


class GeneratorSet(ByLabel[ClassGenerator]):
    """Generators by label, in the order of the classes: a read-only mapping.

    classes: all classes of the training set, those without a generator included; sorted unless an
    order is given. class_to_idx: label -> position in `classes`. failed: label -> why there is no
    generator. shared: the generator of all classes that theirs began from, None where there was none. words: the
    generator that draws descriptions, None where classes had none.
    Raises `ArgumentError` when `classes` are not the labels of `generators` and `failed`, when a generator is of
    another label than it stands under, or draws images of another size than the others, TypeError for other kinds.

    >>> import augment, torch
    >>> images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
    >>> generators = augment.train_generators(
    ...     images, [0] * 8 + [1] * 4, classes=["scratch", "dent"], width=4, shared_steps=8, steps=8
    ... )
    >>> generators.class_to_idx, generators.failed
    ({'scratch': 0, 'dent': 1}, {})
    >>> {label: tuple(generator.sample(2).shape) for label, generator in generators.items()}
    {'scratch': (2, 1, 8, 8), 'dent': (2, 1, 8, 8)}
    >>> images, labels = generators.sample(64, seed=0)  # of all classes in turns
    >>> images.shape, [generators.classes[label] for label in labels[:3]]
    (torch.Size([64, 1, 8, 8]), ['scratch', 'dent', 'scratch'])
    >>> generators.to("cpu")
    GeneratorSet(2 generators of images 1x8x8: 'scratch', 'dent')
    """

    def __init__(
        self,
        generators: Mapping[str, ClassGenerator],
        failed: Mapping[str, str] | None = None,
        classes: Sequence[str] | None = None,
        shared: ClassGenerator | None = None,
        words: "WordGenerator | None" = None,
    ) -> None:
        check_parts(generators, failed, shared, words)
        gone = dict(failed or {})
        labels = sorted({*generators, *gone})
        named = labels if classes is None else sequence_argument("classes", classes)
        if sorted(named, key=str) != labels or set(generators) & set(gone):
            raise ArgumentError(f"classes are {named}, and the generators and failures are of {labels}")
        super().__init__(generators, gone, named)
        self.shared, self.words = shared, words

    def __repr__(self) -> str:
        size = f" of images {size_text(next(iter(self.values())).shape)}" if self else ""
        named = [*map(repr, self), *(f"{label!r} (failed)" for label in self.failed)]
        classes = f": {first_few(named, SHOWN_LABELS)}" if named else ""
        return f"GeneratorSet({counted(len(self), 'generator')}{size}{classes})"

    def _repr_html_(self) -> str:
        return notebook_html(repr(self), {label: generator.sample(SHOWN_SAMPLES) for label, generator in self.items()})

    @property
    def translators(self) -> dict[str, Translator]:
        """Of the classes that have one."""
        return {label: one.translator for label, one in self.items() if one.translator is not None}

    def with_translators(self, translators: Mapping[str, Translator]) -> "GeneratorSet":
        """The same, which translate where they have a translator now."""
        generators = {
            label: one.with_translator(translators[label]) if label in translators else one
            for label, one in self.items()
        }
        return GeneratorSet(generators, self.failed, self.classes, self.shared, self.words)

    def to(self, device: str | torch.device) -> "GeneratorSet":
        """Move every generator to a device, in place. Raises `ArgumentError` for one that is not there."""
        for generator in [*self.values(), *([] if self.shared is None else [self.shared])]:
            generator.to(device)
        return self

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> tuple[Tensor, Tensor]:
        """uint8 (n, C, H, W) and their class indices int64 (n,), of all classes in turns, on the CPU.

        Sample i is of the class i mod K of the K that have a generator, and is sample i // K of it, so every class has
        its share, and `sample(4)` is the beginning of `sample(8)`: images start to start + n - 1 of this seed. An index
        is a position in `classes`; that of a class whose GAN failed does not occur. To have other shares, or an order
        of classes of your own, take `SyntheticDataset`. Raises as `ClassGenerator.sample` does, and `ArgumentError`
        where there is no generator.
        """
        n, start = whole_number("n", n, 0, MAX_SAMPLES), whole_number("start", start, 0, MAX_INDEX)
        if not self:
            raise ArgumentError(f"n: no class has a generator to draw from; failed: {self.failed}")
        labels = torch.empty(n, dtype=torch.int64, device="cpu")
        images = torch.empty((n, *next(iter(self.values())).shape), dtype=torch.uint8, device="cpu")
        for turn, (label, generator) in enumerate(self.items()):
            before, after = (-(-(at - turn) // len(self)) for at in (start, start + n))  # of its samples
            where = slice((turn - start) % len(self), None, len(self))
            images[where] = generator.sample(after - before, seed=seed, start=before)
            labels[where] = self.class_to_idx[label]
        return images, labels

    def draw(self, request: str, n: int = 16, *, seed: int = 0, vectors: str | Path | None = None) -> Tensor:
        """uint8 (n, C, H, W) of what words say, as `WordGenerator.sample` draws them, for looking.

        vectors: a local file of word vectors as text, by which a word without a meaning for this set is drawn as the
        nearest that has one. Warns, in one message, of that, and of what no training description has: words without a
        meaning, and what the nearest description lacks. Raises `ArgumentError` where no descriptions were learnt, for a
        request that is empty or endless or of which no word has a meaning, and for a file without such words,
        `DataError` for a damaged one, and as `ClassGenerator.sample` does.
        """
        if self.words is None:
            advice = "name a file of them in ingest.descriptions (docs/words.md), or use train_words"
            raise ArgumentError(f"request: these generators were trained without descriptions; {advice}")
        told = []
        if vectors is not None:
            meant = understood(request, self.words.vocabulary, path_argument("vectors", vectors))
            request, told = meant.request, [meant.warning]
        if said := "; ".join(filter(None, [*told, self.words.warning(request)])):
            warnings.warn(said, stacklevel=2)
        return self.words.sample(request, n, seed=seed)

    def save(self, folder: str | Path) -> None:
        """Write a bundle for each class, of the shared generator and of words, and index.json, which has a hash of
        every file; `load_generators` reads all back.

        Raises `ArgumentError` for labels that cannot stand beside each other, `StoreError` when the disk refuses.
        """
        folder = path_argument("folder", folder)
        check_labels(self.classes)
        bundles: dict[str, Saved] = {slug(label): generator for label, generator in self.items()}
        bundles |= {SHARED: self.shared} if self.shared is not None else {}
        bundles |= {WORDS: self.words} if self.words is not None else {}
        files = {
            f"{name}/{file}": digest
            for name, generator in bundles.items()
            for file, digest in generator.save(folder / name).items()
        }
        translators = {slug(label): translator for label, translator in self.translators.items()}
        for name, translator in translators.items():
            saved = translator.save(folder / name / TRANSLATOR)
            files |= {f"{name}/{TRANSLATOR}/{file}": digest for file, digest in saved.items()}
        entries = {
            label: {
                "slug": slug(label),
                "status": "trained" if label in self else "failed",
                "reason": self.failed.get(label, "")[:MAX_REASON_LENGTH],
            }
            for label in self.classes
        }
        index = {"format": INDEX_FORMAT, "classes": entries, "order": self.classes, "shared": self.shared is not None}
        index |= {"translators": [*translators]} if translators else {}
        index |= {"words": True} if self.words is not None else {}
        write_bytes(folder / INDEX, json_text(signed({**index, "files": files})).encode())

    def save_pretrained(self, folder: str | Path, *, verdict: str | Path | None = None) -> None:
        """`save`, and README.md beside it: a model card in Hugging Face's layout, with the licence to be filled in.

        verdict: verdict.json of the run that trained them, for what the card says of their worth and of privacy. A
        README.md that stands there stays as it is. Raises `DataError` for a verdict that cannot be read, and as `save`.

        >>> import augment, pathlib, tempfile, torch
        >>> images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
        >>> generators = augment.train_generators(images, [0] * 8 + [1] * 4, width=4, shared_steps=8, steps=8)
        >>> folder = tempfile.mkdtemp()
        >>> generators.save_pretrained(folder)
        >>> "not anonymous" in pathlib.Path(folder, "README.md").read_text()
        True
        >>> augment.GeneratorSet.from_pretrained(folder)
        GeneratorSet(2 generators of images 1x8x8: '0', '1')
        """
        place = path_argument("folder", folder)
        told = None if verdict is None else path_argument("verdict", verdict)
        card = model_card(self, self.classes, self.failed, told)
        self.save(place)
        if not (place / CARD).exists():
            write_bytes(place / CARD, card.encode())

    @staticmethod
    def from_pretrained(place: str | Path, *, revision: str | None = None) -> "GeneratorSet":
        """As `load_generators`, of a folder, or of a repository owner/name of Hugging Face's hub where no such folder
        is here. revision: a branch, tag or commit of the repository.

        What is fetched is verified as any folder is. Raises `BundleError` for what is missing or damaged,
        `AugmentError` where a repository is named and the extra `hub` is missing.
        """
        from augment.gan.bundle import load_generators  # noqa: PLC0415  (which makes sets of this class)

        if revision is not None and not isinstance(revision, str):
            raise TypeError(f"revision must be a branch, tag or commit, got {short(revision)}")
        if not is_repository(place):
            return load_generators(path_argument("place", place))
        with fetched(str(place), revision) as folder:
            return load_generators(folder)

    def push_to_hub(self, repository: str, *, private: bool = True, verdict: str | Path | None = None) -> str:
        """`save_pretrained` into a repository owner/name of Hugging Face's hub; returns its address.

        private: whether a new repository is yours alone; images made from few originals are not anonymous. A README.md
        that stands there stays. Raises `AugmentError` when the hub refuses or the extra `hub` is missing.
        """
        check_target(repository, private)
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder, verdict=verdict)
            return push(Path(folder), repository, private)
