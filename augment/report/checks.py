"""The checks against leaks, done anew on the files as they are: each can fail, and each names what it looked at.

`evaluate` stops on most of these before there is a page. Here they are asked of what lies in the folders now, which
somebody may have changed, copied or mended since.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from augment.core.files import changed_files
from augment.data.split.labelled import LabelledSet
from augment.evaluation.samples.leakage import MAX_P_VALUE, MIN_NEARER_SHARE, Nearness

PINNED_BASE = "train.base"  # which may be of other images, and then nobody can tell whether of test images
SHARED_GENERATORS = ("shared GAN", PINNED_BASE)  # generators of all classes, from which those of the classes start
IMAGES_KEY, ROWS_KEY = "images_sha256", "rows_sha256"  # of what a manifest says of the training
Status = Literal["pass", "fail", "not checked"]


@dataclass(frozen=True)
class LeakCheck:
    """A row of the checklist: what should hold, whether it does, what was found, and in which files."""

    claim: str
    status: Status
    finding: str
    source: str


def checklist(
    sides: Mapping[str, LabelledSet],
    synthetic: Sequence[str],
    certain: Collection[str],
    models: Mapping[str, Mapping[str, Any]],
    audit: Sequence[Mapping[str, str]],
    judged_test: str,
    groups: Mapping[str, Any] | None = None,
) -> list[LeakCheck]:
    """All checks, in the order in which a leak could come about; of a table in the words of images.

    sides: train, val, test; synthetic: SHA-256 of every kept sample; certain: of held-out ones that none of these
    equals by chance; models: what each generator says of its training, by label, and `SHARED_GENERATORS` where there
    are any; audit: rows of audit.csv; judged_test: fingerprint of data/prepared/test when the verdict was reached;
    groups: groups.json of images, None of rows.
    """
    images, ids = [side.digests() for side in sides.values()], [side.groups.tolist() for side in sides.values()]
    of_images = f"{sum(map(len, images))} images, compared pixel for pixel"
    group = "No group (a patient, a part, a cluster of near duplicates) lies on two sides"
    file, key = ("rows.npy", ROWS_KEY) if groups is None else ("images.npy", IMAGES_KEY)
    return [
        _apart("No image lies on two sides of the split", images, of_images, file),
        _apart(group, ids, f"{len(set().union(*ids))} groups", "index.csv (group)"),
        *([] if groups is None else [_near_duplicates(groups["near_duplicates"]), _stems(groups["stems"])]),
        _trained_on_train(sides["train"], models, key),
        _no_test_image({*images[1], *images[2]}, synthetic, certain, file),
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


def _trained_on_train(train: LabelledSet, models: Mapping[str, Mapping[str, Any]], key: str) -> LeakCheck:
    """By the fingerprint of the images that every generator carries under this key."""
    claim = "The GANs were trained on the training images, and on nothing else"
    base = ", train.base" * (key == IMAGES_KEY)
    source = f"models/*/manifest.json (training.{key}){base}, data/prepared/train"
    wanted = {label: train.of_class(label).fingerprint() for label in train.classes}
    wanted |= dict.fromkeys(SHARED_GENERATORS, train.fingerprint())
    other, silent = [], []
    for name, training in models.items():
        known = training.get(key)
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


def _no_test_image(held_out: Collection[str], made: Sequence[str], certain: Collection[str], file: str) -> LeakCheck:
    """Small images, and rows of rounded numbers, equal each other by chance too, which proves nothing."""
    equal = sum(digest in held_out for digest in made)
    chance = equal > 0 and not any(digest in certain for digest in made)
    status: Status = "not checked" if not made or chance else _status(not equal)
    finding = f"{equal} of {len(made)} synthetic images{', which may be chance' if chance else ''}"
    source = f"data/synthetic, data/prepared/{{val,test}}/{file}"
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
