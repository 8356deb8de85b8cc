"""`augment explore`: the playground in the browser of this machine, until it is interrupted."""

import signal
from pathlib import Path

from augment.explore.playground import open_playground
from augment.explore.server import open_server
from augment.params import Params, load
from augment.synthesis.transplant.settings import transplant_settings

PARAMS, PREPARED = Path("params.yaml"), Path("data/prepared/train")


def run(models: Path, port: int) -> int:
    """Serve the page until it is interrupted; returns 0. Outside of a project the defaults of params.yaml hold.

    Raises `AugmentError` for a port in use, generators that are missing or damaged, and a selection of others.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    params = load(PARAMS) if PARAMS.exists() else Params()
    print("Reading the generators, and where minority classes have theirs, the training images ...", flush=True)
    drawn = (params.seed, params.generate.borrowed, transplant_settings(params))
    playground = open_playground(models, PREPARED, Path(params.generate.selection), *drawn)
    with open_server(playground, port) as server:
        print(f"Open  {server.address}\nIt is for this machine alone. Ctrl-C ends it.", flush=True)
        if playground.train is None:
            print(f"Nothing can be kept or rejected: {PREPARED} of these generators is not here.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0
