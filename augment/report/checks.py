"""The checks against leaks, done anew on the files as they are: each can fail, and each names what it looked at.

`evaluate` stops on most of these before there is a page. Here they are asked of what lies in the folders now, which
somebody may have changed, copied or mended since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from augment.core.files import sha256
from augment.data.imageset import CHANCE_BELOW_PX, ImageSet
from augment.evaluation.samples.leakage import MAX_P_VALUE, MIN_NEARER_SHARE, Nearness

PINNED_BASE = "train.base"  # which may be of other images, and then nobody can tell whether of test images
SHARED_GENERATORS = ("shared GAN", PINNED_BASE)  # generators of all classes, from which those of the classes start
Status = Literal["pass", "fail", "not checked"]


@dataclass(frozen=True)
class LeakCheck:
    """A row of the checklist: what should hold, whether it does, what was found, and in which files."""

    claim: str
    status: Status
    finding: str
    source: str


@dataclass(frozen=True)
class Evidence:
    """What the checks look at.

    sides: train, val, test; synthetic: label -> SHA-256 of the pixels of every kept image; groups: groups.json;
    models: what each generator says of its training, by label, and `SHARED_GENERATORS` where there are any; audit: rows
    of audit.csv; judged_test: fingerprint of data/prepared/test when the verdict was reached.
    """

    sides: Mapping[str, ImageSet]
    synthetic: Mapping[str, Sequence[str]]
    groups: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]
    audit: Sequence[Mapping[str, str]]
    judged_test: str


def checklist(evidence: Evidence) -> list[LeakCheck]:
    """All checks, in the order in which a leak could come about."""
    return [
        _images_apart(evidence.sides),
        _groups_apart(evidence.sides),
        _near_duplicates(evidence),
        _trained_on_train(evidence),
        _no_test_image(evidence),
        _audited(evidence.audit),
        _same_test(evidence),
    ]


def _images_apart(sides: Mapping[str, ImageSet]) -> LeakCheck:
    claim, source = "No image lies on two sides of the split", "data/prepared/{train,val,test}/images.npy"
    shared = _on_two_sides([_digests(images) for images in sides.values()])
    finding = f"{shared} of {sum(map(len, sides.values()))} images, compared pixel for pixel"
    return LeakCheck(claim, _status(not shared), finding, source)


def _groups_apart(sides: Mapping[str, ImageSet]) -> LeakCheck:
    claim = "No group (a patient, a part, a cluster of near duplicates) lies on two sides"
    groups = [images.groups.tolist() for images in sides.values()]
    shared, total = _on_two_sides(groups), len(set().union(*groups))
    source = "data/prepared/{train,val,test}/index.csv (group)"
    return LeakCheck(claim, _status(not shared), f"{shared} of {total} groups", source)


def _near_duplicates(evidence: Evidence) -> LeakCheck:
    near = evidence.groups["near_duplicates"]
    claim, source = "No near duplicates lie on two sides", "data/prepared/groups.json (near_duplicates)"
    if not near["searched"]:
        why = "images below 16 px, groups that were all declared, or `ingest.near_duplicates: off`"
        return LeakCheck(claim, "not checked", f"near duplicates were not searched for: {why}", source)
    finding = f"{near['two_sides']} pairs; {near['clusters']} clusters with {near['images']} images were kept together"
    return LeakCheck(claim, _status(near["two_sides"] == 0), finding, source)


def _trained_on_train(evidence: Evidence) -> LeakCheck:
    """By the fingerprint of the images that every generator carries."""
    claim = "The GANs were trained on the training images, and on nothing else"
    source = "models/*/manifest.json (training.images_sha256), train.base, data/prepared/train"
    train = evidence.sides["train"]
    wanted = {label: train.of_class(label).fingerprint() for label in train.classes}
    wanted |= dict.fromkeys(SHARED_GENERATORS, train.fingerprint())
    other, silent = [], []
    for name, training in evidence.models.items():
        known = training.get("images_sha256")
        if known is None or (name == PINNED_BASE and known != wanted[PINNED_BASE]):
            silent.append(name)
        elif known != wanted.get(name):
            other.append(name)
    status: Status = "fail" if other else "not checked" if silent or not evidence.models else "pass"
    finding = f"{len(evidence.models)} generators carry the fingerprint of these images"
    if other:
        finding = f"trained on other images: {', '.join(other)}"
    elif silent:
        finding = f"were trained on other images, or do not say on which: {', '.join(silent)}"
    elif not evidence.models:
        finding = "there are no generators"
    return LeakCheck(claim, status, finding, source)


def _no_test_image(evidence: Evidence) -> LeakCheck:
    """Below 16 px honest samples meet real images by chance, so there an equal image proves nothing."""
    held_out = {digest for side in ("val", "test") for digest in _digests(evidence.sides[side])}
    made = [digest for digests in evidence.synthetic.values() for digest in digests]
    equal = sum(digest in held_out for digest in made)
    chance = equal > 0 and min(evidence.sides["test"].images.shape[2:]) < CHANCE_BELOW_PX
    status: Status = "not checked" if not made or chance else _status(not equal)
    finding = f"{equal} of {len(made)} synthetic images{', which may be chance at this size' if chance else ''}"
    source = "data/synthetic, data/prepared/{val,test}/images.npy"
    return LeakCheck("No synthetic image equals a val or test image", status, finding, source)


def _audited(rows: Sequence[Mapping[str, str]]) -> LeakCheck:
    claim = "The synthetic images lie no nearer to test than to train and to val"
    source = "reports/evaluation/audit.csv (nearer, p)"
    measured = [
        Nearness(int(row["seed"]), row["control"], 0, 0, float(row["nearer"]), float(row["p"]), "")
        for row in rows
        if row["p"]
    ]
    if not measured:
        return LeakCheck(claim, "not checked", "too few groups on a side to tell", source)
    worst = min(measured, key=lambda row: row.p or 0)
    text = (
        f"test is the nearer one in {100 * (worst.nearer or 0):.1f} % of comparisons with {worst.control} at worst, "
        f"p = {worst.p:.2g}; a leak is {100 * MIN_NEARER_SHARE:.0f} % and p at most {MAX_P_VALUE:g}"
    )
    return LeakCheck(claim, _status(not any(row.leak for row in measured)), text, source)


def _same_test(evidence: Evidence) -> LeakCheck:
    claim, now = "The verdict was reached on the test images that are here now", evidence.sides["test"].fingerprint()
    finding = f"fingerprints {evidence.judged_test[:12]} and {now[:12]}"
    source = "reports/evaluation/verdict.json (looked.prepared), data/prepared/test"
    return LeakCheck(claim, _status(now == evidence.judged_test), finding, source)


def _digests(images: ImageSet) -> list[str]:
    return [sha256(image.tobytes()) for image in images.images]


def _on_two_sides(sides: Sequence[Sequence[str]]) -> int:
    return len({key for first, other in combinations(map(set, sides), 2) for key in first & other})


def _status(holds: bool) -> Status:
    return "pass" if holds else "fail"
