"""GANOverSampler: imbalanced-learn's own checks of samplers, and what it adds to them: images in and out."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("imblearn")

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import estimator_checks_generator
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from augment import GANOverSampler, SyntheticDataset
from augment.core.errors import ArgumentError, DataError
from augment.synthesis.training_code.over_sampler import _from_bytes, _to_bytes

QUICK: dict[str, Any] = {"width": 4, "shared_steps": 2, "steps": 2, "random_state": 0}
IMAGES = np.random.default_rng(0).integers(0, 256, (14, 3, 4, 6), dtype=np.uint8)
LABELS = np.array(["wide"] * 8 + ["thin"] * 4 + ["bent"] * 2)
CHECKED = GANOverSampler(image_shape=(1, 4, 5), latent_transfer=False, **QUICK)
CHECKS = {check.func.__name__: check for _, check in estimator_checks_generator(CHECKED)}
NOT_OF_IMAGES = {  # rows of two or three numbers are none, and sparse frames are refused as sparse arrays are
    "check_samplers_fit",
    "check_sampler_get_feature_names_out",
    "check_sampler_get_feature_names_out_pandas",
    "check_samplers_pandas_sparse",
}


@pytest.mark.parametrize("check", sorted(CHECKS.keys() - NOT_OF_IMAGES))
def test_the_checks_of_imbalanced_learn(check: str) -> None:
    CHECKS[check](CHECKED)


def test_arguments_stay_as_they_were_given() -> None:
    """As scikit-learn clones, sets and shows them."""
    shape = [1, 8, 8]
    sampler = GANOverSampler(image_shape=shape, sampling_strategy=0.5)
    assert sampler.get_params()["image_shape"] is shape
    assert clone(sampler).set_params(steps=3).get_params() == {**sampler.get_params(), "steps": 3}
    assert repr(sampler) == "GANOverSampler(image_shape=[1, 8, 8], sampling_strategy=0.5)"


def test_real_images_come_first_and_made_ones_after_them_class_by_class() -> None:
    sampler = GANOverSampler(**QUICK)
    images, labels = sampler.fit_resample(IMAGES, LABELS)
    assert np.array_equal(images[:14], IMAGES)
    assert labels.tolist() == [*LABELS, *["bent"] * 6, *["thin"] * 4]
    assert sampler.sampling_strategy_ == {"bent": 6, "thin": 4}
    assert sampler.image_shape_ == (3, 4, 6)
    assert list(sampler.generators_) == ["bent", "thin", "wide"]


def test_made_images_are_those_of_a_synthetic_dataset() -> None:
    sampler = GANOverSampler(latent_transfer=False, **QUICK)
    images, _ = sampler.fit_resample(IMAGES, LABELS)
    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    expected = SyntheticDataset(sampler.generators_, {"bent": 6, "thin": 4}, seed=seed)
    assert np.array_equal(images[14:], np.stack([image.numpy() for image, _ in expected]))


@pytest.mark.parametrize(
    "strategy", ["auto", "minority", "not minority", "all", {"thin": 9, "bent": 3}, lambda y: {"bent": 5}]
)
def test_so_many_of_each_class_as_the_random_over_sampler_makes(strategy: Any) -> None:
    _, labels = GANOverSampler(sampling_strategy=strategy, **QUICK).fit_resample(IMAGES, LABELS)
    _, expected = RandomOverSampler(sampling_strategy=strategy).fit_resample(IMAGES.reshape(14, -1), LABELS)
    assert Counter(labels) == Counter(expected)


def test_a_ratio_of_two_classes() -> None:
    _, labels = GANOverSampler(sampling_strategy=0.75, **QUICK).fit_resample(IMAGES[:12], LABELS[:12])
    assert Counter(labels) == {"wide": 8, "thin": 6}


def test_equal_seeds_give_equal_images() -> None:
    first, second = (GANOverSampler(**QUICK).fit_resample(IMAGES, LABELS)[0] for _ in range(2))
    other = GANOverSampler(**{**QUICK, "random_state": 1}).fit_resample(IMAGES, LABELS)[0]
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("images", "shape"),
    [
        (IMAGES[:, 0], (1, 4, 6)),
        (IMAGES.reshape(14, -1)[:, :64], (1, 8, 8)),
        (IMAGES, (3, 4, 6)),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_forms_and_dtypes_are_kept(images: NDArray[Any], shape: tuple[int, ...], dtype: type) -> None:
    sampler = GANOverSampler(**QUICK)
    made, _ = sampler.fit_resample(images.astype(dtype), LABELS)
    assert (made.shape, made.dtype) == ((24, *images.shape[1:]), dtype)
    assert sampler.image_shape_ == shape
    if dtype != np.uint8:
        assert images.min() <= made.min() <= made.max() <= images.max()


@given(arrays(st.sampled_from([np.uint8, np.int64, np.float32, np.float64]), (3, 4), elements=st.integers(0, 250)))
def test_256_levels_give_every_value_back_within_half_of_one(values: NDArray[Any]) -> None:
    low, high = float(values.min()), float(values.max())
    back = _from_bytes(_to_bytes(values, low, high), values.dtype, low, high)
    assert back.dtype == values.dtype
    assert np.abs(back.astype(float) - values).max() <= (high - low) / 255 / 2 + 1e-4


def test_a_balanced_set_trains_nothing() -> None:
    sampler = GANOverSampler()
    images, labels = sampler.fit_resample(IMAGES[4:12], LABELS[4:12])
    assert len(images) == len(labels) == 8
    assert not hasattr(sampler, "generators_")


def test_it_stands_in_a_pipeline() -> None:
    model = make_pipeline(GANOverSampler(image_shape=(3, 4, 6), **QUICK), LogisticRegression(max_iter=500))
    rows = IMAGES.reshape(14, -1) / 255
    assert model.fit(rows, LABELS).predict(rows).shape == (14,)


def test_a_class_whose_gan_failed_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "augment.gan.training.trainer.find_fault", lambda *found: "collapsed" if len(found[-1]) == 2 else None
    )
    with pytest.warns(UserWarning, match="class 'bent' is left as it is, since its GAN failed: collapsed"):
        _, labels = GANOverSampler(**QUICK).fit_resample(IMAGES, LABELS)
    assert Counter(labels) == {"wide": 8, "thin": 8, "bent": 2}


@pytest.mark.parametrize(
    ("images", "options", "words"),
    [
        (IMAGES.reshape(14, -1), {}, r"72 pixels are no grey square; state image_shape=\(C, H, W\)"),
        (IMAGES.reshape(14, -1), {"image_shape": (1, 4, 6)}, "has not the 72 pixels of a row"),
        (IMAGES.reshape(14, -1), {"image_shape": (4, 6, 3)}, "with C 1 or 3, got a tuple"),
        (IMAGES.reshape(14, -1), {"image_shape": 24}, "with C 1 or 3, got 24"),
        (IMAGES, {"image_shape": (1, 4, 6)}, "and X is of images"),
        (IMAGES.transpose(0, 2, 3, 1), {}, r"got \(14, 4, 6, 3\): X.transpose\(0, 3, 1, 2\)"),
        (IMAGES[:, :2], {}, r"C 1 or 3, got \(14, 2, 4, 6\)$"),
    ],
)
def test_images_of_no_known_shape(images: NDArray[Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        GANOverSampler(**options).fit_resample(images, LABELS)


def test_what_the_libraries_refuse_they_name() -> None:
    rows = IMAGES.reshape(14, -1)
    with pytest.raises(ValueError, match="'sampling_strategy' parameter of GANOverSampler must be"):
        GANOverSampler(image_shape=(3, 4, 6), sampling_strategy="most").fit_resample(rows, LABELS)
    with pytest.raises(ValueError, match="contains NaN"):
        GANOverSampler(image_shape=(3, 4, 6)).fit_resample(np.full(rows.shape, np.nan), LABELS)
    with pytest.raises(DataError, match="class 'bent' has 1 images, at least 2"):
        GANOverSampler(**QUICK).fit_resample(IMAGES[:13], LABELS[:13])


def test_sparse_rows_are_refused() -> None:
    from scipy.sparse import csr_array  # noqa: PLC0415

    with pytest.raises(TypeError, match="X must be dense"):
        GANOverSampler(image_shape=(3, 4, 6)).fit_resample(csr_array(IMAGES.reshape(14, -1)), LABELS)
