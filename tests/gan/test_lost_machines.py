"""GANs on the machines of a Ray cluster: the same weights, and what a lost machine costs."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from augment.core.engine import Engine
from augment.core.errors import InUseError
from augment.core.files import exclusive
from augment.data.imageset import ImageSet
from augment.gan.backend import Backend
from augment.gan.checkpoint_store import StoredJob, fingerprint, train_stacked
from augment.gan.gan_files import GanFiles
from augment.gan.per_class import ClassTraining, train_classes
from augment.gan.training.run import GanJob, GanResult, GanSettings
from augment.gan.training.trainer import fit
from benchmarks.machines import Machines
from tests.gan.stacks import jobs_of

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'gan-augment[ray]'")
STEPS, LOST_AFTER, STEP_SECONDS, INTERVAL_SECONDS = 150, 60, 0.01, 0.3
PATIENCE_S = 300


def same(mine: GanResult, other: GanResult) -> bool:
    weights = [(mine.generator, other.generator), (mine.discriminator, other.discriminator)]
    equal = [torch.equal(one[name], two[name]) for one, two in weights for name in one]
    return mine.history == other.history and bool(equal) and all(equal)


def test_classes_train_on_a_cluster_to_the_same_bits(
    machines: Machines, two_classes: ImageSet, tiny: GanSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is that of this machine, in the folder of the run, whichever machine trains."""
    monkeypatch.chdir(tmp_path)
    training = ClassTraining(tiny, dict.fromkeys(two_classes.classes, tiny))
    engines = [Engine("serial"), Engine("ray", address=machines.address)]
    serial, there = (
        train_classes(two_classes, training, [0, 1], Backend(engine, "cpu", Path(f".work/{engine.kind}"), 30.0))
        for engine in engines
    )
    for mine, other in zip(serial, there, strict=True):
        assert mine.shared is not None
        assert other.shared is not None
        assert same(mine.shared, other.shared)
        assert all(same(mine.classes[label].whole(), other.classes[label].whole()) for label in training.classes)
    finished = {kind: sorted(Path(".work", kind).glob("*/finished.pt")) for kind in ("serial", "ray")}
    assert [path.read_bytes() for path in finished["serial"]] == [path.read_bytes() for path in finished["ray"]]
    assert len(finished["ray"]) == 2 * 3


def test_a_gan_that_another_run_is_at_work_on_is_told_of_there(machines: Machines, job: GanJob, tmp_path: Path) -> None:
    engine = Engine("ray", address=machines.address)
    stored = StoredJob(job, tmp_path, 30.0, files=engine.at_home(GanFiles()))
    with exclusive(tmp_path / fingerprint(job)), pytest.raises(InUseError, match="in use by another run"):
        list(engine.map(train_stacked, [[stored]]))
    ((_, (result,)),) = engine.map(train_stacked, [[stored]])
    assert same(result.whole(), fit(job))


@dataclass(frozen=True)
class Log:
    """Writes down which step was done, where and when."""

    path: Path

    def __call__(self, step: int, steps: int) -> None:
        time.sleep(STEP_SECONDS)
        with self.path.open("a") as lines:
            lines.write(f"{step} {ray.get_runtime_context().get_node_id()} {time.time()}\n")

    def rows(self) -> list[tuple[int, str, float]]:
        """Whole lines alone: a machine may go while it writes one."""
        text = self.path.read_text() if self.path.exists() else ""
        parts = [line.split() for line in text.split("\n")[:-1]]
        return [(int(step), node, float(at)) for step, node, at in parts]


def test_a_lost_machine_costs_at_most_one_checkpoint_interval_of_each_of_its_units(
    machines: Machines, tmp_path: Path
) -> None:
    jobs, lost = jobs_of(6, 5, 6, 4, steps=STEPS), machines.add()
    logs = [Log(tmp_path / f"{number}.log") for number in range(len(jobs))]
    engine = Engine("ray", address=machines.address)
    files = engine.at_home(GanFiles())
    stored = [
        StoredJob(job, tmp_path / "store", INTERVAL_SECONDS, on_step=log, files=files)
        for job, log in zip(jobs, logs, strict=True)
    ]
    gone_at: list[float] = []

    def lose_on_the_way() -> None:
        wait(lambda: any(row[0] > LOST_AFTER and row[1] == lost.node_id for log in logs for row in log.rows()))
        machines.lose(lost)
        gone_at.append(time.time())

    thread = threading.Thread(target=lose_on_the_way)
    thread.start()
    found = dict(engine.map(train_stacked, [[one] for one in stored]))
    thread.join()
    assert all(same(found[number][0].whole(), fit(job)) for number, job in enumerate(jobs)), (
        "as if nothing had happened"
    )
    hit = [log.rows() for log in logs if len({node for _, node, _ in log.rows()}) > 1]
    assert len(hit) == 1, "the machine had one core, so one unit"
    before = [row for row in hit[0] if row[1] == lost.node_id]
    first_again = min(step for step, node, _ in hit[0] if node != lost.node_id)
    assert LOST_AFTER < max(step for step, _, _ in before) < STEPS
    assert first_again > 1, "it went on from a checkpoint"
    repeated = [at for step, _, at in before if step >= first_again]
    late = [at for at in repeated if at - repeated[0] > INTERVAL_SECONDS]
    assert len(late) <= 1, "the step after an interval is saved, unless the machine goes just then"


def wait(until: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not until() and time.monotonic() - began < PATIENCE_S:
        time.sleep(0.02)
