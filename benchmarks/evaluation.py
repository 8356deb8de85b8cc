"""`python -m benchmarks.evaluation PREPARED`: minutes of an evaluation where a probe judges, beside today's networks.

Both in one run on this machine, with the images of a folder data/prepared, five training sets with a val of their own,
and jittered copies in the place of all made images. The probe's arms run whole. Of the networks from scratch one of
each kind of augmentation trains an eighth of its steps, and the time is counted up to all arms and seeds.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

from augment.core.engine import Engine
from augment.core.processes import cores
from augment.data.imageset import ImageSet
from augment.evaluation.arms.baselines import jittered_copies
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.running import run_arms
from augment.evaluation.experiment.settings import arms_for, experiment_settings
from augment.evaluation.experiment.training_sets import repeat_seeds, rotated_val
from augment.measure.classifiers import FitSettings
from augment.params import check
from augment.params.arms import DELIVERED_ARM, SOURCES, augmentation_of

SEEDS, MADE, PART = 5, 400, 8
BEFORE = (  # the default arms of networks from scratch, before there were families
    "none", "oversample", "classical", "randaugment", "mixup_cutmix", "gan_fill", "gan_half", "gan_half_filtered",
    "copies_half", DELIVERED_ARM,
)  # fmt: skip


def main(folder: Path) -> None:
    splits = Splits(*(ImageSet.load(folder / side) for side in ("train", "val", "test")))
    protocol, engine = rotated_val(splits, repeat_seeds(0, SEEDS)), Engine("local", cores())
    chosen = check({"evaluate": {"classifier": "probe"}})
    first = protocol.first_splits.train
    arms = [arm for arm in arms_for(chosen.evaluate, *first.images.shape[2:]) if arm != DELIVERED_ARM]
    settings = experiment_settings(chosen, arms, first)
    samples = [
        Samples(dict.fromkeys(SOURCES, jittered_copies(one.splits.train, MADE, "none", one.seed)))
        for one in protocol.replicates
    ]
    began = time.perf_counter()
    run_arms(protocol.replicates, arms, samples, settings, engine)
    probes = (time.perf_counter() - began) / 60
    kinds = [augmentation_of(arm, "randaugment") for arm in BEFORE]
    jobs = {
        kind: ScratchFit(BEFORE[kinds.index(kind)], 0, first, Samples(), settings.fit, settings.batch_size, "none")
        for kind in dict.fromkeys(kinds)
    }
    steps = settings.fit.steps // PART
    short = [replace(job, fit=FitSettings(steps, job.fit.learning_rate), base="randaugment") for job in jobs.values()]
    seconds = dict(zip(jobs, engine.gather(_seconds, short), strict=True))
    networks = sum(seconds[kind] for kind in kinds) * PART * SEEDS / engine.processes / 60
    print(f"{first.images.shape[1:]}, {len(first)} training and {len(splits.test)} test images, {SEEDS} repeats")
    print(f"{len(arms)} arms as probes: {probes:.1f} min; {len(BEFORE)} arms from scratch: {networks:.1f} min")
    print(f"ratio {probes / networks:.3f}")


def _seconds(job: ScratchFit) -> float:
    began = time.perf_counter()
    fit_scratch(job)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]))
