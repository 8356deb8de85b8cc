"""The command line of `augment`: what each command may be asked, and in which words."""

import argparse
from functools import partial
from pathlib import Path

import augment

IMAGES = "folder with one sub-folder per class, folder with IDX files, images.csv, or a table"
LABEL = "of a table: the column of the class (default: found)"
DEFAULT = "(default: %(default)s)"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="augment", description="One GAN per class for small labelled image sets.")
    top.add_argument("--version", action="version", version=f"gan-augment {augment.__version__}")
    commands = top.add_subparsers(required=True, dest="command", metavar="COMMAND")

    _add_project_commands(commands)
    init = commands.add_parser("init", help="look at images and write params.yaml's ingest section")
    init.add_argument("path", type=Path, help=IMAGES)
    init.add_argument("--label", metavar="COLUMN", help=LABEL)
    init.add_argument("--params", type=Path, default=Path("params.yaml"), help=f"file to write {DEFAULT}")

    check = commands.add_parser("check", help="report on images, changing nothing; exit 1 if a run would stop")
    check.add_argument("path", type=Path, nargs="?", help=f"{IMAGES} (default: what params.yaml names)")
    check.add_argument("--label", metavar="COLUMN", help=LABEL)
    check.add_argument("--params", type=Path, help="settings (default: params.yaml, if there is one)")
    check.add_argument("--json", action="store_true", help="the report as JSON on standard output")

    _add_run(commands)
    _add_export(commands)
    _add_sample(commands)
    explore = commands.add_parser("explore", help="a page on this machine: samples, nearest training images, picks")
    explore.add_argument("--models", type=Path, default=Path("models"), help=f"folder with index.json {DEFAULT}")
    explore.add_argument("--port", type=_port, default=8765, help=f"0: any that is free {DEFAULT}")
    verdict = commands.add_parser("verdict", help="the last verdict in words")
    verdict.add_argument("--reports", type=Path, default=Path("reports"), help=f"folder {DEFAULT}")
    verdict.add_argument("--explain", action="store_true", help="the rules with this run's numbers and their sources")

    _add_trial(commands)
    doctor = commands.add_parser("doctor", help="environment, work store and DVC state; exit 1 when a fault is found")
    prune_help = "delete GANs of the work store that no run has used for DAYS days"
    doctor.add_argument("--prune", type=_days, metavar="DAYS", help=prune_help)
    return top


def _add_sample(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sample = commands.add_parser("sample", help="write samples of trained generators; of a table as CSV")
    sample.add_argument("models", type=Path, help="folder with index.json")
    sample.add_argument("--class", dest="label", metavar="LABEL", help="one class (default: all)")
    sample.add_argument("-n", type=_count, default=64, help=f"samples of each class {DEFAULT}")
    sample.add_argument("--seed", type=_seed, default=0, help=f"equal seeds give equal images {DEFAULT}")
    where = "folder, of a table for CSV files; run again after a stop, it goes on"
    sample.add_argument("-o", "--out", type=Path, help=where)
    forms, kinds = ("png", "webdataset"), "PNG in one sub-folder per class, or tar files of a thousand"
    sample.add_argument("--format", dest="form", choices=forms, default="png", help=f"{kinds} {DEFAULT}")
    sample.add_argument("--grid", type=Path, help="one PNG with all samples side by side")


def _add_trial(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    trial = commands.add_parser("trial", help="your own training on data/augmented, and on its real images alone")
    trial.add_argument("training", metavar="COMMAND", help="reads AUGMENT_DATA, AUGMENT_SEED; writes AUGMENT_SCORE")
    trial.add_argument("--data", type=Path, default=Path("data/augmented"), help=f"folder {DEFAULT}")
    trial.add_argument("--seeds", type=_seeds, default=5, help=f"paired runs of the command {DEFAULT}")


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser("run", help="look, write the settings, run the pipeline, say what came of it")
    run.add_argument("path", type=Path, metavar="FOLDER", help=IMAGES)
    run.add_argument("--label", metavar="COLUMN", help=LABEL)
    run.add_argument(
        "--size", type=_side, help="longer side of what GANs learn, pixels (default: what ends within 1 h)"
    )
    run.add_argument("--quick", action="store_true", help="a first look, planned for ten minutes on two cores")
    run.add_argument("--seeds", type=_seeds, help="paired repeats (evaluate.seeds)")
    change = "a setting of params.yaml, section.key=value; as often as needed"
    run.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help=change)


def _add_project_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    new = commands.add_parser("new", help="make a project folder: settings, stages, git and DVC")
    new.add_argument("project", type=Path, metavar="PROJECT", help="folder that is not there yet, or empty")
    commands.add_parser("upgrade", help="bring this project to the installed version; says what changed")


def _add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = commands.add_parser("export", help="the delivered images as Parquet or tar files, with a card")
    export.add_argument("out", type=Path, metavar="OUT", help="folder that is not there yet, or empty")
    forms = ("parquet", "webdataset")
    export.add_argument("--format", dest="form", choices=forms, default="parquet", help=f"kind of files {DEFAULT}")
    export.add_argument("--data", type=Path, default=Path("data/augmented"), help=f"folder {DEFAULT}")
    export.add_argument("--reports", type=Path, default=Path("reports"), help=f"folder of the verdict {DEFAULT}")
    export.add_argument("--samples", type=_count, default=0, metavar="N", help="N samples of each generator besides")
    export.add_argument("--models", type=Path, default=Path("models"), help=f"folder of the generators {DEFAULT}")
    export.add_argument("--seed", type=_seed, default=0, help=f"of the samples {DEFAULT}")


def _whole(least: int, most: int, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


_count, _seed = partial(_whole, 1, 1_000_000), partial(_whole, 0, 2**53)
_side, _port = partial(_whole, 2, 256), partial(_whole, 0, 65535)
_seeds, _days = partial(_whole, 2, 1000), partial(_whole, 0, 100_000)
