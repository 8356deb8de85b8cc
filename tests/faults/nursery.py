"""A process that has imported the stages and forks one for each order, so that a trial costs no imports.

An order is a line of JSON (`workshop.Nursery.start`); its answers are lines too, the process's id and its wait status.
"""

import atexit
import importlib
import json
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from augment import params
from augment.params import Params
from pipeline import start
from tests.faults.disk import Disk


def serve(stages: Sequence[str]) -> None:
    for name in stages:
        importlib.import_module(f"pipeline.{name}")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            run(order)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


def run(order: Mapping[str, Any]) -> None:
    """`python -m pipeline.<stage>`, with a checkpoint at every chance; never returns."""
    root = Path(order["root"])
    os.chdir(root)
    told = os.open(f"{root}.told", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    os.dup2(told, 1)
    os.dup2(told, 2)
    os.environ.update(order["environment"])
    load = params.load
    vars(params)["load"] = lambda: eager(load())
    disk, status = Disk(root, order["at"], order["number"]), 1
    try:
        start.begin()
        disk.install()
        runpy.run_module(f"pipeline.{order['stage']}", run_name="__main__")
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    finally:
        atexit._run_exitfuncs()  # what is given back
        Path(f"{root}.events").write_text(json.dumps(disk.events))
        os._exit(status)


def eager(loaded: Params) -> Params:
    return loaded.model_copy(update={"compute": loaded.compute.model_copy(update={"checkpoint_seconds": 0})})


if __name__ == "__main__":
    serve(sys.argv[1:])
