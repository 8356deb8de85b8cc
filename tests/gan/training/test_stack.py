"""A stack of games is those games: layer by layer, step by step, there and back."""

from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from augment.gan.networks.architecture import LINEAR_MOST_PX
from augment.gan.networks.build import Architecture, NetworkName, new_discriminator, new_generator
from augment.gan.networks.layers import beside, in_rows
from augment.gan.training import run
from augment.gan.training import step as training
from augment.gan.training.augmentation import DiffAugment, abreast
from augment.gan.training.looks import samples_of
from augment.gan.training.losses import LossName, adversarial_loss
from augment.gan.training.run import draw, play
from augment.gan.training.stack import joined, parted, stacked, unstack
from augment.gan.training.state import Progress, snapshot
from augment.gan.training.step import Game, Outcome, adversarial_step, new_game, update_average
from tests.gan.conftest import TINY
from tests.gan.training.test_combinations import LOSSES, NETWORKS, SIZES

PLAIN = DiffAugment(0.0, "none", False)
COUNT, LATENT = 5, 4  # images of a member in a batch, length of z
RATE = 1e-3


def rng(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def shake(game: Game, seed: int) -> Game:
    """Weights that leave nothing at zero, where members could not be told apart."""
    draws = rng(seed)
    with torch.no_grad():
        for network in (game.generator, game.discriminator, game.average):
            for weight in network.parameters():
                weight.add_(0.1 * torch.randn(weight.shape, generator=draws))
    return game


def games(network: NetworkName, height: int = 8, width: int = 8, channels: int = 1, members: int = 3) -> list[Game]:
    plan = Architecture(network, channels, height, width, LATENT, 4)
    return [shake(new_game(plan, seed, RATE, "cpu"), seed) for seed in range(members)]


def batch(game: Game, seed: int) -> tuple[Tensor, Tensor]:
    plan = game.generator.architecture
    real = torch.rand(COUNT, plan.channels, plan.height, plan.width, generator=rng(seed)) * 2 - 1
    return real, torch.randn(COUNT, LATENT, generator=rng(seed + 100))


def in_turns(own: list[Tensor]) -> Tensor:
    """The members' rows, one of each, then the next of each."""
    return torch.stack(own, dim=1).flatten(0, 1)


def of_member(rows: Tensor, member: int, members: int) -> Tensor:
    return rows[member::members]


def states(game: Game) -> list[dict[str, Tensor]]:
    moments = [
        own
        for optimizer in (game.generator_optimizer, game.discriminator_optimizer)
        for own in optimizer.state_dict()["state"].values()
    ]
    networks = [game.generator, game.discriminator, game.average]
    return [*(network.state_dict() for network in networks), *moments]


def same(first: Game, second: Game) -> bool:
    one, other = ({f"{n} {name}": v for n, s in enumerate(states(g)) for name, v in s.items()} for g in (first, second))
    return (
        first.step == second.step
        and one.keys() == other.keys()
        and all(torch.equal(one[name], other[name]) for name in one)
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_rows_and_channels_hold_the_same_images(count: int, members: int, channels: int, side: int) -> None:
    rows = torch.rand(count * members, channels, side, side + 1, generator=rng(0))
    images = beside(rows, members)
    assert images.shape == (count, members * channels, side, side + 1)
    for member in range(members):
        own = images[:, member * channels : (member + 1) * channels]
        assert torch.equal(own, of_member(rows, member, members))
    assert torch.equal(in_rows(images, members), rows)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("network", "height", "width"),
    [(network, *size) for network in NETWORKS for size in SIZES if network != "linear" or max(size) <= LINEAR_MOST_PX],
)
def test_each_member_of_a_network_works_as_if_alone(
    network: NetworkName, height: int, width: int, channels: int
) -> None:
    own = games(network, height, width, channels)
    real, z = zip(*(batch(game, seed) for seed, game in enumerate(own)), strict=True)
    stack = stacked(own, 0)
    images, scores = stack.generator(in_turns(list(z))), stack.discriminator(in_turns(list(real)))
    assert images.shape == (3 * COUNT, channels, height, width)
    assert scores.shape == (3 * COUNT,)
    for member, game in enumerate(own):
        assert torch.allclose(of_member(images, member, 3), game.generator(z[member]), atol=1e-5)
        assert torch.allclose(of_member(scores, member, 3), game.discriminator(real[member]), atol=1e-4)


def midway(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    return (real + fake) / 2


def darker(images: Tensor, rng: torch.Generator) -> Tensor:
    """An augmentation without chance: another one for each image, told by its pixels."""
    return images * images.detach().mean(dim=(1, 2, 3), keepdim=True).cos().roll(1, dims=3)


def own_gradients(stack: Game, member: int) -> list[Tensor]:
    gradients = [weight.grad for player in (stack.generator, stack.discriminator) for weight in player.parameters()]
    return [gradient.chunk(stack.members)[member] for gradient in gradients if gradient is not None]


def gradients_of(game: Game) -> list[Tensor]:
    gradients = [weight.grad for player in (game.generator, game.discriminator) for weight in player.parameters()]
    return [gradient for gradient in gradients if gradient is not None]


@pytest.mark.parametrize("gamma", [0.0, 0.8])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_step_of_a_stack_is_a_step_of_each_game(
    network: NetworkName, loss: LossName, gamma: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same images, latents and augmentation: the same gradients, figures, weights and averages, thrice."""
    monkeypatch.setattr(training, "interpolates", midway)
    own = games(network)
    stack = stacked(own, 0)
    for number in range(3):
        real, z = zip(*(batch(game, 10 * number + seed) for seed, game in enumerate(own)), strict=True)
        terms: dict[str, Any] = {"loss": adversarial_loss(loss), "augment": darker, "gamma": gamma}
        seen = adversarial_step(stack, in_turns(list(real)), in_turns(list(z)), **terms)
        stack.step += 1
        update_average(stack, 0.1)
        for member, game in enumerate(own):
            alone = adversarial_step(game, real[member], z[member], **terms)
            game.step += 1
            update_average(game, 0.1)
            for ours, theirs in zip(seen, alone, strict=True):
                assert torch.allclose(of_member(ours, member, 3), theirs, rtol=1e-4, atol=1e-4)
            for mine, expected in zip(own_gradients(stack, member), gradients_of(game), strict=True):
                assert torch.allclose(mine, expected, rtol=1e-3, atol=1e-4 * max(1.0, expected.abs().max().item()))
        copies = games(network)
        unstack(stack, copies)
        for game, copied in zip(own, copies, strict=True):
            mine, expected = (
                torch.cat([v.flatten() for s in states(one) for v in s.values()]) for one in (copied, game)
            )
            # Adam makes a whole step even of a gradient that is 0 but for rounding, as that of the last bias is
            assert ((mine - expected).abs() > 1e-4 * expected.abs().clamp(min=0.1)).float().mean() < 0.01
        stack = stacked(own, 0)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("played", [0, 2])
def test_into_a_stack_and_back_nothing_is_lost(network: NetworkName, played: int) -> None:
    own = games(network)
    for game in own:
        for number in range(played):
            adversarial_step(game, *batch(game, number), loss=adversarial_loss("hinge"), augment=PLAIN, gamma=0.5)
            game.step += 1
            update_average(game, 0.1)
    others = [*games(network)[1:], games(network)[0]]
    assert not any(map(same, own, others))
    unstack(stacked(own, 0), others)
    assert all(map(same, own, others))
    assert len({value.data_ptr() for game in others for value in states(game)[0].values()}) == 3 * len(
        states(own[0])[0]
    )


def test_parted_is_the_opposite_of_joined() -> None:
    several = [{"w": torch.rand(2, 3, generator=rng(seed)), "count": torch.tensor(4)} for seed in range(3)]
    whole = joined(several)
    assert whole["w"].shape == (6, 3)
    assert whole["count"].shape == ()
    for one, other in zip(parted(whole, 3), several, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in other)


def test_a_stack_is_a_copy() -> None:
    own = games("dcgan")
    before = [{name: value.clone() for name, value in states(game)[0].items()} for game in own]
    stack = stacked(own, 0)
    with torch.no_grad():
        for weight in stack.generator.parameters():
            weight.fill_(9.0)
    assert all(
        torch.equal(states(game)[0][name], kept[name]) for game, kept in zip(own, before, strict=True) for name in kept
    )


def test_a_member_that_is_not_finite_spoils_no_other(job: run.GanJob) -> None:
    """Bit for bit, also through its penalty, its batch norm and its moments."""
    data = torch.rand(6, 1, 8, 8, generator=rng(0))
    chances, first = torch.full((3, 2), 0.5, dtype=torch.float64), torch.tensor([[0], [2], [4]])

    def after(spoilt: bool) -> list[Game]:
        own = games("dcgan")
        stack = stacked(own, 1)
        for number in range(4):
            if spoilt and number == 1:
                for network in (stack.generator, stack.discriminator):
                    for weight in network.parameters():
                        weight.data.chunk(3)[1].fill_(float("nan"))
            play(stack, TINY, data, chances, abreast([DiffAugment(0.5, "both", True)] * 3, 8, 8, data.device), first)
        unstack(stack, own)
        return own

    sound, spoilt = after(False), after(True)
    assert [same(*pair) for pair in zip(sound, spoilt, strict=True)] == [True, False, True]
    assert not torch.isfinite(next(spoilt[1].discriminator.parameters())).any()


def test_members_draw_their_own_images_only() -> None:
    """Five images of the first, one of the second, three of the third, of which the last is hidden."""
    data = torch.tensor([0.0] * 5 + [1.0] + [2.0] * 2 + [9.0])
    chances = torch.tensor([[0.2] * 5, [1.0] + [0.0] * 4, [0.5, 0.5] + [0.0] * 3], dtype=torch.float64)
    drawn = draw(data, chances, 50, rng(0), torch.tensor([[0], [5], [6]]))
    assert torch.equal(drawn.view(50, 3), torch.tensor([0.0, 1.0, 2.0]).expand(50, 3))
    numbered = draw(torch.arange(9.0), chances, 400, rng(0), torch.tensor([[0], [5], [6]])).view(400, 3)
    assert set(numbered[:, 0].tolist()) == {0, 1, 2, 3, 4}
    assert set(numbered[:, 2].tolist()) == {6, 7}


def test_figures_are_each_members_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Means over its own images: planted losses and scores, read off."""
    own = torch.arange(3.0).repeat(TINY.batch_size)  # 0, 1, 2 of the members, in turns
    seen = Outcome(own, 10 * own, own - 1, torch.zeros_like(own))
    monkeypatch.setattr(run, "adversarial_step", lambda *_, **__: seen)
    data, chances = torch.zeros(3, 1, 8, 8), torch.ones(3, 1, dtype=torch.float64)
    figures = play(stacked(games("dcgan"), 0), TINY, data, chances, PLAIN, torch.tensor([[0], [1], [2]]))
    assert figures.tolist() == [[0, 0, 0, -1], [1, 10, 0, 0], [2, 20, 1, 1]]
    assert figures.dtype == torch.float64


def test_samples_of_a_stack_are_those_of_each_member() -> None:
    own = games("dcgan")
    stack = stacked(own, 0)
    before = [buffer.clone() for buffer in stack.average.buffers()]
    samples = samples_of(stack)
    assert samples is not None
    for member, game in enumerate(own):
        alone = samples_of(game)
        assert alone is not None
        assert torch.allclose(of_member(samples, member, 3), alone, atol=1e-5)
    assert all(map(torch.equal, before, stack.average.buffers())), "looking changes nothing"
    assert samples_of(stacked(games("linear"), 0)) is None


def test_augmentation_follows_each_members_probability() -> None:
    images = torch.rand(300, 1, 16, 16, generator=rng(0)) * 2 - 1
    augments = [DiffAugment(0.0, "none", True), DiffAugment(1.0, "none", True), DiffAugment(0.3, "none", False)]
    changed = (abreast(augments, 16, 16, images.device)(images, rng(1)) != images).flatten(1).any(dim=1).float()
    shares = [of_member(changed, member, 3).mean().item() for member in range(3)]
    assert shares[:2] == [0, 1]
    assert 0.2 < shares[2] < 0.6


def test_members_alike_are_augmented_as_one() -> None:
    images = torch.rand(12, 3, 16, 16, generator=rng(0)) * 2 - 1
    for augment in (DiffAugment(0.7, "both", True), DiffAugment(0.7, "none", True, frozenset({"cutout"})), PLAIN):
        together = abreast([augment] * 3, 16, 16, images.device)(images, rng(1))
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
    wanted = training.GanSettings(**{**vars(TINY), "network": network, "loss": loss, "penalty_every": 1})
    counts = []
    for members in (2, 7):
        stack = stacked(games(network, 16, 16, members=members), 0)
        data, chances = torch.zeros(members, 1, 16, 16), torch.ones(members, 1, dtype=torch.float64)
        first, augment = (
            torch.arange(members)[:, None],
            abreast([DiffAugment(0.5, "both", True)] * members, 16, 16, data.device),
        )
        play(stack, wanted, data, chances, augment, first)
        with Recorder() as recorded:
            play(stack, wanted, data, chances, augment, first)
        counts.append(len(recorded.names))
        assert not [name for name in recorded.names if any(wait in name for wait in WAITS)]
    assert counts[0] == counts[1] > 50


@pytest.mark.parametrize("network", NETWORKS)
def test_building_a_stack_draws_no_random_numbers(network: NetworkName) -> None:
    before = torch.get_rng_state()
    stacked(games(network), 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_member_goes_on_alone_where_its_stack_left_it() -> None:
    """Its snapshot after a turn is that of a plain game: the next step is the same as of a game with these weights."""
    own = games("residual")
    stack = stacked(own, 0)
    adversarial_step(
        stack, in_turns([batch(game, 0)[0] for game in own]), in_turns([batch(game, 0)[1] for game in own]),
        loss=adversarial_loss("mse"), augment=PLAIN, gamma=0.5,
    )  # fmt: skip
    stack.step += 1
    unstack(stack, own)
    state = snapshot(own[1], Progress(0.5))
    assert state["step"] == 1
    assert {int(moments["step"]) for moments in state["generator_optimizer"]["state"].values()} == {1}
    assert {name: value.shape for name, value in state["generator"].items()} == {
        name: value.shape for name, value in new_generator(own[1].generator.architecture).state_dict().items()
    }
    assert state["discriminator"].keys() == new_discriminator(own[1].generator.architecture).state_dict().keys()
    before = next(own[1].discriminator.parameters()).clone()
    adversarial_step(own[1], *batch(own[1], 3), loss=adversarial_loss("mse"), augment=PLAIN, gamma=0.5)
    assert not torch.equal(before, next(own[1].discriminator.parameters()))
