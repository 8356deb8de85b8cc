"""The GANs of rows: where they begin, that they learn, that they stop; bundles that give back what was saved."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from augment import load_generators
from augment.core.errors import ArgumentError, BundleError, ParamsError
from augment.core.files import json_text, slug
from augment.data.rows.columns import MAX_SCHEMA_BYTES, Column, Schema
from augment.data.rows.encoding import Encoding
from augment.gan.bundle_files import signed
from augment.gan.rows import training
from augment.gan.rows.generators import RowGenerator, RowGenerators
from augment.gan.rows.making import generators_of
from augment.gan.rows.network import (
    RowDiscriminator,
    RowGeneratorNetwork,
    RowShape,
    start_at_gaussian,
    straight_through,
)
from augment.gan.rows.settings import row_settings
from augment.gan.rows.training import SPREADS, fit, new_players, train_rows
from augment.gan.training import checks
from augment.gan.training.players import RunProgress
from augment.params import Train
from augment.params.image_sections import Override
from tests.rows import COLUMNS, COUNTS, toy_rows

SHAPE = RowShape(3, (3,), hidden=16, latent=4)
QUICK = Train(width=4, latent=4, shared_steps=30, steps=20)


@pytest.fixture(scope="module")
def generators() -> RowGenerators:
    return generators_of(toy_rows(), QUICK, 0)


def test_before_its_first_step_a_generator_is_the_gaussian_that_it_is_given() -> None:
    root = torch.tensor([[1.0, 0.0, 0.0], [0.8, 0.5, 0.0], [-0.3, 0.2, 0.9]], dtype=torch.float64)
    covariance, shares = root @ root.T, torch.tensor([0.6, 0.3, 0.1])
    network = RowGeneratorNetwork(SHAPE)
    start_at_gaussian(network, covariance, shares)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        made = network(torch.randn(40_000, SHAPE.noise, generator=rng))[:, :, 0, 0]
    np.testing.assert_allclose(np.cov(made[:, :3].T.numpy()), covariance.numpy(), atol=0.03)
    np.testing.assert_allclose(made[:, 3:].mean(dim=0).numpy(), shares.numpy(), atol=0.01)
    assert set(made[:, 3:].flatten().round(decimals=5).tolist()) == {0.0, 1.0}


def test_many_columns_have_fewer_directions_and_a_grain_each() -> None:
    shape = RowShape(200, (), 8, 4)
    assert (shape.rank, shape.grain, shape.noise) == (128, 200, 128 + 4 + 200)
    covariance = torch.diag(torch.linspace(0.5, 2, 200, dtype=torch.float64))
    network = RowGeneratorNetwork(shape)
    start_at_gaussian(network, covariance, torch.ones(0))
    with torch.no_grad():
        made = network(torch.randn(20_000, shape.noise, generator=torch.Generator().manual_seed(0)))[:, :, 0, 0]
    np.testing.assert_allclose(made.var(dim=0).numpy(), covariance.diagonal().numpy(), rtol=0.1)


def test_the_gradient_of_a_choice_is_that_of_the_relaxed_one() -> None:
    logits, noise = torch.randn(5, 3, requires_grad=True), torch.randn(5, 3)
    weights = torch.randn(5, 3)
    (straight_through(logits, noise) * weights).sum().backward()
    hard, logits.grad = logits.grad.clone(), None
    share = torch.special.ndtr(noise)
    soft = torch.softmax((logits - torch.log(-torch.log(share))) / (2 / 3), dim=1)
    (soft * weights).sum().backward()
    np.testing.assert_allclose(hard.numpy(), logits.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_a_discriminator_scores_each_row_by_itself() -> None:
    network, rows = RowDiscriminator(SHAPE), torch.randn(6, SHAPE.width, 1, 1)
    with torch.no_grad():
        np.testing.assert_allclose(
            network(rows).numpy(), torch.cat([network(row[None]) for row in rows]).numpy(), rtol=1e-5
        )


def test_a_gan_learns_what_a_gaussian_cannot() -> None:
    """Two numbers on a circle: before training samples fill it."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 400)
    data = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (1 + 0.03 * rng.normal(size=(400, 1)))
    once = torch.from_numpy(data.astype(np.float32))
    every = once.tile(SPREADS, 1)
    settings = row_settings(Train(width=16, latent=8, batch_size=64), {"a": 400})
    players = new_players(RowShape(2, (), 64, 8), every, settings, 0)

    def off_the_circle() -> float:
        z = torch.randn(1000, players.average.shape.noise, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            radius = players.average(z)[:, :, 0, 0].norm(dim=1)
        return float((radius - 1).abs().mean())

    before = off_the_circle()
    assert fit(players, every, once, settings, 500, RunProgress(0.0), 0) is None
    assert off_the_circle() < 0.6 * before


def test_equal_seeds_train_equal_generators_and_others_others(generators: RowGenerators) -> None:
    again, other = (generators_of(toy_rows(), QUICK, seed) for seed in (0, 1))
    np.testing.assert_array_equal(again["nut"].rows(20), generators["nut"].rows(20))
    assert (other["nut"].rows(20) != generators["nut"].rows(20)).any()


def test_samples_are_in_the_users_units(generators: RowGenerators) -> None:
    pandas = pytest.importorskip("pandas")
    train = toy_rows()
    for label, generator in generators.items():
        frame = generator.sample(200, seed=3)
        assert isinstance(frame, pandas.DataFrame)
        assert list(frame.columns) == [column.name for column in COLUMNS]
        assert frame["count"].dtype == np.int64
        assert set(frame["shape"]) <= set(COLUMNS[3].levels)
        assert (frame["length"].round(2) == frame["length"]).all()
        low, high = train.values[:, 2].min(), train.values[:, 2].max()
        assert frame["mass"].between(low, high).all()
        own = train.of_class(label).values[:, 0]
        assert abs(frame["length"].mean() - own.mean()) < 1.0, "of its class"


def test_row_i_depends_on_seed_and_i_alone(generators: RowGenerators) -> None:
    generator = generators["bolt"]
    every = generator.rows(150, seed=5)
    np.testing.assert_array_equal(generator.rows(4, seed=5), every[:4])
    np.testing.assert_array_equal(generator.rows(10, seed=5, start=70), every[70:80])
    assert generator.rows(0).shape == (0, 4)
    with pytest.raises(ValueError, match="n must be"):
        generator.sample(-1)


def test_a_set_draws_all_classes_in_turns(generators: RowGenerators) -> None:
    frame, labels = generators.sample(7, seed=2)
    assert labels.tolist() == ["bolt", "nut", "pin", "bolt", "nut", "pin", "bolt"]
    np.testing.assert_array_equal(frame["length"].to_numpy()[::3], generators["bolt"].rows(3, seed=2)[:, 0])
    assert "3 generators" in repr(generators)


def test_what_is_saved_comes_back(generators: RowGenerators, tmp_path: Path) -> None:
    generators.save(tmp_path / "a")
    generators.save(tmp_path / "b")
    for path in (tmp_path / "a").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
    found = load_generators(tmp_path / "a")
    assert isinstance(found, RowGenerators)
    assert list(found) == sorted(COUNTS)
    for label in COUNTS:
        np.testing.assert_array_equal(found[label].rows(70, seed=1), generators[label].rows(70, seed=1))
        assert found[label].training == generators[label].training


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda values: values | {"hidden": 0}, "bad_value"),
        (lambda values: values | {"code": "import os"}, "unknown_key"),
        (lambda values: values | {"knots": values["knots"][:-1]}, "bad_value"),
        (lambda values: values | {"hidden": values["hidden"] * 2}, "wrong_bundle"),
        (lambda values: values | {"columns": {"form": "table"}}, "bad_value"),
        (lambda values: values | {"format": 9}, "wrong_format"),
    ],
)
def test_a_bundle_that_is_not_the_one_written_is_refused(
    generators: RowGenerators, tmp_path: Path, change: object, code: str
) -> None:
    generators.save(tmp_path)
    path = tmp_path / slug("nut") / "manifest.json"
    path.write_text(json_text(signed(change(json.loads(path.read_text())))))  # type: ignore[operator]
    with pytest.raises(BundleError) as caught:
        load_generators(tmp_path)
    assert caught.value.code == code


