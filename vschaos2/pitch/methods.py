"""The pitch trackers there are, by the name that a user gives."""

from vschaos2.errors import InputError
from vschaos2.pitch.trackers import PyinTracker, SwiftTracker, Tracker

METHODS = ("swift", "crepe", "pyin")


def make_tracker(
    method: str,
    hop_s: float,
    fmin_hz: float,
    fmax_hz: float,
    model: str = "full",
    batch_size: int = 256,
    device: str | None = None,
) -> Tracker:
    """The tracker of that name; the last three arguments are for crepe (see `CrepeTracker`).

    Raises:
        InputError: for an unknown name, and for what the trackers refuse.
    """
    if method == "swift":
        return SwiftTracker(fmin_hz, fmax_hz)
    if method == "crepe":
        from vschaos2.pitch.crepe import CrepeTracker  # torch: seconds, if only for crepe

        return CrepeTracker(hop_s, fmin_hz, fmax_hz, model, batch_size, device)
    if method == "pyin":
        return PyinTracker(hop_s, fmin_hz, fmax_hz)
    raise InputError(f"--method must be one of {', '.join(METHODS)}, got {method}")
