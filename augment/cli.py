"""`augment new | run | init | check | verdict | ...`; heavy imports stand in the command that needs them."""

import argparse
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

import augment
from augment.core.errors import AugmentError, os_error_text
from augment.core.progress import say
from augment.core.words import printable, printable_stream
from augment.project.starter.place import where_to_go

IMAGES = "folder with one sub-folder per class, folder with IDX files, or images.csv"
DEFAULT = "(default: %(default)s)"
PIPELINE_MODULES = ("ruamel.yaml", "sklearn", "kornia", "dvc")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 well, 1 a finding, 2 an error that a message explains, 130
    interrupted, 141 a pipe that was closed."""
    if arguments is None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # within imports a KeyboardInterrupt would be disguised
    with redirect_stdout(printable_stream(sys.stdout)), redirect_stderr(printable_stream(sys.stderr)):
        return _run(parser().parse_args(arguments))


def _run(options: argparse.Namespace) -> int:
    try:
        status: int = options.command(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads has seen enough, as in `augment verdict | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # 128 + SIGPIPE, which not every system has
    except MemoryError:
        say("augment: out of memory. Set ingest.size, -n or compute.jobs to less, or work on a larger machine")
        return 2
    except (AugmentError, OSError) as error:
        say(f"augment: {os_error_text(error) if isinstance(error, OSError) else error}")
        if options.in_project and (where := where_to_go(Path.cwd())):
            say(where)
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="augment", description="One GAN per class for small labelled image sets.")
    top.add_argument("--version", action="version", version=f"gan-augment {augment.__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    _add_project_commands(commands)
    init = commands.add_parser("init", help="look at images and write params.yaml's ingest section")
    init.add_argument("path", type=Path, help=IMAGES)
    init.add_argument("--params", type=Path, default=Path("params.yaml"), help=f"file to write {DEFAULT}")

    check = commands.add_parser("check", help="report on images, changing nothing; exit 1 if a run would stop")
    check.add_argument("path", type=Path, nargs="?", help=f"{IMAGES} (default: what params.yaml names)")
    check.add_argument("--params", type=Path, help="settings (default: params.yaml, if there is one)")
    check.add_argument("--json", action="store_true", help="the report as JSON on standard output")

    run = _run_parser(commands)
    sample = _sample_parser(commands)
    verdict = commands.add_parser("verdict", help="the last verdict in words")
    verdict.add_argument("--reports", type=Path, default=Path("reports"), help=f"folder {DEFAULT}")
    verdict.add_argument("--explain", action="store_true", help="the rules with this run's numbers and their sources")

    trial = _trial_parser(commands)
    doctor = commands.add_parser("doctor", help="environment, work store and DVC state; exit 1 when a fault is found")
    prune_help = "delete GANs of the work store that no run has used for DAYS days"
    doctor.add_argument("--prune", type=_days, metavar="DAYS", help=prune_help)
    functions = {
        init: _init,
        check: _check,
        run: _run_all,
        sample: _sample,
        verdict: _verdict,
        trial: _trial,
        doctor: _doctor,
    }
    for command, function in functions.items():
        command.set_defaults(command=function, in_project=command not in (sample, doctor, run))
    return top


def _sample_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    sample = commands.add_parser("sample", help="write samples of trained generators")
    sample.add_argument("models", type=Path, help="folder with index.json")
    sample.add_argument("--class", dest="label", metavar="LABEL", help="one class (default: all)")
    sample.add_argument("-n", type=_count, default=64, help=f"samples of each class {DEFAULT}")
    sample.add_argument("--seed", type=_seed, default=0, help=f"equal seeds give equal images {DEFAULT}")
    sample.add_argument("-o", "--out", type=Path, help="folder for PNG files, one sub-folder per class")
    sample.add_argument("--grid", type=Path, help="one PNG with all samples side by side")
    return sample


def _trial_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    trial = commands.add_parser("trial", help="your own training on data/augmented, and on its real images alone")
    trial.add_argument("training", metavar="COMMAND", help="reads AUGMENT_DATA, AUGMENT_SEED; writes AUGMENT_SCORE")
    trial.add_argument("--data", type=Path, default=Path("data/augmented"), help=f"folder {DEFAULT}")
    trial.add_argument("--seeds", type=_seeds, default=5, help=f"paired runs of the command {DEFAULT}")
    return trial


def _run_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    run = commands.add_parser("run", help="look, write the settings, run the pipeline, say what came of it")
    run.add_argument("path", type=Path, metavar="FOLDER", help=IMAGES)
    run.add_argument(
        "--size", type=_side, help="longer side of what GANs learn, pixels (default: what ends within 1 h)"
    )
    run.add_argument("--quick", action="store_true", help="a first look that ends within ten minutes on two cores")
    run.add_argument("--seeds", type=_seeds, help="paired repeats (evaluate.seeds)")
    change = "a setting of params.yaml, section.key=value; as often as needed"
    run.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help=change)
    return run


def _add_project_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    new = commands.add_parser("new", help="make a project folder: settings, stages, git and DVC")
    new.add_argument("project", type=Path, metavar="PROJECT", help="folder that is not there yet, or empty")
    new.set_defaults(command=_new, in_project=False)
    upgrade = commands.add_parser("upgrade", help="bring this project to the installed version; says what changed")
    upgrade.set_defaults(command=_upgrade, in_project=True)


def _new(options: argparse.Namespace) -> int:
    _need_pipeline("new")
    from augment.commands import project

    return project.new(options.project)


def _upgrade(options: argparse.Namespace) -> int:
    _need_pipeline("upgrade")
    from augment.commands import project

    return project.upgrade(Path())


def _init(options: argparse.Namespace) -> int:
    _need_pipeline("init")
    from augment.commands import ahead, setup

    file: Path = options.params
    return setup.run(options.path, file, partial(ahead.outlook, file), partial(ahead.working_size, file))


def _check(options: argparse.Namespace) -> int:
    _need_pipeline("check")
    from augment.commands import ahead, check
    from augment.params import Params, load, read
    from augment.project.dvc_yaml import obstacles

    file = options.params or Path("params.yaml")
    forecast = partial(ahead.outlook, file)
    if options.params is None and options.path is not None and not file.exists():
        return check.run(options.path, Params(), options.json, forecast=forecast)
    params, missing = load(file), obstacles(file, read(file))
    return check.run(options.path, params, options.json, missing, ahead.preflight, forecast)


def _run_all(options: argparse.Namespace) -> int:
    _need_pipeline("run")
    from augment.commands import run
    from augment.commands.planning import Wishes

    wishes = Wishes(options.size, options.seeds, options.quick, tuple(options.changes))
    return run.run(options.path, wishes)


def _sample(options: argparse.Namespace) -> int:
    from augment.commands import sample

    options.in_project = not options.models.exists()  # generators are used anywhere
    return sample.run(options.models, options.label, options.n, options.seed, options.out, options.grid)


def _verdict(options: argparse.Namespace) -> int:
    from augment.evaluation.last_verdict import last_verdict

    lines = last_verdict(options.reports, options.explain)
    print("\n".join(printable(line, line=True) for line in lines))
    return 0


def _trial(options: argparse.Namespace) -> int:
    _need_pipeline("trial")
    from augment.evaluation.trial import trial

    for number in (signal.SIGINT, signal.SIGTERM):  # the copy of the real images goes, and the training with it
        signal.signal(number, signal.default_int_handler)
    print(trial(options.training, options.data, options.seeds, partial(print, flush=True)).conclusion())
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from augment.project import doctor

    return doctor.run(options.prune)


def _need_pipeline(command: str) -> None:
    missing = [name for name in PIPELINE_MODULES if importlib.util.find_spec(name.split(".")[0]) is None]
    if missing:
        raise AugmentError(f"{command} needs {', '.join(missing)}: pip install 'gan-augment[pipeline]'")


def _whole(least: int, most: int, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


_count, _seed = partial(_whole, 1, 1_000_000), partial(_whole, 0, 2**53)
_side = partial(_whole, 2, 256)
_seeds, _days = partial(_whole, 2, 1000), partial(_whole, 0, 100_000)

if __name__ == "__main__":
    sys.exit(main())
