"""`augment init | check | sample | verdict | doctor`.

Heavy modules are imported by the command that needs them, so `augment --help` is instant.
"""

import argparse
import importlib.util
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from augment.errors import AugmentError

IMAGES = "folder with one sub-folder per class, folder with IDX files, or images.csv"
PIPELINE_MODULES = ("ruamel.yaml", "sklearn")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 well, 1 a finding, 2 an error that a message explains."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # labels may hold what an ASCII terminal cannot show
    options = parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except AugmentError as error:
        print(f"augment: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"augment: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="augment", description="One GAN per class for small labelled image sets.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    init = commands.add_parser("init", help="look at images and write params.yaml's ingest section")
    init.add_argument("path", type=Path, help=IMAGES)
    init.add_argument("--params", type=Path, default=Path("params.yaml"), help="file to write (default: %(default)s)")
    init.set_defaults(command=_init)

    check = commands.add_parser("check", help="report on images, changing nothing; exit 1 if a run would stop")
    check.add_argument("path", type=Path, help=IMAGES)
    check.add_argument("--params", type=Path, default=Path("params.yaml"), help="settings, if there are any")
    check.add_argument("--json", action="store_true", help="the report as JSON on standard output")
    check.set_defaults(command=_check)

    sample = commands.add_parser("sample", help="write samples of trained generators")
    sample.add_argument("models", type=Path, help="folder with index.json")
    sample.add_argument("--class", dest="label", metavar="LABEL", help="one class (default: all)")
    sample.add_argument("-n", type=_count, default=64, help="samples of each class (default: %(default)s)")
    sample.add_argument("--seed", type=_seed, default=0, help="equal seeds give equal images (default: %(default)s)")
    sample.add_argument("-o", "--out", type=Path, help="folder for PNG files, one sub-folder per class")
    sample.add_argument("--grid", type=Path, help="one PNG with all samples side by side")
    sample.set_defaults(command=_sample)

    verdict = commands.add_parser("verdict", help="the last verdict in words")
    verdict.add_argument("--reports", type=Path, default=Path("reports"), help="folder (default: %(default)s)")
    verdict.add_argument("--explain", action="store_true", help="the rules with this run's numbers and their sources")
    verdict.set_defaults(command=_verdict)

    doctor = commands.add_parser("doctor", help="environment, work store and DVC state; exit 1 when a fault is found")
    doctor.add_argument(
        "--prune", type=_days, metavar="DAYS", help="delete GANs of the work store that no run has used for DAYS days"
    )
    doctor.set_defaults(command=_doctor)
    return top


def _init(options: argparse.Namespace) -> int:
    _need_pipeline("init")
    from augment.data import setup

    return setup.run(options.path, options.params)


def _check(options: argparse.Namespace) -> int:
    _need_pipeline("check")
    from augment.data import check
    from augment.params import Params, load

    params = load(options.params) if options.params.exists() else Params()
    return check.run(options.path, params, options.json)


def _sample(options: argparse.Namespace) -> int:
    import numpy as np

    from augment.data.slugs import folder_name
    from augment.errors import BundleError
    from augment.files import write_bytes
    from augment.gan.bundle import load_generators
    from augment.grids import png, write_grid

    if options.out is None and options.grid is None:
        raise AugmentError("sample: nothing to write; give -o FOLDER for PNG files or --grid FILE for one picture")
    generators = load_generators(options.models)
    labels = list(generators) if options.label is None else [options.label]
    if options.label is not None and options.label not in generators:
        reason = generators.failed.get(options.label)
        why = f"its GAN failed ({reason})" if reason else "there is no such class"
        raise BundleError(f"--class {options.label!r}: {why}. There are: {', '.join(generators)}")
    images = {label: generators[label].sample(options.n, seed=options.seed).numpy() for label in labels}
    if options.out is not None:
        for label, own in images.items():
            for index, image in enumerate(own):
                file = options.out / folder_name(label) / f"{options.seed}-{index:06d}.png"
                write_bytes(file, png(image.transpose(1, 2, 0)), durable=False)
        print(f"{options.n} samples of each of {len(labels)} classes in {options.out}")
    if options.grid is not None:
        write_grid(options.grid, np.concatenate(list(images.values())))
        print(f"{options.grid}: {options.n} samples of {', '.join(labels)}")
    return 0


def _verdict(options: argparse.Namespace) -> int:
    import json

    from augment.ledger import LEDGER, looks, looks_text

    folder = options.reports / "evaluation"
    path = folder / "verdict.json"
    try:
        found = json.loads(path.read_text())
        lines = [found["verdict"], "", found["sentence"], ""]
        looked = looks_text(looks(LEDGER, found["looked"]["test"], found["looked"]["configuration"]))
        if options.explain:
            for number, line in enumerate(found["explanation"], start=1):
                lines += [f"{number}. {line['text']}", f"   {folder / line['source']}"]
            lines += [f"{len(found['explanation']) + 1}. {looked}", f"   {LEDGER}"]
        else:
            lines += [f"- {reason}" for reason in (*found["reasons"], looked)]
            lines += ["", "What to do:", *(f"- {advice}" for advice in found["advice"])] if found["advice"] else []
    except FileNotFoundError as error:
        raise AugmentError(f"{path}: there is no verdict yet. Run `dvc repro` first.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise AugmentError(f"{path}: damaged ({error}). Run `dvc repro -f evaluate` to make it anew.") from error
    print("\n".join(lines))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from augment import doctor

    return doctor.run(options.prune)


def _need_pipeline(command: str) -> None:
    missing = [name for name in PIPELINE_MODULES if importlib.util.find_spec(name.split(".")[0]) is None]
    if missing:
        raise AugmentError(f"{command} needs {', '.join(missing)}: pip install 'gan-augment[pipeline]'")


def _count(text: str) -> int:
    return _whole(text, 1, 1_000_000)


def _seed(text: str) -> int:
    return _whole(text, 0, 2**53)


def _days(text: str) -> int:
    return _whole(text, 0, 100_000)


def _whole(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
