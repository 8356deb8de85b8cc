import base64
import hashlib
import html
import itertools
import re

import pytest

from augment.core.files import write_csv
from augment.data.imageset import ImageSet
from augment.evaluation.columns import columns
from augment.params import check
from augment.report.page import render
from pipeline import report as stage
from tests.report.builder import write_index, write_manifest
from tests.report.pages import HOSTILE, LABELS, Outline, make, read
from tests.report.results import end_evaluation


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return render(make(tmp_path_factory.mktemp("run"), failed=("bag",)))


@pytest.fixture(scope="module")
def outline(page):
    return Outline(page)


def words(text):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_sections_come_in_order(page):
    open_ones = ["verdict", "why", "arms", "comparisons"]
    folded = ["classes", "families", "worth", "reliability", "leakage", "privacy", "pictures"]
    folded += ["quality", "training", "confusion", "data", "limits", "reproduce"]
    assert re.findall(r'<section id="(\w+)"', page) == [*open_ones, *folded]
    assert re.findall(r'<section id="(\w+)" class="folded">\n<details><summary><h2>', page) == folded
    assert re.findall(r'<a href="#(\w+)"', page) == [*open_ones[1:], *folded]
    assert page.count('class="source"') >= len(open_ones + folded) - 1


def test_the_page_is_well_formed(outline):
    assert outline.stack == []
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_the_verdict_is_told_with_its_gain_interval_and_reach(page):
    verdict = words(page[page.index('id="verdict"') : page.index('id="arms"')])
    for text in (
        "Helps",
        "Helps Use the GAN images: with them about 3 more of 100 images are recognised",
        'asks whether your own training gains too: augment trial "python my_training.py"',
        "Without any GAN the best way found is a network from scratch: 75.2 %.",
        "Synthetic images raise balanced accuracy by 3.1 points",
        "+3.1 points of balanced accuracy over the best way without GAN images 95 % interval +1.2 to +5.0",
        "Net: over the best real-only way +3.1 +1.2 to +5.0",
        "Gross: over real images as they are +7.2 +4.3 to +10.1",
        "over the best real-only way −1.2 −3.0 to +1.0",
        "Smallest that this test could show (4 of 5 such runs) 2.1 expected before the run: none shows",
        "To help, the bound must lie above 0. comparisons.csv: candidate x (low)",
        "augment verdict counts them",
        "this split alone: 18 test images of 3 classes, 3 paired seeds",
        "The lower bound is above 0 against every real-only arm.",
        "Set assemble.use: real or train on data/augmented.",
    ):
        assert text in verdict, text


def test_figures_of_the_tables_are_on_the_page(page):
    text = words(page)
    for figures in (
        "gan_half_filtered with synthetic images 78.3 76.2 to 80.5 77.0 82.3 77.8 91.2 – 0.346 7.9 "
        "not measured here",  # arms.csv
        "test +3.1 +1.2 to +5.0 +1.6 to +4.6 1.1 0.8 3 0.0123 –",  # comparisons.csv
        "40 2 6 77.5 50.0 12.5 2.3 1.0 0.86",  # acceptance.csv, copies.csv and told_apart.csv
        "with AUC 0.86 (0.50: not at all, 1.00: always)",
        "All classes 1.9 1.1",  # copies.csv, pooled
        "Half synthetic, filtered 69.3 67.0 to 71.7 +3.2 +1.0 to +5.4",  # families.csv
        "KID, distance of the distributions (lower is better) 0.0417 0.0123 40 0.0617 0.0323 40 30",  # quality.csv
        "54.3 50.3 to 58.3 50.0 30 60",  # membership.csv
        "not measured – 1.0 30 60 not measured: 30 independent training",
        "Half synthetic, filtered 90.0 100.0 96.0 85.0 70.0 to 94.0 13 4",  # reliability.csv
        "quarantined truncated 0 0 0 0 53 53",  # manifest.csv
        "torch 2.13.0",  # environment.json
    ):
        assert figures in text, figures


def test_labels_are_text_and_never_markup(page, outline):
    assert "<script>alert" not in page
    assert page.count("<script>") == 1
    assert HOSTILE in [text.strip() for text in outline.text]
    assert any(HOSTILE in attributes.get("alt", "") for tag, attributes in outline.tags if tag == "img")


def test_the_page_asks_for_nothing_from_outside(page, outline):
    for tag, attributes in outline.tags:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes[name])
    assert not re.search(r"url\(|@import|https?://", page)
    assert "default-src 'none'" in page


def test_only_the_pages_own_script_may_run(page):
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page


def test_every_picture_has_a_text(outline):
    pictures = [attributes for tag, attributes in outline.tags if tag == "img"]
    # real of three classes, synthetic of two, their neighbours, the closest pairs
    first_look = 2 * 6
    assert len(pictures) == first_look + 3 + 2 + 2 * 4 + 10
    assert all(attributes["alt"] for attributes in pictures)
    assert all(attributes["src"].startswith("data:image/webp;base64,") for attributes in pictures)
    charts = [attributes for tag, attributes in outline.tags if tag == "svg" and "class" in attributes]
    assert charts
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in charts)


def test_a_failed_class_is_named_with_its_reason(page):
    assert words(page).count("collapsed bag") == 2  # beside the pictures and in the table of failures


def test_what_leaked_into_a_class_stands_above_its_curves(tmp_path):
    contents = make(tmp_path, labels=["bag", "hat"])
    write_manifest(tmp_path / "models/bag", "bag", {"leaks": "cutout leaked (9 %)"})
    write_manifest(tmp_path / "models/hat", "hat", {"leaks": ""})
    write_index(tmp_path / "models", ["bag", "hat"], {})
    assert "cutout leaked" not in words(render(contents))
    text = words(render(read(tmp_path)))
    assert text.count("bag: cutout leaked (9 %)") == 1
    assert "hat:" not in text


