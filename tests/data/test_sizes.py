"""Working and judged size of a set."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from augment.data.sizes import judged_size, suggested_size
from augment.measure.backbone.backbone import MAX_SIDE_PX

SIDES = st.integers(2, 3000)
SETS = st.dictionaries(st.tuples(SIDES, SIDES), st.integers(1, 5), min_size=1, max_size=5).map(Counter)


def test_suggested_size_keeps_the_median_aspect() -> None:
    assert suggested_size({(600, 800): 3, (10, 10): 1}, 64) == (48, 64)
    assert suggested_size({(24, 40): 1}, 64) == (24, 40)
    assert suggested_size({(3, 3000): 1}, 64) == (2, 64)


def test_judged_size_is_native_capped_at_what_a_backbone_sees() -> None:
    assert judged_size(Counter({(533, 400): 5}), (64, 48)) == (299, 224)  # 224 / 48 * 64
    assert judged_size(Counter({(120, 160): 5}), (24, 32)) == (120, 160)
    assert judged_size(Counter({(8, 8): 5}), (8, 8)) == (8, 8)
    assert judged_size(Counter({(8, 8): 5}), (16, 20)) == (16, 20)  # a GAN's images are not shrunk


def test_judged_size_takes_the_median_shorter_side_whichever_way_images_lie() -> None:
    assert judged_size(Counter({(100, 150): 2, (150, 100): 2, (900, 900): 1}), (32, 32)) == (100, 100)


@given(SETS, st.tuples(st.integers(2, 256), st.integers(2, 256)))
def test_judged_size_keeps_the_aspect_and_is_no_smaller(
    sizes: Counter[tuple[int, int]], working: tuple[int, int]
) -> None:
    judged = judged_size(sizes, working)
    assert all(side >= own for side, own in zip(judged, working, strict=True))
    assert min(judged) <= max(MAX_SIDE_PX, min(working))
    scale = min(judged) / min(working)
    assert all(abs(side - own * scale) <= 0.5 + 1e-6 for side, own in zip(judged, working, strict=True))
