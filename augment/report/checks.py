"""The checks against leaks, done anew on the files as they are: each can fail, and each names what it looked at.

`evaluate` stops on most of these before there is a page. Here they are asked of what lies in the folders now, which
somebody may have changed, copied or mended since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from augment.core.files import changed_files
from augment.data.imageset import CHANCE_BELOW_PX, ImageSet
from augment.data.split.labelled import LabelledSet
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


def checklist(
    sides: Mapping[str, ImageSet],
    synthetic: Mapping[str, Sequence[str]],
    groups: Mapping[str, Any],
    models: Mapping[str, Mapping[str, Any]],
    audit: Sequence[Mapping[str, str]],
    judged_test: str,
) -> list[LeakCheck]:
    """All checks, in the order in which a leak could come about.

    sides: train, val, test; synthetic: label -> SHA-256 of the pixels of every kept image; groups: groups.json;
    models: what each generator says of its training, by label, and `SHARED_GENERATORS` where there are any; audit: rows
    of audit.csv; judged_test: fingerprint of data/prepared/test when the verdict was reached.
    """
    images, ids = [side.digests() for side in sides.values()], [side.groups.tolist() for side in sides.values()]
    of_images = f"{sum(map(len, images))} images, compared pixel for pixel"
    group = "No group (a patient, a part, a cluster of near duplicates) lies on two sides"
    return [
        _apart("No image lies on two sides of the split", images, of_images, "images.npy"),
        _apart(group, ids, f"{len(set().union(*ids))} groups", "index.csv (group)"),
        _near_duplicates(groups["near_duplicates"]),
        _stems(groups["stems"]),
        _trained_on_train(sides["train"], models),
        _no_test_image(sides, synthetic),
        _audited(audit),
        _same_test(sides["test"].fingerprint(), judged_test),
    ]


def _apart(claim: str, keys: Sequence[Sequence[str]], total: str, file: str) -> LeakCheck:
    shared = len({key for first, other in combinations(map(set, keys), 2) for key in first & other})
    return LeakCheck(claim, _status(not shared), f"{shared} of {total}", f"data/prepared/{{train,val,test}}/{file}")


def _near_duplicates(near: Mapping[str, Any]) -> LeakCheck:
    claim, source = "No near duplicates lie on two sides", "data/prepared/groups.json (near_duplicates)"
    if not near["searched"]:
        why = "images below 16 px, groups that were all declared, or `ingest.near_duplicates: off`"
        return LeakCheck(claim, "not checked", f"near duplicates were not searched for: {why}", source)
    finding = f"{near['two_sides']} pairs; {near['clusters']} clusters with {near['images']} images were kept together"
    return LeakCheck(claim, _status(near["two_sides"] == 0), finding, source)


def _stems(names: Mapping[str, Any]) -> LeakCheck:
    claim, source = "No images whose names share a stem lie on two sides", "data/prepared/groups.json (stems)"
    finding = f"{names['two_sides']} test images have a sister elsewhere, of {names['images']} that share a stem"
    if names["two_sides"]:
        finding += "; `augment check` names the ingest.group_pattern that keeps them together"
    return LeakCheck(claim, _status(names["two_sides"] == 0), finding, source)


def _trained_on_train(train: ImageSet, models: Mapping[str, Mapping[str, Any]]) -> LeakCheck:
    """By the fingerprint of the images that every generator carries."""
    claim = "The GANs were trained on the training images, and on nothing else"
    source = "models/*/manifest.json (training.images_sha256), train.base, data/prepared/train"
    wanted = {label: train.of_class(label).fingerprint() for label in train.classes}
    wanted |= dict.fromkeys(SHARED_GENERATORS, train.fingerprint())
    other, silent = [], []
    for name, training in models.items():
        known = training.get("images_sha256")
        if known is None or (name == PINNED_BASE and known != wanted[PINNED_BASE]):
            silent.append(name)
        elif known != wanted.get(name):
            other.append(name)
    status: Status = "fail" if other else "not checked" if silent or not models else "pass"
    finding = f"{len(models)} generators carry the fingerprint of these images"
    if other:
        finding = f"trained on other images: {', '.join(other)}"
    elif silent:
        finding = f"were trained on other images, or do not say on which: {', '.join(silent)}"
    elif not models:
        finding = "there are no generators"
    return LeakCheck(claim, status, finding, source)


def _no_test_image(sides: Mapping[str, ImageSet], synthetic: Mapping[str, Sequence[str]]) -> LeakCheck:
    """Below 16 px honest samples meet real images by chance, so there an equal image proves nothing."""
    held_out = {digest for side in ("val", "test") for digest in sides[side].digests()}
    made = [digest for digests in synthetic.values() for digest in digests]
    equal = sum(digest in held_out for digest in made)
    chance = equal > 0 and min(sides["test"].images.shape[2:]) < CHANCE_BELOW_PX
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


def _same_test(now: str, judged: str) -> LeakCheck:
    claim = "The verdict was reached on the test images that are here now"
    finding = f"fingerprints {judged[:12]} and {now[:12]}"
    source = "reports/evaluation/verdict.json (looked.prepared), data/prepared/test"
    return LeakCheck(claim, _status(now == judged), finding, source)


def same_backbone(recorded: Mapping[str, str], folder: Path) -> list[LeakCheck]:
    """recorded: files of the user's own network, from `folder`, and their SHA-256 when it was used; none, no check."""
    changed = changed_files(folder, recorded)
    finding = f"changed since: {', '.join(changed)}; `dvc repro -f experiment`" if changed else ", ".join(recorded)
    claim = "The verdict was reached with the pretrained network that is here now"
    source = "reports/evaluation/verdict.json (backbone)"
    return [LeakCheck(claim, _status(not changed), finding, source)] if recorded else []


def _status(holds: bool) -> Status:
    return "pass" if holds else "fail"


def row_checklist(sides: Mapping[str, LabelledSet], judged_test: str) -> list[LeakCheck]:
    """Those of a table, whose words the page turns to rows."""
    digests, ids = [side.digests() for side in sides.values()], [side.groups.tolist() for side in sides.values()]
    of_rows = f"{sum(map(len, digests))} images, compared pixel for pixel"
    group = "No group (a patient, a machine, equal images) lies on two sides"
    return [
        _apart("No image lies on two sides of the split", digests, of_rows, "rows.npy"),
        _apart(group, ids, f"{len(set().union(*ids))} groups", "index.csv (group)"),
        _same_test(sides["test"].fingerprint(), judged_test),
    ]