def test_all_classes_failed(tmp_path):
    text = words(render(make(tmp_path, failed=LABELS, verdict="not used")))
    assert "Not used" in text
    assert "Nothing was measured" in text
    assert text.count("No synthetic images were kept") == len(LABELS)


def test_what_is_used_without_synthetic_images(tmp_path):
    text = words(render(make(tmp_path, verdict="not used")))
    assert "0.0 points of balanced accuracy over the best way without GAN images 95 % interval 0.0 to 0.0" in text
    assert 'holds the real images alone: augment.load_augmented("data/augmented")' in text
    assert "Made by the GANs, not delivered" in text
    assert "delivered: 18 real" in text
    assert "Recall, chosen arm" not in text  # it is the best real-only arm itself
    assert "against: Half jittered copies instead" in text  # the chart still shows the judged arm


@pytest.mark.parametrize("shape", [(1, 2, 2), (3, 5, 256), (3, 40, 24), (1, 256, 256)])
def test_odd_sizes(tmp_path, shape):
    contents = make(tmp_path, labels=["a", "b"], shape=shape, count=2)
    looks = 2 * 4
    assert render(contents).count("<img") == looks + 2 * (1 + 1 + 2) + 4


def test_checks_pass_on_a_clean_run_and_a_failure_is_told_first(tmp_path):
    make(tmp_path, labels=["a", "b"])
    text = words(render(read(tmp_path)))
    assert text.count("✓ pass") == 8
    assert "No check failed." in text
    write_manifest(tmp_path / "models/_shared", "shared", {"images_sha256": "0" * 64})
    write_index(tmp_path / "models", ["a", "b"], {})
    text = words(render(read(tmp_path)))
    assert "1 of 8 checks failed: read what was found" in text
    assert "✗ fail trained on other images: shared GAN" in text


def test_the_pinned_start_is_checked_too(tmp_path):
    make(tmp_path, labels=["a", "b"])
    for said in ({"images": 7}, {"images_sha256": "0" * 64}):
        write_manifest(tmp_path / "data/base", "shared", said)
        text = words(render(read(tmp_path)))
        assert "were trained on other images, or do not say on which: train.base" in text
        assert "No check failed." in text
    train = ImageSet.load(tmp_path / "data/prepared/train").fingerprint()
    write_manifest(tmp_path / "data/base", "shared", {"images_sha256": train})
    assert words(render(read(tmp_path))).count("✓ pass") == 8


def test_what_could_not_be_measured_says_so_and_is_never_nought(tmp_path):
    make(tmp_path, labels=["a", "b"])
    note = "not measured: 12 independent training and 60 test images, at least 20 and 20 are needed"
    rows = [{"space": space, "figure": "auc", "chance": 0.5, "members": 12, "control": 60, "note": note}
            for space in ("pixels", "random_convolutions")]  # fmt: skip
    write_csv(tmp_path / "reports/evaluation/membership.csv", rows, columns("membership"))
    end_evaluation(tmp_path / "reports")
    page = render(read(tmp_path))
    privacy = words(page.split('id="privacy"')[1].split("</section>")[0])
    assert f"Pixels AUC: a training image looks likelier than an unseen one not measured – 50.0 12 60 {note}" in privacy
    assert "AUC of the membership attack" not in page, "there is nothing to draw"


def test_the_stage_writes_the_page_and_plots_with_equal_bytes_each_time(tmp_path, monkeypatch):
    make(tmp_path, failed=("bag",))
    monkeypatch.chdir(tmp_path)
    params = check({"report": {"title": HOSTILE, "grid": 3}})

    def run():
        stage.report(params)
        return {path.name: path.read_bytes() for path in (tmp_path / "reports").glob("*.html")} | {
            path.name: path.read_bytes() for path in (tmp_path / "reports/plots").iterdir()
        }

    first = run()
    assert sorted(first) == [
        "arms.csv", "confusion.csv", "curves.csv", "gain.csv", "intervals.json", "neighbours.png", "real.png",
        "report.html", "synthetic.png",
    ]  # fmt: skip
    (tmp_path / "reports/plots/stale.png").write_bytes(b"")
    assert run() == first
    curves = first["curves.csv"].decode().splitlines()
    assert curves[0] == "step,class,d_loss,g_loss,win_rate,gap,augmentation"
    assert len(curves) == 1 + 2 + 2 * 50  # bag failed after two rows
    assert first["gain.csv"].decode().splitlines()[:3] == [
        "name,mean,low,high",
        "net: over the best real-only way,3.1000,1.2300,4.9700",
        "over: Real images as they are,7.2000,5.3000,9.1000",
    ]
    assert first["arms.csv"].decode().splitlines()[1] == "Real images as they are,71.1000,69.0000,73.3000"
    assert first["confusion.csv"] == (tmp_path / "reports/evaluation/confusion.csv").read_bytes()
    assert html.escape(HOSTILE) in first["report.html"].decode().replace("&#34;", "&quot;")


def test_recalls_stand_beside_the_groups_they_rest_on(tmp_path):
    contents = make(tmp_path)
    row = next(row for row in contents.tables["classes"] if row["label"] == LABELS[0])
    text = words(render(contents))
    assert re.search(rf"{LABELS[0]} \d+ \d+ {row['test']} {row['groups']} \d+\.\d", text)
