"""A stack of players is those players: layer by layer, step by step, there and back."""

from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from augment.gan.networks.architecture import LINEAR_MAX_PX, Architecture, NetworkName
from augment.gan.networks.build import new_discriminator, new_generator
from augment.gan.networks.layers import to_batch, to_channels
from augment.gan.training import step
from augment.gan.training.augmentation import DiffAugment, stacked_augmentation
from augment.gan.training.losses import LossName, adversarial_loss
from augment.gan.training.players import Players, RunProgress, new_players, snapshot, update_average
from augment.gan.training.run import GanJob
from augment.gan.training.stack import stack_players, stack_states, unstack_players, unstack_state
from augment.gan.training.step import Outcome, adversarial_step, draw_images, train_step
from augment.gan.training.trainer import average_samples
from tests.gan.conftest import TINY
from tests.gan.training.test_combinations import LOSSES, NETWORKS, SIZES

PLAIN = DiffAugment(0.0, "none", False)
COUNT, LATENT = 5, 4  # images of a model in a batch, length of z
RATE = 1e-3


def rng(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def shake(players: Players, seed: int) -> Players:
    """Weights that leave nothing at zero, where models could not be told apart."""
    draws = rng(seed)
    with torch.no_grad():
        for network in (players.generator, players.discriminator, players.average):
            for weight in network.parameters():
                weight.add_(0.1 * torch.randn(weight.shape, generator=draws))
    return players


def separate_players(
    network: NetworkName, height: int = 8, width: int = 8, channels: int = 1, models: int = 3
) -> list[Players]:
    plan = Architecture(network, channels, height, width, LATENT, 4)
    return [shake(new_players(plan, seed, RATE, "cpu"), seed) for seed in range(models)]


def batch(players: Players, seed: int) -> tuple[Tensor, Tensor]:
    plan = players.generator.architecture
    real = torch.rand(COUNT, plan.channels, plan.height, plan.width, generator=rng(seed)) * 2 - 1
    return real, torch.randn(COUNT, LATENT, generator=rng(seed + 100))


def in_turns(own: list[Tensor]) -> Tensor:
    """The models' rows, one of each, then the next of each."""
    return torch.stack(own, dim=1).flatten(0, 1)


def of_member(rows: Tensor, model: int, models: int) -> Tensor:
    return rows[model::models]


def states(players: Players) -> list[dict[str, Tensor]]:
    moments = [
        own
        for optimizer in (players.generator_optimizer, players.discriminator_optimizer)
        for own in optimizer.state_dict()["state"].values()
    ]
    networks = [players.generator, players.discriminator, players.average]
    return [*(network.state_dict() for network in networks), *moments]


def same(first: Players, second: Players) -> bool:
    one, other = ({f"{n} {name}": v for n, s in enumerate(states(g)) for name, v in s.items()} for g in (first, second))
    return (
        first.step == second.step
        and one.keys() == other.keys()
        and all(torch.equal(one[name], other[name]) for name in one)
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_rows_and_channels_hold_the_same_images(count: int, models: int, channels: int, side: int) -> None:
    rows = torch.rand(count * models, channels, side, side + 1, generator=rng(0))
    images = to_channels(rows, models)
    assert images.shape == (count, models * channels, side, side + 1)
    for model in range(models):
        own = images[:, model * channels : (model + 1) * channels]
        assert torch.equal(own, of_member(rows, model, models))
    assert torch.equal(to_batch(images, models), rows)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("network", "height", "width"),
    [(network, *size) for network in NETWORKS for size in SIZES if network != "linear" or max(size) <= LINEAR_MAX_PX],
)
def test_each_model_of_a_network_works_as_if_alone(
    network: NetworkName, height: int, width: int, channels: int
) -> None:
    own = separate_players(network, height, width, channels)
    real, z = zip(*(batch(players, seed) for seed, players in enumerate(own)), strict=True)
    stack = stack_players(own, 0)
    images, scores = stack.generator(in_turns(list(z))), stack.discriminator(in_turns(list(real)))
    assert images.shape == (3 * COUNT, channels, height, width)
    assert scores.shape == (3 * COUNT,)
    for model, players in enumerate(own):
        assert torch.allclose(of_member(images, model, 3), players.generator(z[model]), atol=1e-5)
        assert torch.allclose(of_member(scores, model, 3), players.discriminator(real[model]), atol=1e-4)


def midway(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    return (real + fake) / 2


def darker(images: Tensor, rng: torch.Generator) -> Tensor:
    """An augmentation without chance: another one for each image, told by its pixels."""
    return images * images.detach().mean(dim=(1, 2, 3), keepdim=True).cos().roll(1, dims=3)


def own_gradients(stack: Players, model: int) -> list[Tensor]:
    gradients = [weight.grad for player in (stack.generator, stack.discriminator) for weight in player.parameters()]
    return [gradient.chunk(stack.models)[model] for gradient in gradients if gradient is not None]


def gradients_of(players: Players) -> list[Tensor]:
    gradients = [weight.grad for player in (players.generator, players.discriminator) for weight in player.parameters()]
    return [gradient for gradient in gradients if gradient is not None]


@pytest.mark.parametrize("gamma", [0.0, 0.8])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_step_of_a_stack_is_a_step_of_each_pair_of_players(
    network: NetworkName, loss: LossName, gamma: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same images, latents and augmentation: the same gradients, figures, weights and averages, thrice."""
    monkeypatch.setattr(step, "interpolates", midway)
    own = separate_players(network)
    stack = stack_players(own, 0)
    for number in range(3):
        real, z = zip(*(batch(players, 10 * number + seed) for seed, players in enumerate(own)), strict=True)
        terms: dict[str, Any] = {"loss": adversarial_loss(loss), "augment": darker, "gamma": gamma}
        seen = adversarial_step(stack, in_turns(list(real)), in_turns(list(z)), **terms)
        stack.step += 1
        update_average(stack, 0.1)
        for model, players in enumerate(own):
            alone = adversarial_step(players, real[model], z[model], **terms)
            players.step += 1
            update_average(players, 0.1)
            for ours, theirs in zip(seen, alone, strict=True):
                assert torch.allclose(of_member(ours, model, 3), theirs, rtol=1e-4, atol=1e-4)
            for mine, expected in zip(own_gradients(stack, model), gradients_of(players), strict=True):
                assert torch.allclose(mine, expected, rtol=1e-3, atol=1e-4 * max(1.0, expected.abs().max().item()))
        copies = separate_players(network)
        unstack_players(stack, copies)
        for players, copied in zip(own, copies, strict=True):
            mine, expected = (
                torch.cat([v.flatten() for s in states(one) for v in s.values()]) for one in (copied, players)
            )
            # Adam makes a whole step even of a gradient that is 0 but for rounding, as that of the last bias is
            assert ((mine - expected).abs() > 1e-4 * expected.abs().clamp(min=0.1)).float().mean() < 0.01
        stack = stack_players(own, 0)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("stepped", [0, 2])
def test_into_a_stack_and_back_nothing_is_lost(network: NetworkName, stepped: int) -> None:
    own = separate_players(network)
    for players in own:
        for number in range(stepped):
            adversarial_step(players, *batch(players, number), loss=adversarial_loss("hinge"), augment=PLAIN, gamma=0.5)
            players.step += 1
            update_average(players, 0.1)
    others = [*separate_players(network)[1:], separate_players(network)[0]]
    assert not any(map(same, own, others))
    unstack_players(stack_players(own, 0), others)
    assert all(map(same, own, others))
    assert len({value.data_ptr() for players in others for value in states(players)[0].values()}) == 3 * len(
        states(own[0])[0]
    )


def test_parted_is_the_opposite_of_joined() -> None:
    several = [{"w": torch.rand(2, 3, generator=rng(seed)), "count": torch.tensor(4)} for seed in range(3)]
    whole = stack_states(several)
    assert whole["w"].shape == (6, 3)
    assert whole["count"].shape == ()
    for one, other in zip(unstack_state(whole, 3), several, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in other)


def test_a_stack_is_a_copy() -> None:
    own = separate_players("dcgan")
    before = [{name: value.clone() for name, value in states(players)[0].items()} for players in own]
    stack = stack_players(own, 0)
    with torch.no_grad():
        for weight in stack.generator.parameters():
            weight.fill_(9.0)
    assert all(
        torch.equal(states(players)[0][name], kept[name])
        for players, kept in zip(own, before, strict=True)
        for name in kept
    )


def test_a_model_that_is_not_finite_spoils_no_other(job: GanJob) -> None:
    """Bit for bit, also through its penalty, its batch norm and its moments."""
    data = torch.rand(6, 1, 8, 8, generator=rng(0))
    sampling_weights, first = torch.full((3, 2), 0.5, dtype=torch.float64), torch.tensor([[0], [2], [4]])

    def after(spoilt: bool) -> list[Players]:
        own = separate_players("dcgan")
        stack = stack_players(own, 1)
        for number in range(4):
            if spoilt and number == 1:
                for network in (stack.generator, stack.discriminator):
                    for weight in network.parameters():
                        weight.data.chunk(3)[1].fill_(float("nan"))
            train_step(
                stack,
                TINY,
                data,
                sampling_weights,
                stacked_augmentation([DiffAugment(0.5, "both", True)] * 3, 8, 8, data.device),
                first,
            )
        unstack_players(stack, own)
        return own

    sound, spoilt = after(False), after(True)
    assert [same(*pair) for pair in zip(sound, spoilt, strict=True)] == [True, False, True]
    assert not torch.isfinite(next(spoilt[1].discriminator.parameters())).any()


def test_models_draw_their_own_images_only() -> None:
    """Five images of the first, one of the second, three of the third, of which the last is hidden."""
    data = torch.tensor([0.0] * 5 + [1.0] + [2.0] * 2 + [9.0])
    sampling_weights = torch.tensor([[0.2] * 5, [1.0] + [0.0] * 4, [0.5, 0.5] + [0.0] * 3], dtype=torch.float64)
    drawn = draw_images(data, sampling_weights, 50, rng(0), torch.tensor([[0], [5], [6]]))
    assert torch.equal(drawn.view(50, 3), torch.tensor([0.0, 1.0, 2.0]).expand(50, 3))
    numbered = draw_images(torch.arange(9.0), sampling_weights, 400, rng(0), torch.tensor([[0], [5], [6]])).view(400, 3)
    assert set(numbered[:, 0].tolist()) == {0, 1, 2, 3, 4}
    assert set(numbered[:, 2].tolist()) == {6, 7}


def test_metrics_are_each_models_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Means over its own images: planted losses and scores, read off."""
    own = torch.arange(3.0).repeat(TINY.batch_size)  # 0, 1, 2 of the models, in turns
    seen = Outcome(own, 10 * own, own - 1, torch.zeros_like(own))
    monkeypatch.setattr(step, "adversarial_step", lambda *_, **__: seen)
    data, sampling_weights = torch.zeros(3, 1, 8, 8), torch.ones(3, 1, dtype=torch.float64)
    metrics = train_step(
        stack_players(separate_players("dcgan"), 0), TINY, data, sampling_weights, PLAIN, torch.tensor([[0], [1], [2]])
    )
    assert metrics.tolist() == [[0, 0, 0, -1], [1, 10, 0, 0], [2, 20, 1, 1]]
    assert metrics.dtype == torch.float64


def test_samples_of_a_stack_are_those_of_each_model() -> None:
    own = separate_players("dcgan")
    stack = stack_players(own, 0)
    before = [buffer.clone() for buffer in stack.average.buffers()]
    samples = average_samples(stack)
    assert samples is not None
    for model, players in enumerate(own):
        alone = average_samples(players)
        assert alone is not None
        assert torch.allclose(of_member(samples, model, 3), alone, atol=1e-5)
    assert all(map(torch.equal, before, stack.average.buffers())), "looking changes nothing"
    assert average_samples(stack_players(separate_players("linear"), 0)) is None


def test_augmentation_follows_each_models_probability() -> None:
    images = torch.rand(300, 1, 16, 16, generator=rng(0)) * 2 - 1
    augments = [DiffAugment(0.0, "none", True), DiffAugment(1.0, "none", True), DiffAugment(0.3, "none", False)]
    changed = (
        (stacked_augmentation(augments, 16, 16, images.device)(images, rng(1)) != images).flatten(1).any(dim=1).float()
    )
    shares = [of_member(changed, model, 3).mean().item() for model in range(3)]
    assert shares[:2] == [0, 1]
    assert 0.2 < shares[2] < 0.6


def test_models_alike_are_augmented_as_one() -> None:
    images = torch.rand(12, 3, 16, 16, generator=rng(0)) * 2 - 1
    for augment in (DiffAugment(0.7, "both", True), DiffAugment(0.7, "none", True, frozenset({"cutout"})), PLAIN):
        together = stacked_augmentation([augment] * 3, 16, 16, images.device)(images, rng(1))
        assert torch.equal(together, augment(images, rng(1)))


class Recorder(TorchDispatchMode):
    """The names of all operations."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal.default", "unique")


@pytest.mark.parametrize("loss", get_args(LossName))
@pytest.mark.parametrize("network", NETWORKS)
def test_a_step_takes_as_many_launches_for_many_as_for_few_and_never_waits(
    network: NetworkName, loss: LossName
) -> None:
    """What a GPU is slow at: launches, and telling the host a number."""
    wanted = step.GanSettings(**{**vars(TINY), "network": network, "loss": loss, "penalty_every": 1})
    counts = []
    for models in (2, 7):
        stack = stack_players(separate_players(network, 16, 16, models=models), 0)
        data, sampling_weights = torch.zeros(models, 1, 16, 16), torch.ones(models, 1, dtype=torch.float64)
        first, augment = (
            torch.arange(models)[:, None],
            stacked_augmentation([DiffAugment(0.5, "both", True)] * models, 16, 16, data.device),
        )
        train_step(stack, wanted, data, sampling_weights, augment, first)
        with Recorder() as recorded:
            train_step(stack, wanted, data, sampling_weights, augment, first)
        counts.append(len(recorded.names))
        assert not [name for name in recorded.names if any(wait in name for wait in WAITS)]
    assert counts[0] == counts[1] > 50


@pytest.mark.parametrize("network", NETWORKS)
def test_building_a_stack_draws_no_random_numbers(network: NetworkName) -> None:
    before = torch.get_rng_state()
    stack_players(separate_players(network), 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_model_goes_on_alone_where_its_stack_left_it() -> None:
    """Its snapshot after an interval is that of plain players: the next step is the same as with these weights."""
    own = separate_players("residual")
    stack = stack_players(own, 0)
    adversarial_step(
        stack, in_turns([batch(players, 0)[0] for players in own]), in_turns([batch(players, 0)[1] for players in own]),
        loss=adversarial_loss("mse"), augment=PLAIN, gamma=0.5,
    )  # fmt: skip
    stack.step += 1
    unstack_players(stack, own)
    state = snapshot(own[1], RunProgress(0.5))
    assert state["step"] == 1
    assert {int(moments["step"]) for moments in state["generator_optimizer"]["state"].values()} == {1}
    assert {name: value.shape for name, value in state["generator"].items()} == {
        name: value.shape for name, value in new_generator(own[1].generator.architecture).state_dict().items()
    }
    assert state["discriminator"].keys() == new_discriminator(own[1].generator.architecture).state_dict().keys()
    before = next(own[1].discriminator.parameters()).clone()
    adversarial_step(own[1], *batch(own[1], 3), loss=adversarial_loss("mse"), augment=PLAIN, gamma=0.5)
    assert not torch.equal(before, next(own[1].discriminator.parameters()))