def test_damaged_weights_are_refused(generators: RowGenerators, tmp_path: Path) -> None:
    generators.save(tmp_path)
    path = tmp_path / slug("nut") / "generator.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\xc0\x7f")
    with pytest.raises(BundleError) as caught:
        load_generators(tmp_path)
    assert caught.value.code == "wrong_hash"


def test_vectors_are_arrays() -> None:
    rows = toy_rows()
    schema = type(rows.schema)("vectors", "label", COLUMNS[:3])
    vectors = type(rows)(schema, rows.values[:, :3].copy(), rows.labels, rows.groups, rows.sources)
    made = generators_of(vectors, QUICK, 0)["pin"].sample(5)
    assert (made.shape, made.dtype) == ((5, 3), np.float32)


def test_a_class_whose_gan_fails_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(players: object, rows: object, loss: object, samples: object, real: torch.Tensor) -> str | None:
        return "collapsed" if len(real) == COUNTS["nut"] else None

    monkeypatch.setattr(training, "find_fault", found)
    rows = toy_rows()
    trained = train_rows(rows, Encoding.of(rows.schema, rows.values), row_settings(QUICK, rows.counts()), 0)
    assert sorted(trained.generators) == ["bolt", "pin"]
    assert trained.failed["nut"].startswith("collapsed at step")
    assert len(trained.rollbacks["nut"]) == 2


