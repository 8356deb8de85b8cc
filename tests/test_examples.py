"""The examples run, and say what they promise."""

import pytest

from examples.downstream_training import main


def test_downstream_training(capsys: pytest.CaptureFixture[str]) -> None:
    accuracies = main(gan_steps=2, shared_steps=2, steps=150)
    assert len(accuracies) == 3
    assert accuracies["real images alone"] > 0.6
    assert all(0 <= accuracy <= 1 for accuracy in accuracies.values())
    assert capsys.readouterr().out.count("%") == 3
