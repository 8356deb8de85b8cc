"""Judge the scores of data/experiment/ and write reports/metrics.json and reports/evaluation/."""

import shutil
from collections.abc import Mapping
from typing import Any

from augment.core.files import write_csv, write_json
from augment.core.progress import say
from augment.data.checksums import write_checksums
from augment.data.imageset import ImageSet
from augment.data.rows.wording import of_rows
from augment.data.split.labelled import LabelledSet
from augment.evaluation import tables
from augment.evaluation.columns import EVALUATION, columns
from augment.evaluation.experiment.learning_curve import curve_points
from augment.evaluation.experiment.protocol import possible_metric, primary_metric, protocol_metric_table
from augment.evaluation.experiment.training_sets import prepared_protocol
from augment.evaluation.samples.copies import CopyRow
from augment.evaluation.samples.membership import MembershipRow
from augment.evaluation.tables import Row
from augment.evaluation.verdict.delivery import Delivery
from augment.evaluation.verdict.explanation import explain_copies, explain_membership
from augment.evaluation.verdict.families import Families, why_untried
from augment.evaluation.verdict.rules import decide
from augment.evaluation.verdict.scope import protocol_scope
from augment.evaluation.verdict.selection import choose_selection
from augment.evaluation.verdict.summary import fact_rows, fingerprints, metrics_summary, verdict_summary
from augment.evaluation.verdict.wording import failed_classes_caveat, pinned_start_caveat
from augment.params import Evaluate, Params
from augment.params.arms import FAMILY_WORDS, TABLE_BASE_ARMS, arm_kinds, augmentation_of, family_of
from augment.project.query_ledger import LEDGER, queries_text, query_count, record_query, unreadable_lines
from pipeline.common import METRICS, REPORTS, main
from pipeline.experiment_files import (
    Facts,
    NamedScores,
    check_written,
    copy_sample_tables,
    load_prepared,
    read_scores,
    read_typed,
    scores_digest,
)

FOLDER = REPORTS / "evaluation"


def evaluate(params: Params) -> None:
    """Nothing is trained here: the repeats follow from the prepared images, and what they gave is read."""
    check_written()
    chosen, facts, (scores, by_size, second, external) = params.evaluate, Facts.read(), read_scores()
    splits, pool = load_prepared(chosen)
    kinds = arm_kinds(facts.arms, chosen.classifier)
    protocol, metric = prepared_protocol(splits, pool, params, facts.pinned is not None), primary_metric(params)
    query = fingerprints(protocol, splits.test, facts.pinned, params)
    record_query(LEDGER, query["test"], query["configuration"])
    count = query_count(LEDGER, query["test"], query["configuration"])
    say(f"evaluate: {queries_text(count, unreadable_lines(LEDGER))}")
    val = protocol_metric_table("val", protocol, scores.val, metric)
    test = protocol_metric_table("test", protocol, scores.test, metric)
    selection, scope = choose_selection(val, kinds), protocol_scope(protocol, test) if test else None
    caveats = failed_classes_caveat(facts.failed, len(protocol.replicates))
    caveats += pinned_start_caveat(facts.pinned, splits.train.fingerprint())
    for caveat in caveats:
        say(f"evaluate: {caveat}")
    announced, tried, use = facts.announced, families_of(facts, splits.train, chosen), params.assemble.use
    verdict = decide(
        test, val, selection, kinds, equivalence=chosen.equivalence, announced=announced, scope=scope, tried=tried,
        use=use,
    )  # fmt: skip
    rows = tables.comparison_tables(protocol, scores, val, test, verdict, selection.arm)
    other = protocol_metric_table("test", protocol, second, metric) if second else None
    rows["families"] = tables.family_rows(other, kinds, second_words(second, chosen))
    exchange = None
    if by_size:
        curve, real = curve_points(protocol, pool, params.seed), selection.chosen_real
        rows["learning_curve"], exchange = tables.learning_curve(protocol, curve, by_size, scores.test, real, metric)
    if external is not None:
        there = protocol.tested_on(external)
        elsewhere = protocol_metric_table("test", there, scores.external, possible_metric(there.first_splits, metric))
        rows["external"] = tables.external_rows(elsewhere, external, verdict.arms, kinds)
    copies, attack = read_typed("copies", CopyRow), read_typed("membership", MembershipRow)
    further = [*explain_copies(copies), *explain_membership(attack)]
    summary = verdict_summary(
        protocol, selection, verdict, announced, query, caveats, further, Delivery(selection, use), chosen
    )
    augmentation = augmentation_of(facts.base, None) if facts.base else None
    family = family_of(facts.base, None) if facts.base else "scratch"
    summary |= {"augmentation": augmentation or "none", "classifier": family, "base": facts.base}
    summary["looked"] |= {"scores": scores_digest()}
    summary |= {"backbone": facts.backbone, "rows": not isinstance(splits.train, ImageSet)}
    summary |= {"exchange": exchange, "external": rows.get("external", [])}
    write(rows | {"facts": fact_rows(summary)}, summary if isinstance(splits.train, ImageSet) else of_rows(summary))
    write_json(METRICS, metrics_summary(selection, verdict, copies[-1].synthetic_rate), sort_keys=False)


def second_words(second: NamedScores, chosen: Evaluate) -> str:
    """The other classifier: of rows that of the arm which is it alone."""
    own = [FAMILY_WORDS[family_of(arm, None)] for arm in second if arm in TABLE_BASE_ARMS]
    return own[0] if own else f"logistic regression on {chosen.second_classifier}"


def families_of(facts: Facts, train: LabelledSet, chosen: Evaluate) -> Families:
    """The classifiers that ran, and why no pretrained backbone did: of rows there is none to try."""
    fixed = None if chosen.classifier == "auto" else chosen.classifier
    if not isinstance(train, ImageSet):
        return Families(facts.base, fixed)
    height, width = train.images.shape[2:]
    untried = why_untried(facts.arms, chosen.arm_names, height, width)
    sizes = ((facts.seen_size[0], facts.seen_size[1]), (height, width)) if facts.seen_size else None
    return Families(facts.base, fixed, untried, sizes)


def write(rows_of: Mapping[str, list[Row]], summary: Mapping[str, Any]) -> None:
    """reports/evaluation/; nothing of an earlier run stays, as under DVC."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, rows in rows_of.items():
        write_csv(FOLDER / f"{name}.csv", rows, columns(name) if name in EVALUATION else tuple(rows[0]))
    copy_sample_tables(FOLDER)
    write_json(FOLDER / "verdict.json", summary)
    write_checksums(FOLDER, sorted(path.name for path in FOLDER.iterdir()))


if __name__ == "__main__":
    main(evaluate, METRICS, FOLDER)
