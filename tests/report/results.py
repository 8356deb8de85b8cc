"""What the stages `experiment` and `evaluate` leave of a small run, in the documented formats."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from augment.core.files import write_csv, write_json
from augment.data.checksums import CHECKSUMS, write_checksums
from augment.data.imageset import ImageSet
from augment.evaluation.columns import columns

ARMS = {"none": "real", "oversample": "real", "classical": "real", "gan_half_filtered": "gan", "copies_half": "control"}
MEANS = {"none": 0.711, "oversample": 0.723, "classical": 0.752, "gan_half_filtered": 0.783, "copies_half": 0.741}
SEEDS = 3


def write_reports(
    folder: Path,
    labels: Sequence[str],
    train: Mapping[str, np.ndarray],
    test: Mapping[str, np.ndarray],
    synthetic: Mapping[str, np.ndarray],
    verdict: str,
) -> None:
    def table(name: str, rows: Sequence[Mapping[str, object]]) -> None:
        write_csv(folder / "evaluation" / f"{name}.csv", rows, columns(name))

    chosen = "classical" if verdict == "not used" else "gan_half_filtered"
    net = (
        {"mean": 0.0, "low": 0.0, "high": 0.0}
        if verdict == "not used"
        else {"mean": 0.031, "low": 0.0123, "high": 0.0497}
    )
    words = {
        "verdict": verdict,
        "primary": "balanced_accuracy",
        "gain": {"gross": {"mean": 0.072, "low": 0.0431, "high": 0.1009}, "net": net},
        "equivalence": 0.01,
        "deciding": {"setting": "evaluate.seeds", "repeats": 12, "growth": None} if verdict == "undecided" else None,
        "policy": {"arm": chosen, "weight": 0.0 if verdict == "not used" else 0.5},
        "best_real": "classical",
        "smallest_gain": {"announced": None, "measured": 0.0214},
        "looked": {"prepared": ImageSet.load(folder.parent / "data/prepared/test").fingerprint()},
        "explanation": [
            {"text": "To help, the bound must lie above 0.", "source": "comparisons.csv: candidate x (low)"}
        ],
        "as_delivered": {
            "gross": {"mean": 0.05, "low": 0.03, "high": 0.07},
            "net": {"mean": -0.012, "low": -0.0301, "high": 0.0102},
        },
        "augmentation": "classical",
        "base": "classical",
        "tried": ["scratch"],
        "first_line": "Without any GAN the best way found is a network from scratch: 75.2 %.",
        "delivery": {
            "use": "chosen",
            "arm": None if verdict == "not used" else chosen,
            "reason": "since val refused GAN images" if verdict == "not used" else "which val did not refuse",
        },
        "protocol": {"name": "holdout", "form": "split", "repeats": 2, "ratio": None, "speaks": "Of this split."},
        "sentence": "Synthetic images raise balanced accuracy by 3.1 points over the best way without them.",
        "reasons": [
            "The lower bound is above 0 against every real-only arm.",
            "It is above 0 against jittered copies.",
        ],
        "advice": [
            "Set `assemble.use: real` or train on data/augmented.",
            "Add real images of small classes all the same.",
        ],
    }
    write_json(folder / "evaluation" / "verdict.json", words)
    environment = {"torch": "2.13.0", "numpy": "2.2.1", "python": "3.11.9", "device": "cpu", "precision": "fp32"}
    write_json(folder / "evaluation" / "environment.json", environment)
    table("families", [
        {"classifier": "logistic regression on random_convolutions", "arm": "none", "kind": "real", "mean": 0.6612,
         "low": 0.6401, "high": 0.6823},
        {"classifier": "logistic regression on random_convolutions", "arm": "gan_half_filtered", "kind": "gan",
         "mean": 0.6934, "low": 0.6702, "high": 0.7166, "best_real": "none", "net": 0.0322, "net_low": 0.0101,
         "net_high": 0.0543},
    ])  # fmt: skip
    table("runs", [{"arm": arm, "seed": seed, "split": "test"} for arm in ARMS for seed in range(SEEDS)])
    table("arms", [
        {"arm": arm, "kind": kind, "mean": MEANS[arm], "low": MEANS[arm] - 0.021, "high": MEANS[arm] + 0.022,
         "val_mean": MEANS[arm] - 0.013, "accuracy": MEANS[arm] + 0.04, "macro_f1": MEANS[arm] - 0.005,
         "auroc": 0.9123, "brier": 0.3456, "ece": 0.0789}
        for arm, kind in ARMS.items()
    ])  # fmt: skip
    table("comparisons", [
        {"candidate": candidate, "rival": rival, "split": split, "mean": MEANS[candidate] - MEANS[rival],
         "low": MEANS[candidate] - MEANS[rival] - 0.019, "high": MEANS[candidate] - MEANS[rival] + 0.019,
         "low90": MEANS[candidate] - MEANS[rival] - 0.015, "high90": MEANS[candidate] - MEANS[rival] + 0.015,
         "seed_sd": 0.011, "test_se": 0.008, "seeds": SEEDS, "p": 0.0123,
         "p_holm": "" if candidate == "gan_half_filtered" else 0.0456}
        for candidate, rivals, split in (
            ("gan_half_filtered", ("none", "oversample", "classical", "copies_half"), "test"),
            ("copies_half", ("none", "oversample", "classical"), "test"),
            ("gan_half_filtered", ("classical",), "val"),
        )
        for rival in rivals
    ])  # fmt: skip
    table("classes", [
        {"label": label, "arm": arm, "train": len(train[label]), "val": 2, "test": len(test[label]),
         "groups": len(test[label]) - 1,
         "recall": 0.5 + 0.4 * position / len(labels) + MEANS[arm] / 10, "low": 0.4, "high": 0.98}
        for position, label in enumerate(labels)
        for arm in ARMS
        if len(test[label])
    ])  # fmt: skip
    table("acceptance", [
        {"seed": seed, "label": label, "candidates": 40, "near_copy": 2, "off_class": 6 + seed, "accepted": 32 - seed,
         "kept": 20, "other_class_share": 0.125}
        for seed in range(SEEDS)
        for label in labels
        if label in synthetic
    ])  # fmt: skip
    table("quality", [
        {"label": name, "space": space, "metric": metric, "synthetic": 0.0417 + shift, "real": 0.0123 + shift,
         "n_synthetic": 40, "n_reference": 30}
        for name in ["pooled", *labels]
        for space, shift in (("random_convolutions", 0), ("classifier", 0.02))
        for metric in ("kid", "precision", "recall", "density", "coverage", "other_class")
        if synthetic
    ])  # fmt: skip
    table("told_apart", [
        {"label": label, "kind": kind, "auc": auc, "real": 40, "made": 100}
        for kind, auc in (("samples", 0.8642), ("treated", 0.7231))
        for label in [*[label for label in labels if (label in synthetic) == (kind == "samples")], ""]
        if synthetic
    ])  # fmt: skip
    table("membership", [
        {"space": space, "figure": figure, "value": value, "low": value - 0.04, "high": value + 0.04, "chance": chance,
         "members": 30, "control": 60}
        for space in ("pixels", "random_convolutions")
        for figure, value, chance in (("auc", 0.543, 0.5), ("tpr_0.1", 0.134, 0.1))
    ] + [
        {"space": "pixels", "figure": "tpr_0.01", "chance": 0.01, "members": 30, "control": 60,
         "note": "not measured: 30 independent training and 60 test images, at least 20 and 99 are needed"},
    ])  # fmt: skip
    table("reliability", [
        {"arm": arm, "low_edge": edge / 10, "high_edge": edge / 10 + 0.1, "answers": 4 + edge, "groups": 4,
         "confidence": edge / 10 + 0.06, "right": edge / 10 - 0.05, "low": edge / 10 - 0.2, "high": edge / 10 + 0.04}
        for arm in ARMS
        for edge in range(4, 10)
    ])  # fmt: skip
    table("audit", [
        {"seed": seed, "control": control, "nearer": 0.513, "p": 0.21}
        for seed in range(SEEDS)
        for control in ("train", "val")
    ])  # fmt: skip
    table("copies", [
        {"label": label, "synthetic_rate": 0.0234, "control_rate": 0.0101, "synthetic": 128, "control": 99, "note": ""}
        for label in labels
        if label in synthetic
    ] + [
        {"label": "pooled", "synthetic_rate": 0.0187, "control_rate": 0.0113, "synthetic": 999, "control": 777}
    ])  # fmt: skip
    rng = np.random.default_rng(0)
    table("confusion", [
        {"actual": label, "predicted": label if rng.random() < 0.75 else labels[rng.integers(len(labels))]}
        for label in labels
        for _ in test[label]
    ])  # fmt: skip
    end_evaluation(folder)


def end_evaluation(reports: Path) -> None:
    """The hashes of what stands in reports/evaluation by now."""
    folder = reports / "evaluation"
    write_checksums(folder, sorted(path.name for path in folder.iterdir() if path.name != CHECKSUMS))
