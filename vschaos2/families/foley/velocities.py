"""How velocity and level belong together: told by metadata, or measured from the levels.

level in dB = that at velocity 1 + range · (velocity - 1) + rest
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

LEAST_RANGE_DB = 6.0  # hits that differ by less are about equally loud
USUAL_RANGE_DB = 30.0  # then velocity sets the level over so much
LOW, HIGH = 5.0, 95.0  # percentiles of levels that are velocities 0 and 1
LEAST_REST_DB = 0.1


class Velocities(NamedTuple):
    """What velocity means to hits.

    Attributes:
        velocity: of each hit, 0 to 1, [N].
        full_db: level at velocity 1.
        range_db: that is played from velocity 0 to 1.
        slope_db: that was recorded from there to there.
        rest_db: deviation of the levels from that.
        told: in words, for the log.
    """

    velocity: Values
    full_db: float
    range_db: float
    slope_db: float
    rest_db: float
    told: str


def velocities_of(told: Values, level_db: Values, groups: npt.NDArray, seed: int) -> Velocities:
    """The velocities of hits, and what they say of the level.

    Args:
        told: by metadata, NaN where nobody knows, [N].
        level_db: of the hits, [N].
        groups: number of the class that each hit is of, by which levels differ anyway, [N].
        seed: of velocities that mean nothing.
    """
    known = ~np.isnan(told)
    if known.sum() >= 2 and float(np.ptp(told[known])) > 0.0:
        slope = _slope(told[known], level_db[known], groups[known])
        range_db = slope if slope >= LEAST_RANGE_DB else USUAL_RANGE_DB
        guessed = _by_level(level_db, groups, max(range_db, LEAST_RANGE_DB))
        velocity = np.where(known, told, guessed).clip(0.0, 1.0)
        said = f"velocity as metadata tells, {slope:.0f} dB from 0 to 1"
        if slope < LEAST_RANGE_DB:
            said += f" in the recordings, played over {range_db:.0f} dB"
        return _put_together(velocity, level_db, slope, range_db, said)
    spread = level_db - _means(level_db, groups)
    span_db = float(np.subtract(*np.percentile(spread, [HIGH, LOW])))
    if span_db >= LEAST_RANGE_DB:
        velocity = _by_level(level_db, groups, span_db)
        said = f"velocity measured from the hits' own levels, {span_db:.0f} dB from 0 to 1"
        return _put_together(velocity, level_db, span_db, span_db, said)
    # Nothing is to be learnt of velocities that are drawn: they only set the level.
    velocity = np.random.default_rng([seed, 1]).uniform(size=len(level_db))
    said = (
        f"the hits are about equally loud ({span_db:.0f} dB apart): velocity sets their level "
        f"alone, over {USUAL_RANGE_DB:.0f} dB"
    )
    return _put_together(velocity, level_db, 0.0, USUAL_RANGE_DB, said)


def _put_together(
    velocity: Values, level_db: Values, slope_db: float, range_db: float, said: str
) -> Velocities:
    rest = level_db - slope_db * (velocity - 1.0)
    deviation = max(float(rest.std()), LEAST_REST_DB)
    return Velocities(velocity, float(rest.mean()), range_db, slope_db, deviation, said)


def _means(level_db: Values, groups: npt.NDArray) -> Values:
    means = np.zeros_like(level_db)
    for group in np.unique(groups):
        means[groups == group] = level_db[groups == group].mean()
    return means


def _slope(velocity: Values, level_db: Values, groups: npt.NDArray) -> float:
    """DB from velocity 0 to 1, by least squares within groups."""
    x = velocity - _means(velocity, groups)
    y = level_db - _means(level_db, groups)
    energy = float((x * x).sum())
    return float((x * y).sum()) / energy if energy > 0.0 else 0.0


def _by_level(level_db: Values, groups: npt.NDArray, range_db: float) -> Values:
    spread = level_db - _means(level_db, groups)
    top = float(np.percentile(spread, HIGH))
    return (1.0 + (spread - top) / range_db).clip(0.0, 1.0)
