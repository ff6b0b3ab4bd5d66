"""What is said of written sounds that pass full scale: they are whole, but not everywhere."""

import logging
import math
from collections.abc import Mapping
from pathlib import Path

logger = logging.getLogger(__name__)


def tell_of_peaks(peaks: Mapping[Path, float]) -> None:
    """Warn in one line of files whose peaks pass 1, if there are any.

    Args:
        peaks: of each file that was written, in full scale.
    """
    loud = {path: peak for path, peak in peaks.items() if peak > 1.0}
    if not loud:
        return
    loudest = max(loud, key=lambda path: loud[path])
    logger.warning(
        "%d of %d files %s full scale, %s by %.1f dB: they are whole, but players and files of "
        "integers clip them: turn them down first",
        len(loud),
        len(peaks),
        "passes" if len(loud) == 1 else "pass",
        loudest.name if len(loud) == 1 else f"most of all {loudest.name}",
        20.0 * math.log10(loud[loudest]),
    )
