"""Where the work runs: addresses and GPUs of a Ray cluster."""

import pytest

from augment.core.errors import ParamsError
from augment.params import check


@pytest.mark.parametrize("address", ["auto", "head:6379", "10.0.0.7:6379", "[fe80::1]:6379", None])
def test_addresses_are_those_of_a_head(address: str | None) -> None:
    assert check({"compute": {"engine": "ray", "address": address}}).compute.address == address


@pytest.mark.parametrize(
    "address", ["ray://head:10001", "head", "head:port", ":6379", "", "a b:1", "head:6379/x", "local"]
)
def test_what_is_no_address_is_named_with_what_is(address: str) -> None:
    with pytest.raises(ParamsError, match="host:port of its head, auto, or null") as caught:
        check({"compute": {"address": address}})
    assert "compute.address" in str(caught.value)


@pytest.mark.parametrize(
    ("device", "gpus", "fits"),
    [
        ("auto", 0, True),
        ("auto", 0.5, True),
        ("cpu", 0, True),
        ("cuda", 1, True),
        ("cuda", 0, False),
        ("cpu", 1, False),
    ],
)  # fmt: skip
def test_a_device_of_a_cluster_is_one_that_its_tasks_have(device: str, gpus: float, fits: bool) -> None:
    compute = {"device": device, "gpus_per_task": gpus}
    assert check({"compute": compute | {"engine": "local"}})
    if fits:
        assert check({"compute": compute | {"engine": "ray"}})
        return
    with pytest.raises(ParamsError, match=r"gpus_per_task: [01] do not go together"):
        check({"compute": compute | {"engine": "ray"}})
