"""The modes of phase recovery: what a phase may cost in delay and in work."""

from typing import NamedTuple


class Mode(NamedTuple):
    """How much delay and work a phase may cost."""

    lookahead: int  # frames to come that a phase waits for: 1, or 0
    open_frames: int  # frames kept back, still open to refinement
    iterations: int  # refinement steps per call
    short: int  # 1: synthesis window of two hops, for a low delay
    random: int  # 1: phases drawn at random, no recovery


MODES = {
    "random": Mode(lookahead=0, open_frames=0, iterations=0, short=0, random=1),
    "eco": Mode(lookahead=1, open_frames=0, iterations=0, short=0, random=0),
    "live": Mode(lookahead=0, open_frames=0, iterations=4, short=1, random=0),
    "balanced": Mode(lookahead=0, open_frames=1, iterations=4, short=0, random=0),
    "hq": Mode(lookahead=0, open_frames=1, iterations=8, short=0, random=0),
}
