"""The CSV files of reports/evaluation, each with its columns in order and what they mean.

The one place that names them: `evaluate` writes them by it, the report reads them by it, and docs/files.md shows it.
What `experiment` makes of the samples has its columns beside the code that makes the rows, since another wording here
must not train anything again; a test holds that they are the same.
"""

_ARM, _REPEAT = "name of the arm", "number of the repeat, from 0"
_MEAN = "mean over the repeats"
_ENDS = {"low": "lower end of its 95 % interval", "high": "upper end of its 95 % interval"}
_FIGURES = {
    "balanced_accuracy": "mean recall of the classes",
    "accuracy": "share of images with the right label",
    "macro_f1": "mean F1 score of the classes",
    "auroc": "mean area under the ROC curve, each class against the rest",
    "auprc_minority": "mean area under the precision-recall curve, minority classes",
    "brier": "Brier score; smaller is better",
    "ece": "expected calibration error; smaller is better",
}
_NOTE = "why something was not measured, else empty"


class CsvFile:
    """What a file holds, and its columns in order: name -> meaning."""

    def __init__(self, holds: str, **columns: str) -> None:
        self.holds, self.columns = holds, columns


EVALUATION: dict[str, CsvFile] = {
    "runs": CsvFile(
        "Every classifier's metrics, a row per arm, repeat and side.",
        arm=_ARM,
        seed=_REPEAT,
        split="`val` or `test`",
        primary="the primary metric",
        **_FIGURES,
    ),
    "arms": CsvFile(
        "Every arm on test, with its interval.",
        arm=_ARM,
        kind="`real`, `gan`, `control`, `delivered` or `reference` (told, no rival)",
        mean="primary metric on test, mean over the repeats",
        **_ENDS,
        val_mean="primary metric on val, mean over the repeats",
        **_FIGURES,
    ),
    "comparisons": CsvFile(
        "Differences between two arms, paired by repeat; fractions of 1.",
        candidate="the arm that is asked about",
        rival="the arm that is subtracted",
        split="`val` or `test`",
        claim="`primary`: the verdict rests on it; `secondary`; `gate`: val's veto",
        mean="candidate minus rival, mean over the repeats",
        **_ENDS,
        high_joint="upper end with the number of rivals counted in",
        low90="lower end of its 90 % interval",
        high90="upper end of its 90 % interval",
        high90_joint="upper 90 % end with the number of rivals counted in",
        seed_sd="standard deviation between the repeats",
        test_se="standard error from the test groups",
        seeds="repeats",
        p="p-value of no difference",
        p_holm="the same, by Holm, among secondary comparisons",
    ),
    "classes": CsvFile(
        "Recall of every class under every arm.",
        label="the class",
        arm=_ARM,
        train="training images of the first repeat",
        val="val images of the first repeat",
        test="test images",
        groups="independent groups among them",
        recall=_MEAN,
        low="lower end of Wilson's 95 % interval over the groups",
        high="upper end of it",
    ),
    "acceptance": CsvFile(
        "What became of every repeat's candidates.",
        seed=_REPEAT,
        label="the class",
        candidates="samples that were drawn",
        near_copy="of them, too near to a training image",
        off_class="of them, rejected by the class filter",
        accepted="of them, passed",
        kept="of the accepted, used",
        other_class_share="share that classifiers call another class",
    ),
    "quality": CsvFile(
        "Quality of the first repeat's samples beside held-out real images.",
        label="the class, or `pooled`",
        space="`random_convolutions`, `classifier` or `backbone`: features it is measured in",
        metric="`kid`, `fid`, `precision`, `recall`, `density`, `coverage`, `other_class` or `near_copy`",
        synthetic="of the samples against test",
        real="of as many training images against test",
        n_synthetic="samples",
        n_reference="test images",
        note=_NOTE,
    ),
    "audit": CsvFile(
        "Whether samples lie nearer to test than to other real images.",
        seed=_REPEAT,
        control="`train` or `val`: what test is compared with",
        test="groups of test",
        others="groups of the control",
        nearer="share of pairs in which test is nearer; 0.5 is chance",
        p="p-value of so much by chance",
        note=_NOTE,
    ),
    "copies": CsvFile(
        "Near copies of training images among the samples, and among unseen images.",
        label="the class, or `pooled`",
        synthetic_rate="share of samples that are near copies",
        control_rate="the same share of test images",
        synthetic="samples",
        control="test images",
        note=_NOTE,
    ),
    "marginals": CsvFile(
        "Distances of the first repeat's samples of a table from test, column by column; only of tables.",
        label="the class",
        column="name of the column",
        distance="`kolmogorov_smirnov` of numbers, `total_variation` of categories",
        synthetic="of the samples before any filter",
        real="of the training rows",
        n_synthetic="samples",
        n_reference="test rows",
    ),
    "correlations": CsvFile(
        "Mean absolute difference of correlations between numbers from test; only of tables.",
        label="the class",
        synthetic="of the samples before any filter",
        real="of the training rows",
    ),
    "told_apart": CsvFile(
        "Whether the first repeat's made images can be told from real ones; empty without a backbone.",
        label="the class; empty: the mean of all of this kind",
        kind="`samples`, or `treated`: real images, changed as samples are",
        auc="of a probe on held-out originals; 0.5 is chance",
        real="training images",
        made="made images",
        note=_NOTE,
    ),
    "membership": CsvFile(
        "Whether the samples tell which images were trained on.",
        space="`pixels` or `random_convolutions`; of tables `encoded`",
        figure="`auc`, or `tpr_<rate>`: members found at that false-alarm rate",
        value="of the attack",
        **_ENDS,
        chance="what guessing has",
        members="groups of train",
        control="groups of test",
        note=_NOTE,
    ),
    "reliability": CsvFile(
        "How often answers of a confidence are right, a row per bin.",
        arm=_ARM,
        low_edge="smallest confidence of the bin",
        high_edge="largest confidence of the bin",
        answers="answers in it, over all repeats",
        groups="test groups in it",
        confidence="mean confidence",
        right="share of right answers",
        **_ENDS,
    ),
    "confusion": CsvFile(
        "The chosen arm's answers in the repeats that test every image once.",
        actual="label of the test image",
        predicted="label that the classifier gave",
    ),
    "replicates": CsvFile(
        "Which image stands on which side of which repeat; a shared side once.",
        replicate=_REPEAT,
        side="`train`, `val` or `test`",
        label="the class",
        group="group of the image",
        source="where the image came from",
    ),
    "facts": CsvFile(
        "Numbers of verdict.json that stand in no other table.",
        fact="name of the number",
        value="empty: not measured",
        **_ENDS,
    ),
    "families": CsvFile(
        "The comparison by another kind of classifier; no rows where it is off.",
        classifier="which one, on which features",
        arm=_ARM,
        kind="as in arms.csv",
        mean="primary metric on test",
        **_ENDS,
        best_real="best real-only arm of this classifier",
        net="gain over it",
        net_low="lower end of that gain",
        net_high="upper end of that gain",
    ),
    "learning_curve": CsvFile(
        "The chosen real-only arm by number of images (`evaluate.learning_curve: on`).",
        fraction="of the training images",
        images="training images, mean over the repeats",
        label="a class for its recall; empty: the primary metric",
        class_images="training images of that class, or all",
        seed=_REPEAT,
        value="the metric or recall; empty: not measured",
    ),
    "external": CsvFile(
        "Every arm on external images; only where there are any.",
        arm=_ARM,
        kind="as in arms.csv",
        figure="metric that was taken",
        images="external images",
        groups="independent groups among them",
        mean=_MEAN,
        **_ENDS,
        gain="over the arm `none`",
        gain_low="lower end of that gain",
        gain_high="upper end of that gain",
        internal_mean="mean of arms.csv",
        internal_low="low of arms.csv",
        internal_high="high of arms.csv",
    ),
}


def columns(name: str) -> tuple[str, ...]:
    """The columns of reports/evaluation/<name>.csv, in order."""
    return tuple(EVALUATION[name].columns)
