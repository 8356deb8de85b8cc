"""Players of one kind in one stack: one pair whose networks hold the weights of all, and back again.

A stack lives for one interval of a run (`stacked_trainer.py`). Its models agree in architecture, settings, clock and
learning rate, so every schedule is the same for all, and one step serves them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Adam

from augment.gan.networks.build import Discriminator, Generator, new_discriminator, new_generator
from augment.gan.training.step import Players, new_optimizer

State = dict[str, Tensor]


def stack_states(states: Sequence[State]) -> State:
    """Tensors of the same names in one: along the first axis, one model after the other.

    Counts without an axis (of steps, of batches) are those of the first.
    """
    return {
        name: torch.cat([state[name] for state in states]) if value.dim() else value.clone()
        for name, value in states[0].items()
    }


def unstack_state(state: State, models: int) -> list[State]:
    """The opposite of `stack_states`: a copy of each model's own."""
    parts = {name: value.chunk(models) if value.dim() else [value] * models for name, value in state.items()}
    views = [{name: part[model] for name, part in parts.items()} for model in range(models)]
    copies = [{name: torch.empty_like(view) for name, view in own.items()} for own in views]
    copy_all(views, copies)
    return copies


def copy_all(sources: Sequence[State], targets: Sequence[State]) -> None:
    """Each tensor into that of its name, all of one kind of number in one launch."""
    pairs = [(theirs[name], value) for own, theirs in zip(sources, targets, strict=True) for name, value in own.items()]
    for kind in {source.dtype for _, source in pairs}:
        alike = [(target, source) for target, source in pairs if source.dtype == kind]
        torch._foreach_copy_([target for target, _ in alike], [source for _, source in alike])


def stack_players(separate_players: Sequence[Players], seed: int) -> Players:
    """One pair of players of many, with a copy of all that they have and random numbers of its own."""
    first, models = separate_players[0], len(separate_players)
    architecture, device = first.generator.architecture, first.rng.device
    with torch.device("meta"):  # no weights are drawn
        generator, average = new_generator(architecture, models), new_generator(architecture, models)
        discriminator = new_discriminator(architecture, models)
    _fill(generator, [players.generator for players in separate_players])
    _fill(average, [players.average for players in separate_players])
    _fill(discriminator, [players.discriminator for players in separate_players])
    learning_rate = first.generator_optimizer.param_groups[0]["lr"]
    generator_optimizer, discriminator_optimizer = (
        new_optimizer(network, learning_rate) for network in (generator, discriminator)
    )
    _fill_optimizer(generator_optimizer, [players.generator_optimizer for players in separate_players])
    _fill_optimizer(discriminator_optimizer, [players.discriminator_optimizer for players in separate_players])
    return Players(
        generator=generator,
        discriminator=discriminator,
        average=average.requires_grad_(False),
        generator_optimizer=generator_optimizer,
        discriminator_optimizer=discriminator_optimizer,
        rng=torch.Generator(device).manual_seed(seed),
        step=first.step,
        models=models,
    )


def unstack_players(stack: Players, separate_players: Sequence[Players]) -> None:
    """Put what a stack has become back into the players that it was made of; their random numbers stay."""
    models = len(separate_players)
    moments = [_unstack_moments(own, models) for own in (stack.generator_optimizer, stack.discriminator_optimizer)]
    for network, sources in (
        (stack.generator, [players.generator for players in separate_players]),
        (stack.discriminator, [players.discriminator for players in separate_players]),
        (stack.average, [players.average for players in separate_players]),
    ):
        copy_all(unstack_state(network.state_dict(), models), [source.state_dict() for source in sources])
    for model, players in enumerate(separate_players):
        for own, states in zip((players.generator_optimizer, players.discriminator_optimizer), moments, strict=True):
            _load_moments(own, states[model])
        players.step = stack.step


def _fill(network: Generator | Discriminator, sources: Sequence[Generator | Discriminator]) -> None:
    network.load_state_dict(stack_states([source.state_dict() for source in sources]), assign=True)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _fill_optimizer(stack: Adam, sources: Sequence[Adam]) -> None:
    states = [source.state_dict()["state"] for source in sources]
    _load_moments(stack, {index: stack_states([state[index] for state in states]) for index in states[0]})


def _unstack_moments(stack: Adam, models: int) -> list[dict[int, State]]:
    parts = {index: unstack_state(state, models) for index, state in stack.state_dict()["state"].items()}
    return [{index: part[model] for index, part in parts.items()} for model in range(models)]


def _load_moments(own: Adam, state: dict[int, State]) -> None:
    own.load_state_dict({"state": state, "param_groups": own.state_dict()["param_groups"]})
