"""Every file that the stages write, with its columns or keys; docs/files.md is written from it.

    python -m pipeline.files > docs/files.md

The tables of reports/evaluation stand in augment/evaluation/columns.py. The other CSV files are written in rooms that
do not know this page, by columns of their own; a test compares both with what a run leaves.
"""

from collections.abc import Mapping

from augment.evaluation.columns import EVALUATION, CsvFile
from pipeline.parameters import wrapped

HEAD = (
    "# Files",
    "For people who read what a run wrote, with their own programs or by eye: every file, its columns and keys. What "
    "stands here is a contract; nothing of it is renamed.",
    "Figures are fractions of 1 where nothing else is said, intervals are 95 %, and an empty cell or a null was not "
    "measured.",
    "No label is a formula: a text that begins with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break, "
    "and is no number, has an apostrophe before it in every CSV file, and so has one that begins with an apostrophe. "
    "Whoever reads texts takes one leading apostrophe off.",
    "This page is written by `python -m pipeline.files > docs/files.md`.",
)
_IMAGE = {"index": "position in images.npy", "label": "the class", "group": "what must stay on one side",
          "source": "where the image came from"}  # fmt: skip

FILES: dict[str, CsvFile] = {
    "data/prepared/manifest.csv": CsvFile(
        "What became of every file that was found.",
        path="of the file, or of the image within it",
        label="the class, as a person wrote it",
        outcome="`ok`, `fixed`, `quarantined` or `ignored`",
        code="what was wrong, several joined by `+`; empty for ok",
        detail="the same for people",
        split="`train`, `val`, `test`, `pool`; empty: not used",
        index="position in that split's images.npy",
        group="declared, or of near duplicates, or the path",
        sha256="of the file, or of an embedded image",
    ),
    "data/prepared/classes.json": CsvFile(
        "A list of the classes, sorted by label.",
        label="the class",
        slug="its folder in models/",
        folder="its folder in data/synthetic/ and data/augmented/",
        train="images",
        val="images",
        test="images",
    ),
    "data/prepared/groups.json": CsvFile(
        "What was done against leaks.",
        images="that are used",
        declared="images whose group a person gave",
        groups="on each side",
        exact_duplicates="images left out",
        label_conflicts="images left out",
        near_duplicates="clusters, their images and examples; `two_sides`: pairs torn apart",
        stems="shared by names, undeclared; `two_sides`: test images with a sister elsewhere",
    ),
    "data/prepared/depth.json": CsvFile(
        "How integers of more than 8 bits were scaled.",
        white="largest value of a stored depth -> the value that became 255",
    ),
    "data/prepared/sizes.json": CsvFile(
        "Sizes of the set, [height, width] in pixels.",
        working="of images.npy, at which GANs work",
        native="one size for all originals: the working aspect, their median shorter side",
    ),
    "data/prepared/<split>/index.csv": CsvFile(
        "The images of images.npy, uint8 (N, C, H, W), in train, val, test and pool.", **_IMAGE
    ),
    "data/prepared/<split>/descriptions.csv": CsvFile(
        "What the images are said to be; no file where nothing is described.",
        index="position in images.npy",
        description="of the image, or of its class",
    ),
    "models/index.json": CsvFile(
        "The generators that there are, and a hash of every file that they are read from.",
        format="2",
        classes="label -> `slug`, `status` (`trained` or `failed`), `reason`",
        shared="whether models/_shared holds the shared generator",
        words="whether models/_words holds a generator of words; left out: none",
        order="the labels by class index",
        files="path -> SHA-256, of manifests and weights",
        sha256="of this file without this key",
    ),
    "models/<slug>/manifest.json": CsvFile(
        "A bundle: what generator.safetensors beside it holds.",
        format="1",
        label="the class",
        slug="its folder",
        network="`dcgan`, `residual` or `linear`",
        channels="of an image",
        height="in pixels",
        width="in pixels",
        latent="length of the latent",
        features="channels of the last stage",
        training="how it was trained; `images_sha256`: fingerprint of the images",
        environment="versions that it was trained with",
        weights_sha256="of generator.safetensors",
        sha256="of this file without this key",
    ),
    "models/_words/manifest.json": CsvFile(
        "The generator of words: what generator.safetensors beside it holds.",
        format="1",
        kind="`words`",
        channels="of an image",
        height="in pixels",
        width="in pixels",
        latent="length of the latent",
        features="channels of the last stage",
        words="that have a meaning for it, sorted",
        descriptions="the different ones of the training images, as they were given",
        training="how many images and steps",
        environment="versions that it was trained with",
        weights_sha256="of generator.safetensors",
        sha256="of this file without this key",
    ),
    "models/<slug>/curve.csv": CsvFile(
        "The training of one generator, a row for each fiftieth of the run.",
        step="of the discriminator",
        d_loss="its loss",
        g_loss="the generator's loss",
        win_rate="P(D(real) > D(fake))",
        gap="mean D(real) minus D(fake)",
        augmentation="probability in force",
    ),
    "data/synthetic/manifest.csv": CsvFile(
        "Every candidate of the delivered generators.",
        label="the class",
        file="of the kept image; empty: dropped",
        seed="of the sample",
        index="of the sample",
        borrowed="1: made by latent transfer",
        probability="of its class, by the class filter",
        threshold="below it is off its class",
        other_class="1: the filter calls it another class",
        nearest_train="index of the nearest training image",
        nearest_distance="to it",
        copy_threshold="at or below it is a near copy",
        kept="1 or 0",
        reason="empty, `near_copy`, `off_class`, `rejected` (by a person) or `surplus`",
        sha256="of the kept image's file; empty: dropped",
        source_image="training image that was varied, or whose defect was carried; empty: none",
        source="`own`, `borrowed` or `translated`",
        lender_image="training image that a defect was carried onto; empty: none",
    ),
    "data/synthetic/transplants.csv": CsvFile(
        "Classes that were to be translated, a row each; no file where none was.",
        label="the class",
        lender="class that lends its images",
        translated="1 or 0",
        way="how twins are found: `neighbours`, `patches`; empty: there are none",
        images="of the class in train",
        usable="those on which one compact defect was found",
        reason="why it is not translated; empty: it is",
    ),
    "data/experiment/experiment.json": CsvFile(
        "What a verdict tells of an experiment beside its scores.",
        announced="smallest gain expected to show; null: none",
        arms="those that ran",
        base="arm that made images were added to; null: none",
        failed="label -> repeats in which its GAN failed",
        pinned="`training` of the manifest in `train.base`; null: none",
        backbone="files of your own network -> SHA-256, as they were used",
        seen_size="[height, width] that backbones were shown; null: as data/prepared",
    ),
    "data/augmented/manifest.csv": CsvFile(
        "The images to train on.",
        path="of the image",
        label="the class",
        split="`train`, `val` or `test`",
        synthetic="1 or 0",
        weight="how often to draw it, 1 on average",
        source="where it came from",
        sha256="of the file; empty: not checked",
    ),
    "data/augmented/<split>/metadata.csv": CsvFile(
        "The same images as an image folder of Hugging Face.",
        file_name="of the image, from this folder",
        label="the class",
        synthetic="1 or 0",
        weight="how often to draw it, 1 on average",
    ),
    "data/augmented/recipe.json": CsvFile(
        "The best way to train on them that the verdict names, and how they are read.",
        classes="labels in the order of their indices",
        arm="whose images and weights these are",
        family="its classifier: `scratch`, `probe` or `finetune`",
        augmentation="how it augments; null: images as they are",
        flips="that the data allows, `ingest.flips`",
        synthetic="how many synthetic images train has",
        channels="1 or 3, of all images",
        background="grey level behind transparent pixels",
        white="of files of over 8 bits: largest storable -> 255",
    ),
    "reports/metrics.json": CsvFile(
        "What one compares between configurations, rounded, in the order in which `dvc exp show` has its columns.",
        verdict="`helps`, `helps, negligibly`, `harms`, `equivalent`, `undecided`, `not used`",
        net="gain over the best real-only arm, mean",
        gross="gain over real images as they are, mean",
        val="the primary metric of the arm `policy`, mean",
        test="the same on test",
        copy_rate="near copies among samples, before any filter; null: not measured",
        policy="the arm that was selected",
    ),
    "reports/evaluation/verdict.json": CsvFile(
        "The verdict in words, and what the rules chose on the way.",
        verdict="the word",
        primary="the primary metric",
        gain="`gross`, `net`: mean, low, high",
        equivalence="a gain that makes no difference, `evaluate.equivalence`",
        first_line="best way without a GAN, what was tried, what a probe reaches",
        sentence="the word in a sentence",
        reasons="sentences",
        advice="sentences; the first: what data/augmented holds, what changes it",
        deciding="`repeats` by `setting`, or `growth` of the test images; null: decided",
        explanation="`text` of each rule, `source` of its numbers",
        protocol="`name`, `form` (scheme), `repeats`, `ratio`, `speaks` (of what)",
        augmentation="of the arm that made images were added to",
        classifier="its family: `scratch`, `probe` or `finetune`",
        base="that arm; null: none",
        backbone="files of your own network -> SHA-256, as they were used",
        policy="`arm` that was selected, its `weight` of synthetic images",
        delivery="`assemble.use`, `arm` whose made images data/augmented holds (null: none), `reason`",
        tried="families of classifiers that real images alone trained",
        references="rows of arms.csv that are no rivals, the best of each family",
        chosen_real="real-only arm that val prefers",
        best_real="best real-only arm on test",
        objections="`repeats`, and how many of them would veto (`objected`)",
        ungated="gain without val's veto: mean, low, high",
        as_delivered="`gross`, `net` of a plain training on data/augmented",
        smallest_gain="`announced`, `measured`; null: none",
        exchange="learning curve, sample equivalence, which class to label; null: off",
        external="rows of external.csv",
        rows="whether a table or vectors were judged, not images",
        looked="fingerprints: `test`, `prepared` (delivered test), `configuration`, `scores`",
    ),
    "reports/evaluation/environment.json": CsvFile(
        "Where the experiment ran; as in data/experiment.",
        torch="version",
        numpy="version",
        python="version",
        processor="its kind",
        cpu_capability="instructions that torch uses",
        device="`cpu` or `cuda`",
    ),
}
OTHERS = {
    "data/prepared/<split>/images.npy": "uint8 (N, C, H, W)",
    "data/prepared/<split>/rows.npy": "of tables: float64 (N, columns), levels as numbers, NaN missing",
    "data/prepared/<split>/columns.json": "of tables: the label's column, and what each other is",
    "models/<slug>/samples.csv": "of tables: 64 samples",
    "data/synthetic/rows.csv": "of tables: the kept samples; `kept/`: the same as data/prepared",
    "data/augmented/{train,val,test}.csv": "of tables: your columns, `synthetic`, `weight`; `.npz` of vectors",
    "models/<slug>/generator.safetensors": "the averaged generator; `models/_shared/`: the shared one",
    "models/<slug>/samples.png": "64 samples",
    "models/_words/samples.png": "samples of eight training descriptions, a row each",
    "data/synthetic/<class>/*.png": "the kept samples",
    "data/synthetic/<class>-carried.png": "defective image, its defect, good image, sample: where translated",
    "data/experiment/scores.safetensors": "class probabilities, `<part>/<arm>/<repeat>`: float32 (N, classes)",
    "<folder>/checksums.json": "files of that folder -> SHA-256, compared when they are read",
    "data/experiment/external/": "the external images that were scored, as in data/prepared",
    "data/experiment/*.csv": "tables of the samples, as in reports/evaluation",
    "data/augmented/<split>/<class>/*": "the images of its manifest; `treated-`: real ones, edited as samples are",
    "reports/report.html": "the page",
    "reports/plots/": "pictures and tables that `dvc plots` shows, and their template",
}
PARTS = "Parts: `val`, `test`, `external`, `learning_curve` (sizes for arms), `second_classifier` (on test)."


def document() -> str:
    """docs/files.md: a heading and a table for every file."""
    parts = [*HEAD, "## Files without columns", table("file", OTHERS), PARTS]
    for path, file in FILES.items():
        parts += section(path, file)
    parts += ["## reports/evaluation", "Its tables, one file each."]
    for name, file in EVALUATION.items():
        parts += section(f"{name}.csv", file, level=3)
    parts += [
        "### `predictions.csv`",
        "The label that each arm and repeat gave each test image: `index`, `label`, `group`, then a column "
        "`<arm>/<repeat>` each; where every repeat has a test set of its own `replicate` stands first, and the columns "
        "are the arms.",
    ]
    return "\n\n".join(part if part.startswith("|") else wrapped(part) for part in parts) + "\n"


def section(path: str, file: CsvFile, level: int = 2) -> list[str]:
    """Heading, what it holds, and its columns or keys."""
    return [f"{'#' * level} `{path}`", file.holds, table("key" if path.endswith(".json") else "column", file.columns)]


def table(first: str, rows: Mapping[str, str]) -> str:
    """A Markdown table of names and meanings."""
    lines = [f"| {first} | meaning |", "|---|---|", *(f"| `{name}` | {meaning} |" for name, meaning in rows.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    print(document(), end="")
