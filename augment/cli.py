"""`augment new | run | init | check | verdict | ...`; heavy imports stand in the command that needs them."""

import argparse
import importlib.util
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

from augment.commands.parser import parser
from augment.core.errors import AugmentError, os_error_text
from augment.core.progress import say
from augment.core.words import printable, printable_stream, silence
from augment.project.starter.place import where_to_go

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
        status = _function(options.command)(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads has seen enough, as in `augment verdict | head -1`
        silence(sys.stdout)
        return 141  # 128 + SIGPIPE, which not every system has
    except MemoryError:
        say("augment: out of memory. Set ingest.size, -n or compute.jobs to less, or work on a larger machine")
        return 2
    except (AugmentError, OSError) as error:
        say(f"augment: {os_error_text(error) if isinstance(error, OSError) else error}")
        if _needs_project(options) and (where := where_to_go(Path.cwd())):
            say(where)
        return 2
    except KeyboardInterrupt:
        return 130


def _function(command: str) -> Callable[[argparse.Namespace], int]:
    return {
        "new": _new, "upgrade": _upgrade, "init": _init, "check": _check, "run": _run_all, "sample": _sample,
        "explore": _explore, "export": _export, "verdict": _verdict, "trial": _trial, "doctor": _doctor,
    }[command]  # fmt: skip


def _needs_project(options: argparse.Namespace) -> bool:
    """Whether what failed may be for want of a project; generators and delivered images are used anywhere."""
    match options.command:
        case "sample" | "explore":
            return not options.models.exists()
        case "export" | "trial":
            return not options.data.exists()
        case "verdict":
            return not options.reports.exists()
        case "check":
            return options.path is None
    return options.command not in ("new", "run", "doctor")  # which say so themselves, or need none


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
    from augment.commands import ahead, setup, tables

    file: Path = options.params
    if tables.form_of(options.path, options.label):
        tables.init_rows(options.path, file, options.label)
        print("\nNext: `dvc repro`")
        return 0
    return setup.run(options.path, file, partial(ahead.outlook, file), partial(ahead.working_size, file))


def _check(options: argparse.Namespace) -> int:
    _need_pipeline("check")
    from augment.commands import ahead, check, tables
    from augment.params import Params, load, read
    from augment.project.dvc_yaml import obstacles

    file = options.params or Path("params.yaml")
    forecast = partial(ahead.outlook, file)
    settings = load(file) if file.exists() or options.path is None else Params()
    if tables.is_of_rows(options.path, settings, options.label):
        missing = obstacles(file, read(file)) if file.exists() else []
        return tables.check_rows(options.path, settings, options.json, options.label, missing)
    if options.params is None and options.path is not None and not file.exists():
        return check.run(options.path, Params(), options.json, forecast=forecast)
    params, missing = load(file), obstacles(file, read(file))
    return check.run(options.path, params, options.json, missing, ahead.preflight, forecast)


def _run_all(options: argparse.Namespace) -> int:
    _need_pipeline("run")
    from augment.commands.running import run
    from augment.commands.running.wishes import Wishes

    wishes = Wishes(options.size, options.seeds, options.quick, tuple(options.changes))
    return run.run(options.path, wishes, options.label)


def _sample(options: argparse.Namespace) -> int:
    from augment.commands import sample

    chosen = options
    return sample.run(chosen.models, chosen.label, chosen.n, chosen.seed, chosen.out, chosen.form, chosen.grid)


def _explore(options: argparse.Namespace) -> int:
    from augment.commands import explore

    return explore.run(options.models, options.port)


def _verdict(options: argparse.Namespace) -> int:
    from augment.evaluation.last_verdict import last_verdict

    lines = last_verdict(options.reports, options.explain)
    print("\n".join(printable(line, line=True) for line in lines))
    return 0


def _export(options: argparse.Namespace) -> int:
    from augment.sharing import export

    chosen = options
    return export.run(chosen.out, chosen.form, chosen.data, chosen.reports, chosen.models, chosen.samples, chosen.seed)


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


if __name__ == "__main__":
    sys.exit(main())
