"""Pictures of how right chains are named."""

import numpy as np
from matplotlib.figure import Figure

from vschaos2.chains.scores import NONE, Scores
from vschaos2.monitor.pictures import ACCENT, INK, PALE, confusion_picture, figure, plain


def draw_confusions(scores: Scores, title: str) -> Figure:
    """Effects that were there against those that were named in their stead."""
    counts = np.array(scores.confusions, dtype=np.int64)
    return confusion_picture(title, counts, [*scores.names, NONE])


def draw_effects(scores: Scores, title: str) -> Figure:
    """How often each effect is found, each pair is ordered, and how sure it was said."""
    made = figure(12.0, 3.6 + 0.12 * len(scores.by_pair), title)
    left, middle, right = made.subplots(1, 3)
    names = list(scores.by_effect)
    left.barh(names, [scores.by_effect[name].right for name in names], color=INK)
    left.set_xlim(0.5, 1.0)
    left.set_title("there or not", fontsize=9, loc="left")
    pairs = sorted(scores.by_pair.items(), key=lambda each: each[1].right)
    pairs = [each for each in pairs if each[1].of]
    middle.barh([" · ".join(pair) for pair, _ in pairs], [s.right for _, s in pairs], color=INK)
    middle.axvline(0.5, color=ACCENT, linewidth=0.9)
    middle.set_xlim(0.4, 1.0)
    middle.set_title("which comes first; by chance .5", fontsize=9, loc="left")
    right.plot([0, 1], [0, 1], color=PALE, linewidth=0.9)
    said, found = ([each[n] for each in scores.calibration] for n in (0, 1))
    right.plot(said, found, "o-", color=INK, linewidth=1.4)
    right.set_title(
        f"said, and right: {scores.calibration_error:.3f} apart", fontsize=9, loc="left"
    )
    for axes in (left, middle, right):
        axes.tick_params(labelsize=7)
    plain(left, middle, right)
    return made
