import pytest

from vschaos2.errors import InputError
from vschaos2.objectives.schedules import BetaSchedule


def test_beta_rises_in_a_straight_line_and_stays():
    beta = BetaSchedule(target=0.8, warmup=4, unit="epoch", start=0.2)
    rise = [beta(step=999, epoch=epoch) for epoch in range(7)]
    assert rise == pytest.approx([0.2, 0.35, 0.5, 0.65, 0.8, 0.8, 0.8])
    by_step = BetaSchedule(target=1.0, warmup=1000, unit="step")
    assert by_step(step=250, epoch=999) == pytest.approx(0.25)


def test_beta_without_warmup_is_its_target_at_once():
    assert BetaSchedule(target=0.5, warmup=0, start=0.1)(0, 0) == 0.5


@pytest.mark.parametrize("wrong", [{"target": -1.0}, {"warmup": -1}, {"unit": "hour"}])
def test_wrong_schedules_are_refused(wrong: dict):
    with pytest.raises(InputError, match=next(iter(wrong))):
        BetaSchedule(**wrong)
