"""Players of one kind in one stack: one pair whose networks hold the weights of all, and back again.

A stack lives for one interval of a run (`stacked_trainer.py`). Its models agree in architecture, settings, clock and
learning rate, so every schedule is the same for all, and one step serves them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Adam

from augment.gan.networks.build import Discriminator, Generator, new_discriminator, new_generator
from augment.gan.training.players import NETWORKS, OPTIMIZERS, Players, new_optimizer

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
    copies = [{name: torch.empty_like(view) for name, view in of_model.items()} for of_model in views]
    copy_all(views, copies)
    return copies


def copy_all(sources: Sequence[State], targets: Sequence[State]) -> None:
    """Each tensor into that of its name, all of one kind of number in one launch."""
    pairs = [(to[name], value) for of, to in zip(sources, targets, strict=True) for name, value in of.items()]
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
    for name, network in zip(NETWORKS, (generator, discriminator, average), strict=True):
        states = [getattr(players, name).state_dict() for players in separate_players]
        network.load_state_dict(stack_states(states), assign=True)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    of_generator, of_discriminator = (
        _stack_optimizers(network, [getattr(players, name) for players in separate_players])
        for name, network in zip(OPTIMIZERS, (generator, discriminator), strict=True)
    )
    networks = generator, discriminator, average.requires_grad_(False)
    rng = torch.Generator(device).manual_seed(seed)
    return Players(*networks, of_generator, of_discriminator, rng, first.step, models)


def unstack_players(stack: Players, separate_players: Sequence[Players]) -> None:
    """Put what a stack has become back into the players that it was made of; their random numbers stay."""
    for name in NETWORKS:
        states = unstack_state(getattr(stack, name).state_dict(), len(separate_players))
        copy_all(states, [getattr(players, name).state_dict() for players in separate_players])
    for name in OPTIMIZERS:
        _unstack_moments(getattr(stack, name), [getattr(players, name) for players in separate_players])
    for players in separate_players:
        players.step = stack.step


def _stack_optimizers(network: Generator | Discriminator, sources: Sequence[Adam]) -> Adam:
    stack = new_optimizer(network, sources[0].param_groups[0]["lr"])
    states = [source.state_dict()["state"] for source in sources]
    _load_moments(stack, {index: stack_states([state[index] for state in states]) for index in states[0]})
    return stack


def _unstack_moments(stack: Adam, targets: Sequence[Adam]) -> None:
    parts = {index: unstack_state(state, len(targets)) for index, state in stack.state_dict()["state"].items()}
    for model, target in enumerate(targets):
        _load_moments(target, {index: part[model] for index, part in parts.items()})


def _load_moments(optimizer: Adam, moments: dict[int, State]) -> None:
    optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
