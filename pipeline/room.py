"""Room on the disk: asked for before anything is made of trained GANs, and made in the work store."""

from augment.core.files import SEEN_STORE, WORK_STORE, read_json
from augment.core.progress import say
from augment.data.imageset import ImageSet
from augment.data.sizes import read_sizes
from augment.evaluation.cost.disk import delivery_needs, sample_needs
from augment.params import Compute, Params
from augment.project.disk_space import Need, bytes_text
from augment.project.work_store import keep_within
from pipeline.common import PREPARED


def samples_and_delivery(train: ImageSet, params: Params) -> list[Need]:
    """data/synthetic and data/augmented.

    Of other sides no more than numbers is read, which decide nothing but whether to stop.
    """
    shape, counts = train.images.shape[1:], train.counts()
    others = sum(entry["val"] + entry["test"] for entry in read_json(PREPARED / "classes.json"))
    native = read_sizes(PREPARED)[1]
    return [*sample_needs(shape, counts, params), *delivery_needs(shape, native, counts, others, params)]


def bound_work_store(compute: Compute, since: float) -> None:
    """Remove what no run has used longest where the store is larger than it may be, and tell of it.

    since: when this run began, seconds since 1970; what it used stays.
    """
    most = int(compute.store_gb * 1e9)
    kept = keep_within(WORK_STORE, SEEN_STORE, most, since)
    if kept.removed:
        gone = f"{kept.removed} GANs and files that no run has used longest were removed, {bytes_text(kept.freed)}"
        say(f"work store: {gone}; {bytes_text(kept.size)} are left (compute.store_gb). They are made anew if needed")
    if kept.size > most:
        say(f"work store: {bytes_text(kept.size)}, more than compute.store_gb allows; this run used all that is left")
