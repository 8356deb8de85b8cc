"""GANs of one device that train together: in stacks, turn by turn.

A small network leaves a GPU waiting for its launches, and a stack takes as many of them as one GAN does. The
members part at the end of each turn, where every one adapts, is looked at, put by or rolled back by itself,
as a run of its own is. Then those furthest behind go on together, so a member that lost a turn catches up
with the others, one that was given up or is finished takes no part, and none can spoil another.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from augment.core.errors import TrainingError
from augment.core.seeds import derive_seed
from augment.gan.networks.build import to_float
from augment.gan.training.augmentation import abreast
from augment.gan.training.curve import record, turn_ends
from augment.gan.training.looks import end_turn, samples_of
from augment.gan.training.run import GanJob, GanResult, Run, Save, augmentation, begun, keep, play, result_of
from augment.gan.training.stack import stacked, unstack
from augment.gan.training.step import Game

MOST_MEMBERS = 256  # of a group: each holds a file of the work store open, and systems allow about a thousand
Stop = Callable[[], bool]
Tell = Callable[[int, int], None]


def alike(jobs: Sequence[GanJob]) -> list[list[int]]:
    """Positions of the jobs that can be stacked: those of equal settings and image sizes, in their order.

    A group holds at most `MOST_MEMBERS` of them.
    """
    groups: dict[Any, list[int]] = {}
    for position, job in enumerate(jobs):
        groups.setdefault((job.settings, job.images.shape[1:], job.device), []).append(position)
    return [group[at : at + MOST_MEMBERS] for group in groups.values() for at in range(0, len(group), MOST_MEMBERS)]


@dataclass(frozen=True)
class Member:
    """A run among others. position: in the list of jobs; begins: where its images begin in the data of all."""

    position: int
    begins: int
    run: Run
    save: Save | None


def fit_together(
    jobs: Sequence[GanJob],
    *,
    resume: Sequence[dict[str, Any] | None] | None = None,
    saves: Sequence[Save] | None = None,
    save_seconds: float = 30.0,
    stop: Stop = lambda: False,
    tell: Tell = lambda step, steps: None,
) -> Iterator[tuple[int, GanResult]]:
    """Train jobs that are `alike`; yields (position, result) as they finish.

    Results are equal in distribution to those of `fit`, and so are the checkpoints, one of each member, written
    after a turn. stop: asked before each step; when true, saves and raises KeyboardInterrupt. Raises
    `TrainingError` when the device cannot hold a single GAN; a stack that it cannot hold is halved.
    """
    if not jobs:
        return
    data = to_float(torch.from_numpy(np.concatenate([job.images for job in jobs]))).to(jobs[0].device)
    members = members_of(jobs, data, resume or [None] * len(jobs), saves or [None] * len(jobs))
    most, saved_at = len(members), time.monotonic()
    while True:
        yield from ((member.position, result_of(member.run)) for member in members if member.run.over)
        members = [member for member in members if not member.run.over]
        if not members:
            return
        group = furthest_behind(members)[:most]
        try:
            turn = play_turn(group, data, stop, tell)
        except torch.OutOfMemoryError as error:
            most = _halved(group, error)
            continue
        part(group, turn)
        if not turn.whole:
            _keep_all(members)
            raise KeyboardInterrupt
        if time.monotonic() - saved_at > save_seconds:
            _keep_all(members)
            saved_at = time.monotonic()


def furthest_behind(members: Sequence[Member]) -> list[Member]:
    """Those that can go on together first: where the clock shows least, of one learning rate."""

    def clock(member: Member) -> tuple[int, float]:
        game = member.run.game
        return game.step, game.generator_optimizer.param_groups[0]["lr"]

    last = min(map(clock, members))
    return [member for member in members if clock(member) == last]


@dataclass(frozen=True)
class Turn:
    """What a stack has played. figures: float64 (steps, K, 4), as `play` gives them; samples: None when stopped."""

    stack: Game
    figures: list[list[list[float]]]
    samples: Tensor | None
    whole: bool  # not stopped before its end


def play_turn(group: Sequence[Member], data: Tensor, stop: Stop, tell: Tell) -> Turn:
    """Play one stack of these to the end of their turn, or until it is stopped; the members stay as they are.

    data: the images of all, float (M, C, H, W), one member's after the other's. No step waits for the device.
    """
    runs = [member.run for member in group]
    games, settings = [run.game for run in runs], runs[0].job.settings
    _, _, height, width = data.shape
    augment = abreast([augmentation(settings, run.progress) for run in runs], height, width, data.device)
    chances = pad_sequence([run.seen for run in runs], batch_first=True)
    first = torch.tensor([[member.begins] for member in group], device=data.device)
    stack = stacked(games, _seed(runs))
    figures: list[Tensor] = []
    while whole := not stop():
        figures.append(play(stack, settings, data, chances, augment, first))
        tell(stack.step, settings.steps)
        if turn_ends(stack.step, settings.steps):
            break
    told = torch.stack(figures).tolist() if figures else []  # the only wait of a turn
    return Turn(stack, told, samples_of(stack) if whole else None, whole)


def part(group: Sequence[Member], turn: Turn) -> None:
    """Give every member what was played, so that a stop loses no step, and end its turn."""
    runs = [member.run for member in group]
    before = runs[0].game.step
    unstack(turn.stack, [run.game for run in runs])
    for number, run in enumerate(runs):
        record(run.progress, before, [own[number] for own in turn.figures], run.job.settings.steps)
        if turn.whole:
            end_turn(run, None if turn.samples is None else turn.samples[number :: len(runs)])


def members_of(
    jobs: Sequence[GanJob], data: Tensor, resume: Sequence[dict[str, Any] | None], saves: Sequence[Save | None]
) -> list[Member]:
    """The runs of these jobs, begun or resumed, with a view of each one's images."""
    members, begins = [], 0
    for position, job in enumerate(jobs):
        images = data[begins : begins + len(job.images)]
        members.append(Member(position, begins, begun(job, images, resume[position]), saves[position]))
        begins += len(job.images)
    return members


def _seed(runs: Sequence[Run]) -> int:
    """Of a stack's noise in one turn: named by who takes part, when, and after how many roll-backs."""
    parts = (part for run in runs for part in (run.job.seed, len(run.progress.rollbacks)))
    return derive_seed("stack", runs[0].game.step, *parts)


def _halved(group: Sequence[Member], error: torch.OutOfMemoryError) -> int:
    if len(group) > 1:
        return len(group) // 2
    job = group[0].run.job
    raise TrainingError(
        f"{job.name}: {job.device} has not enough free memory for one GAN. Lower train.batch_size or train.width, make "
        "the images smaller (ingest.size), or set compute.device: cpu"
    ) from error


def _keep_all(members: Sequence[Member]) -> None:
    for member in members:
        if not member.run.over:
            keep(member.run, member.save)
