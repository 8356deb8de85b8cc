"""Room for what is made of trained GANs, asked for by the stages before it is."""

from augment.core.files import read_json
from augment.data.imageset import ImageSet
from augment.data.sizes import read_sizes
from augment.evaluation.cost.disk import delivery_needs, sample_needs
from augment.params import Params
from augment.project.disk_space import Need
from pipeline.common import PREPARED


def samples_and_delivery(train: ImageSet, params: Params) -> list[Need]:
    """data/synthetic and data/augmented.

    Of other sides no more than numbers is read, which decide nothing but whether to stop.
    """
    shape, counts = train.images.shape[1:], train.counts()
    others = sum(entry["val"] + entry["test"] for entry in read_json(PREPARED / "classes.json"))
    native = read_sizes(PREPARED)[1]
    return [*sample_needs(shape, counts, params), *delivery_needs(shape, native, counts, others, params)]
