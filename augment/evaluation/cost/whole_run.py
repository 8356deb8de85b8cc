"""How many bytes every stage of a run will write, the scores and what backbones see among them."""

import math
from collections.abc import Mapping
from pathlib import Path

from augment.core.files import SEEN_STORE
from augment.core.processes import cores
from augment.data.sizes import Size
from augment.evaluation.arms.seen import views_of
from augment.evaluation.cost.disk import (
    ROW,
    Shape,
    delivery_needs,
    gan_needs,
    kept_twice,
    pixel_bytes,
    repeats,
    sample_needs,
)
from augment.evaluation.experiment.settings import judged_size_of
from augment.measure.backbone.backbone import MIN_SIDE_PX
from augment.measure.backbone.lite0 import MAX_TRAINED_PLACES
from augment.params import Params
from augment.params.arms import BACKBONE_ARMS, BACKBONE_FROM_PX
from augment.project.disk_space import Need

FEATURE_BYTES, ACTIVATION_BYTES = 5120, 224  # of a picture that the backbone saw; the latter for each place
PLACE_PX = 16  # of a place in what the backbone sees
SECOND_CLASSIFIER = 2  # times the scores, at most


def score_needs(shape: Shape, counts: Mapping[str, int], scored: int, params: Params) -> list[Need]:
    """data/experiment, and what the backbone sees. shape: (C, H, W) of what it is shown; scored: images of val and
    test."""
    sees = min(shape[1:]) >= BACKBONE_FROM_PX
    arms = [arm for arm in params.evaluate.arm_names if sees or arm not in BACKBONE_ARMS]
    scores = 4 * (1 + len(arms)) * repeats(params) * scored * len(counts)  # float32; one arm more as delivered
    needs = kept_twice(Path("data/experiment"), SECOND_CLASSIFIER * scores, "scores")
    if not sees or set(arms).isdisjoint(BACKBONE_ARMS):
        return needs
    looks = [count * (1 + views_of(count)) for count in counts.values()]
    scale = max(1.0, MIN_SIDE_PX / min(shape[1:]))
    height, width = (math.ceil(side * scale / PLACE_PX) for side in shape[1:])
    while height * width > MAX_TRAINED_PLACES:
        height, width = -(-height // 2), -(-width // 2)
    size = FEATURE_BYTES + ACTIVATION_BYTES * height * width
    return [*needs, Need(SEEN_STORE, (sum(looks) + scored) * size, "what the backbone sees")]


def whole_run(
    shape: Shape, native: Size, sides: Mapping[str, int], counts: Mapping[str, int], params: Params
) -> list[Need]:
    """Of every stage; shape: (C, H, W) of GANs; native: (H, W) of the originals; sides: images of train, val, test and
    pool."""
    others, judged = sides.get("val", 0) + sides.get("test", 0), judged_size_of(params, shape[1:], native)
    prepared = sum(sides.values()) * (pixel_bytes(shape) + ROW)
    return [
        *kept_twice(Path("data/prepared"), prepared, "prepared images"),
        *gan_needs(shape, counts, params, cores(), True),
        *sample_needs(shape, counts, params),
        *delivery_needs(shape, native, counts, others, params),
        *score_needs((shape[0], *judged), counts, others, params),
    ]
