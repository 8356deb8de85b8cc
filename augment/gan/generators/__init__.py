"""The generators of classes, one and all of a set: sampling, saving, and how they show themselves."""

from augment.gan.generators.class_generator import CHUNK, MAX_SAMPLES, ClassGenerator, is_finite, network_from
from augment.gan.generators.generator_set import GeneratorSet
from augment.gan.generators.kept_generator import KeptGenerator

__all__ = ["CHUNK", "MAX_SAMPLES", "ClassGenerator", "GeneratorSet", "KeptGenerator", "is_finite", "network_from"]
