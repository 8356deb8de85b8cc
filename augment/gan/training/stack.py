"""Games of one kind in one stack: one game whose networks hold the weights of all, and back again.

A stack lives for one turn of a run (`together.py`). Its members agree in architecture, settings, clock and
learning rate, so every schedule is the same for all, and one step serves them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Adam

from augment.gan.networks.build import Discriminator, Generator, new_discriminator, new_generator
from augment.gan.training.step import Game, optimizer

State = dict[str, Tensor]


def joined(states: Sequence[State]) -> State:
    """Tensors of the same names in one: along the first axis, one member after the other.

    Counts without an axis (of steps, of batches) are those of the first.
    """
    return {
        name: torch.cat([state[name] for state in states]) if value.dim() else value.clone()
        for name, value in states[0].items()
    }


def parted(state: State, members: int) -> list[State]:
    """The opposite of `joined`: a copy of each member's own."""
    parts = {name: value.chunk(members) if value.dim() else [value] * members for name, value in state.items()}
    views = [{name: part[member] for name, part in parts.items()} for member in range(members)]
    copies = [{name: torch.empty_like(view) for name, view in own.items()} for own in views]
    copy_all(views, copies)
    return copies


def copy_all(sources: Sequence[State], targets: Sequence[State]) -> None:
    """Each tensor into that of its name, all of one kind of number in one launch."""
    pairs = [(theirs[name], value) for own, theirs in zip(sources, targets, strict=True) for name, value in own.items()]
    for kind in {source.dtype for _, source in pairs}:
        alike = [(target, source) for target, source in pairs if source.dtype == kind]
        torch._foreach_copy_([target for target, _ in alike], [source for _, source in alike])


def stacked(games: Sequence[Game], seed: int) -> Game:
    """One game of many, with a copy of all that they have and random numbers of its own."""
    first, members = games[0], len(games)
    architecture, device = first.generator.architecture, first.rng.device
    with torch.device("meta"):  # no weights are drawn
        generator, average = new_generator(architecture, members), new_generator(architecture, members)
        discriminator = new_discriminator(architecture, members)
    _fill(generator, [game.generator for game in games])
    _fill(average, [game.average for game in games])
    _fill(discriminator, [game.discriminator for game in games])
    learning_rate = first.generator_optimizer.param_groups[0]["lr"]
    generator_optimizer, discriminator_optimizer = (
        optimizer(player, learning_rate) for player in (generator, discriminator)
    )
    _fill_optimizer(generator_optimizer, [game.generator_optimizer for game in games])
    _fill_optimizer(discriminator_optimizer, [game.discriminator_optimizer for game in games])
    return Game(
        generator=generator,
        discriminator=discriminator,
        average=average.requires_grad_(False),
        generator_optimizer=generator_optimizer,
        discriminator_optimizer=discriminator_optimizer,
        rng=torch.Generator(device).manual_seed(seed),
        step=first.step,
        members=members,
    )


def unstack(stack: Game, games: Sequence[Game]) -> None:
    """Put what a stack has become back into the games that it was made of; their random numbers stay."""
    members = len(games)
    moments = [_parted_moments(own, members) for own in (stack.generator_optimizer, stack.discriminator_optimizer)]
    for network, sources in (
        (stack.generator, [game.generator for game in games]),
        (stack.discriminator, [game.discriminator for game in games]),
        (stack.average, [game.average for game in games]),
    ):
        copy_all(parted(network.state_dict(), members), [source.state_dict() for source in sources])
    for member, game in enumerate(games):
        for own, states in zip((game.generator_optimizer, game.discriminator_optimizer), moments, strict=True):
            _load_moments(own, states[member])
        game.step = stack.step


def _fill(network: Generator | Discriminator, sources: Sequence[Generator | Discriminator]) -> None:
    network.load_state_dict(joined([source.state_dict() for source in sources]), assign=True)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _fill_optimizer(stack: Adam, sources: Sequence[Adam]) -> None:
    states = [source.state_dict()["state"] for source in sources]
    _load_moments(stack, {index: joined([state[index] for state in states]) for index in states[0]})


def _parted_moments(stack: Adam, members: int) -> list[dict[int, State]]:
    parts = {index: parted(state, members) for index, state in stack.state_dict()["state"].items()}
    return [{index: part[member] for index, part in parts.items()} for member in range(members)]


def _load_moments(own: Adam, state: dict[int, State]) -> None:
    own.load_state_dict({"state": state, "param_groups": own.state_dict()["param_groups"]})