def test_settings_of_single_classes_are_steps_alone() -> None:
    settings = row_settings(Train(overrides={"nut": Override(steps=7)}), COUNTS)
    assert settings.steps["nut"] == 7
    assert settings.steps["pin"] <= 20 * COUNTS["pin"]
    with pytest.raises(ParamsError, match="no class is called 'nutt'"):
        row_settings(Train(overrides={"nutt": Override(steps=7)}), COUNTS)
    with pytest.raises(ParamsError, match="gamma is for images"):
        row_settings(Train(overrides={"nut": Override(gamma=1.0)}), COUNTS)


def test_a_generator_whose_weights_are_not_finite_says_so(generators: RowGenerators) -> None:
    network = RowGeneratorNetwork(generators["nut"].network.shape)
    with torch.no_grad():
        network.factor.fill_(float("nan"))
    with pytest.raises(BundleError, match="not finite"):
        RowGenerator("nut", network, generators["nut"].encoding).rows(3)


def test_samples_are_judged_by_each_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of a row lie at distance nought from each other, by which nothing would ever repeat or replay."""
    rows, judged = toy_rows(), list[torch.Tensor]()

    def record(players: object, history: object, loss: object, samples: object, real: torch.Tensor) -> None:
        judged.append(real)

    monkeypatch.setattr(training, "find_fault", record)
    generators_of(rows, Train(width=4, latent=4, shared_steps=10, steps=10), 0)
    counts = rows.counts()
    assert {len(real) for real in judged} == {len(rows), *counts.values()}
    assert all(checks._usual_spacing(real) > 0 for real in judged if len(real) >= checks.MIN_REAL_IMAGES)


def test_what_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    """As many columns and levels as ingest lets pass are loaded again; more are refused, and nothing is written."""
    texts = tuple(f"{number:02}" for number in range(50))
    columns = tuple(Column(f"c{at}", "categorical", texts) for at in range(1000))
    one, two = (len(json_text(Schema("table", "kind", columns[:count]).as_json())) for count in (1, 2))
    fitting = Schema("table", "kind", columns[: 1 + (MAX_SCHEMA_BYTES - one) // (two - one)])
    for schema, loads in ((fitting, True), (Schema("table", "kind", columns), False)):
        values = np.arange(50.0)[:, None].repeat(len(schema.columns), axis=1)
        encoding = Encoding.of(schema, values)
        network = RowGeneratorNetwork(RowShape(0, encoding.sizes, 4, 4))
        made = RowGenerators({"nut": RowGenerator("nut", network, encoding)}, {}, ["nut"])
        if loads:
            made.save(tmp_path / "fits")
            assert list(load_generators(tmp_path / "fits")) == ["nut"]
        else:
            with pytest.raises(ArgumentError, match=r"manifest\.json would have 1,\d+,\d+ bytes, at most 1,000,000"):
                made.save(tmp_path / "too_much")
            assert not (tmp_path / "too_much").exists()
