"""How near settings are told, of what was there."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from vschaos2.chains.pedals import Setting
from vschaos2.ranges import check_count


class SettingScore(NamedTuple):
    """How near one setting is told.

    Attributes:
        name: "effect.setting".
        examples: in which it was there.
        error: mean distance, of the range.
        median_error: the same of always saying the middle of all that there were.
        within: part that is within 5 % of the value.
        covered: part that lies in the range that is told.
    """

    name: str
    examples: int
    error: float
    median_error: float
    within: float
    covered: float

    @property
    def ratio(self) -> float:
        """Error over that of the median: 1 where nothing is heard."""
        return self.error / max(self.median_error, 1e-9)


def score_settings(
    settings: Sequence[tuple[str, Setting]],
    place: Tensor,
    reach: Tensor,
    truth: Tensor,
) -> list[SettingScore]:
    """Measure what was said of settings.

    Args:
        settings: name of the effect, and the setting, S of them.
        place: that was told, in the range.
        reach: to either side of it, what was told as its range.
        truth: places that were; NaN where the effect was not there.

    Shape: [B, S] each.
    """
    check_count("settings", place.shape[1], len(settings), len(settings))
    found = []
    for n, (effect, setting) in enumerate(settings):
        known = ~truth[:, n].isnan()
        if not bool(known.any()):
            continue
        due, said, around = truth[known, n], place[known, n], reach[known, n]
        off = (said - due).abs()
        values = [
            (setting.value(a), setting.value(b))
            for a, b in zip(said.tolist(), due.tolist(), strict=True)
        ]
        near = [abs(a - b) <= 0.05 * abs(b) for a, b in values]
        found.append(
            SettingScore(
                f"{effect}.{setting.name}",
                len(due),
                float(off.mean()),
                float((due - due.median()).abs().mean()),
                sum(near) / len(near),
                float((off <= around).float().mean()),
            )
        )
    return found
