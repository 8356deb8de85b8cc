"""What `augment run` will do, found out before anything is written: the images, the settings, the parts of the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment import params
from augment.commands import ahead, check, setup
from augment.commands.params_file import edited
from augment.commands.running.changes import changed
from augment.commands.running.first_look import Marks, marked, marks_of, set_back, unsettled
from augment.commands.running.wishes import SIZE, Wishes
from augment.core.errors import DataError, ParamsError
from augment.core.progress import MAX_PROBLEM_LINES, limited, say
from augment.data.entries import Blocker
from augment.data.findings import Findings
from augment.data.sizes import suggested_size
from augment.evaluation.cost.first_look import SIDES_PX, choose_rung
from augment.evaluation.cost.schedule import Work, work_of
from augment.params import Params


@dataclass(frozen=True)
class Plan:
    """text: of params.yaml; settings: those of a first look, dotted keys -> values; findings: the images as a run will
    see them; lines: what was found; in_time: whether a first look is planned to end in time."""

    text: str
    params: Params
    settings: Mapping[str, Any]
    findings: Findings
    work: Work
    lines: list[str]
    in_time: bool = True


@dataclass(frozen=True)
class _Known:
    """What is known before a look: the file, its values with the wishes, what a first look had set there, whether the
    images are settled already."""

    file: Path
    path: Path
    values: Mapping[str, Any]
    asked: Mapping[str, Any]
    back: Mapping[str, Any]
    marks: Marks
    is_settled: bool

    def params(self, further: Mapping[str, Any] | None = None) -> Params:
        """With these dotted keys besides. Raises `ParamsError`."""
        try:
            return params.check(changed(self.values, {**self.back, **(further or {}), **self.asked}), str(self.file))
        except ParamsError as error:
            raise ParamsError(f"{error}\nNothing was written.") from error


def plan_run(path: Path, wishes: Wishes, file: Path = Path("params.yaml")) -> Plan:
    """Look, and choose the settings. Raises `ParamsError` for wishes that do not fit, `DataError` for images that would
    stop a run; nothing is written."""
    known = _known(path, wishes, file)
    if not wishes.quick or SIZE in known.asked:
        return _planned(known, wishes, wishes.size)
    for side in (wishes.size,) if wishes.size else SIDES_PX:
        plan = _planned(known, wishes, side)
        if plan.in_time or max(plan.findings.shape[1:]) <= SIDES_PX[-1]:
            break
    return plan


def _known(path: Path, wishes: Wishes, file: Path) -> _Known:
    asked, values, text = wishes.settings(), params.read(file), file.read_text(encoding="utf-8")
    params.check(values, str(file))
    flat, marks = _flat(values), marks_of(text)
    anew = SIZE in unsettled(marks, flat)
    known = _Known(file, path, values, asked, set_back(marks, flat), marks, is_settled=False)
    is_settled = check.is_configured(path, known.params()) and not anew
    return _Known(file, path, values, asked, known.back, marks, is_settled)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys -> what stands in params.yaml."""
    return {f"{name}.{key}": value for name, of in values.items() if isinstance(of, dict) for key, value in of.items()}


def _planned(known: _Known, wishes: Wishes, side: int | None) -> Plan:
    settled = _settled(known, side, at_most=not wishes.size)
    settings, findings = settled.settings, settled.findings
    whole = known.params(settings)
    say("timing a few steps ...")
    looked: dict[str, Any] = {}
    in_time = True
    if wishes.quick:
        looked, work, in_time = choose_rung(findings, whole, lambda rung: known.params({**settings, **rung}))
        looked = {key: value for key, value in looked.items() if key not in known.asked}
        whole = known.params({**settings, **looked})
    else:
        work = work_of(findings.shape, findings.usable, whole)
    _refuse(ahead.preflight(findings.shape, findings.usable, whole))
    text = edited(known.file, {**known.back, **settings, **looked, **known.asked})
    marks = _marks(known, settings if side and not wishes.size else {}, looked) if wishes.quick else {}
    return Plan(marked(text, marks), whole, looked, findings, work, settled.lines, in_time)


def _settled(known: _Known, side: int | None, at_most: bool) -> setup.Settled:
    """The images, by what `init` would write; or by what is there where these images are settled already.

    side: longer side of the working size; None: as it is, or what ends within the hour; at_most: a smaller one stays.
    """
    before = known.params()
    if known.is_settled:
        settled = _as_set(known, before)
    else:
        choose = (lambda findings: (suggested_size(findings.sizes, side), "")) if side else None
        settled = _as_asked(known, setup.settle(known.path, known.file, before, choose or _timed_size(before)))
    if side is None or SIZE in known.asked:
        return settled
    size = suggested_size(settled.findings.sizes, side)
    now = settled.findings.shape[1:]
    if now == size or (at_most and max(now) <= side):
        return settled
    settings = {**settled.settings, SIZE: list(size)}
    resized = _as_set(known, known.params(settings))
    lines = [*settled.lines, f"  {SIZE}: {list(size)}"]
    return setup.Settled(resized.findings, settings, lines)


def _as_asked(known: _Known, settled: setup.Settled) -> setup.Settled:
    """The images anew, where a wish says otherwise than what was found for them, such as another split."""
    overruled = {key for key in settled.settings if any(f"{asked}.".startswith(f"{key}.") for asked in known.asked)}
    if not overruled:
        return settled
    settings = {key: value for key, value in settled.settings.items() if key not in known.asked}
    lines = [line for line in settled.lines if line.strip().partition(": ")[0] not in overruled]
    return setup.Settled(_as_set(known, known.params(settings)).findings, settings, lines)


def _timed_size(before: Params) -> setup.ChooseSize:
    return lambda findings: ahead.working_size_for(before, findings)


def _as_set(known: _Known, whole: Params) -> setup.Settled:
    findings = check.inspect(None, whole)
    _refuse(findings.blockers)
    counts = findings.counts()
    lines = [f"{known.path}: {sum(counts.values())} usable images, {len(counts)} classes; settings as in {known.file}"]
    return setup.Settled(findings, {}, lines)


def _refuse(blockers: list[Blocker]) -> None:
    if blockers:
        lines = limited([str(blocker) for blocker in blockers], MAX_PROBLEM_LINES)
        raise DataError("\n".join([*lines, "Nothing was written. `augment check` says more."]))


def _marks(known: _Known, settings: Mapping[str, Any], looked: Mapping[str, Any]) -> Marks:
    """What the first look sets, and what stood there; a size that nobody had chosen stood nowhere."""
    before = changed(params.Params().model_dump(mode="json"), _flat(changed(known.values, known.back)))
    marks: dict[str, tuple[Any, ...]] = {}
    for key, value in {**{SIZE: settings.get(SIZE)}, **looked}.items():
        section, name = key.split(".")
        was = before[section][name]
        if value is not None and value != was:
            marks[key] = (value,) if key == SIZE and not known.is_settled else (value, was)
    return marks
