"""A prior learns how the latents of recordings move: by likelihood, on streams without an end.

The recordings' latents are joined end to end, in another order for every stream: what comes after
a recording's end is a recording's beginning, so that a prior that plays for ever goes on. Streams
are learnt in windows, one after the other, with the memory that the one before left; so memories
as old as those of a long performance are met.

A network that was only ever told the truth goes astray on its own draws: what it is told here is
shaken by noise, and what comes next is not, so that it learns to find back.
"""

import copy
import math
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from vschaos2.families.vae.prior import PLACES, QUANTILES, LatentPrior
from vschaos2.families.vae.prior_calibration import LEAST_STEP, calibrate, let_loose
from vschaos2.families.vae.prior_steps import thinned
from vschaos2.nets.mixture import mixture_log_density

EXPLAINED = 0.99  # part of the latents' variance that moves
MOST_DIMS = 16
STREAMS = 32  # learnt from side by side
WINDOW = 48  # frames
FORGET = 0.05  # part of the streams that begins anew, without a past, at each window
NOISE = 0.1  # deviation of what inputs are shaken by, in deviations of the recordings
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.02
DROPOUT = 0.2
HIDDEN = 96
COMPONENTS = 6
LARGEST_GRADIENT = 1.0
WARMUP_STEPS = 50
MOST_STEPS = 1500
VALIDATE_EVERY = 100
SIMILAR = 8  # frames of a stretch
MOST_PLAYED, MOST_RECORDED = 500, 6000  # stretches that are compared
HEARD = (8, 96)  # streams and frames that are listened to at a validation


class Streams:
    """Windows of endless streams of recordings.

    Args:
        recordings: coordinates, each [F, D].
        count: of streams, B.
        generator: of their order.
    """

    def __init__(
        self, recordings: Sequence[Tensor], count: int, generator: torch.Generator
    ) -> None:
        self.recordings, self.count, self.generator = list(recordings), count, generator
        self.waiting: list[Tensor] = [self._from_anywhere() for _ in range(count)]

    def window(self, frames: int) -> tuple[Tensor, Tensor]:
        """The next frames of every stream, and which streams begin anew: [B, F + 1, D], [B]."""
        anew = torch.rand(self.count, generator=self.generator) < FORGET
        rows = []
        for index in range(self.count):
            if anew[index]:
                self.waiting[index] = self._from_anywhere()
            while len(self.waiting[index]) < frames + 1:
                more = self.recordings[self._draw(len(self.recordings))]
                self.waiting[index] = torch.cat((self.waiting[index], more))
            rows.append(self.waiting[index][: frames + 1])
            self.waiting[index] = self.waiting[index][frames:]
        return torch.stack(rows), anew

    def _from_anywhere(self) -> Tensor:
        """The rest of a recording from a frame on, each frame of all as likely."""
        lengths = torch.tensor([len(each) for each in self.recordings])
        start = self._draw(int(lengths.sum()))
        for each in self.recordings:
            if start < len(each):
                return each[start:]
            start -= len(each)
        raise AssertionError

    def _draw(self, below: int) -> int:
        return int(torch.randint(below, (1,), generator=self.generator))


def fit_basis(prior: LatentPrior, latents: Tensor) -> None:
    """Set the coordinates of a prior to the leading principal axes of latents [N, Z]."""
    basis = prior.basis
    centre = latents.double().mean(0)
    spread = latents.double() - centre
    variances, vectors = torch.linalg.eigh(spread.T @ spread / len(spread))
    directions = vectors.T.flip(0)[: prior.dims] * variances.flip(0)[: prior.dims, None].sqrt()
    x = spread @ torch.linalg.pinv(directions)
    basis.centre.copy_(centre)
    basis.from_basis.copy_(directions)
    basis.to_basis.copy_(torch.linalg.pinv(directions))
    basis.lowest.copy_(x.amin(0))
    basis.highest.copy_(x.amax(0))
    even = torch.linspace(0.0, 1.0, QUANTILES)
    reach = (basis.highest - basis.lowest).clamp_min(LEAST_STEP)
    basis.drawn.copy_(basis.lowest[:, None] + reach[:, None] * even)
    basis.recorded.copy_(basis.drawn)
    basis.places.copy_(x[torch.linspace(0, len(x) - 1, PLACES).long()])


def count_dims(latents: Tensor) -> int:
    """How many principal axes of latents [N, Z] carry what changes."""
    variances = torch.linalg.eigvalsh(latents.double().T.cov()).flip(0).clamp_min(0)
    reached = variances.cumsum(0) / variances.sum().clamp_min(1e-30)
    return min(MOST_DIMS, int((reached < EXPLAINED).sum()) + 1)


def fit_prior(
    training: Sequence[Tensor],
    held_out: Sequence[Tensor],
    seconds: float,
    seed: int = 0,
    say: Callable[[str], object] = lambda text: None,
    most_steps: int = MOST_STEPS,
    every: int = 1,
) -> LatentPrior | None:
    """Train a prior, until the time is over, it has learnt enough, or Ctrl-C.

    Args:
        training: latents of recordings, each [F, Z].
        held_out: of others, by which the best moment is found: the last one at which what it plays
            is as new as they are (`novelty`), or else that of the least held-out loss.
        seconds: at most.
        seed: of everything that is drawn.
        say: called with how far it is, now and then.
        most_steps: steps after which it has learnt enough.
        every: frames from one step of the prior to the next.

    Returns:
        The prior of the best moment; None if there was none.
    """
    begun = time.monotonic()
    generator = torch.Generator().manual_seed(seed)
    latents = torch.cat(list(training))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        prior = LatentPrior(latents.shape[1], count_dims(latents), HIDDEN, COMPONENTS, every)
        fit_basis(prior, latents)
        recorded = [prior.basis(each) for each in training]
        known = thinned(recorded, every)
        prior.basis.first.copy_(max(known, key=len)[0])
        unknown = thinned([prior.basis.bounded(prior.basis(each)) for each in held_out], every)
        due = novelty(unknown, known)
        lesson = Lesson(prior, known, generator)
        best, kept = math.inf, None
        try:
            for step in range(most_steps):
                done = max(step / most_steps, (time.monotonic() - begun) / seconds)
                loss = lesson.step(step, min(done, 1.0))
                is_last = done >= 1.0 or step == most_steps - 1 or not math.isfinite(loss)
                if is_last or step % VALIDATE_EVERY == VALIDATE_EVERY - 1:
                    found = held_out_loss(prior, unknown)
                    far = novelty(let_loose(prior, known, *HEARD, generator), known)
                    if math.isfinite(loss) and (found < best or far >= due):
                        kept = copy.deepcopy(prior.state_dict())
                    best = min(best, found)
                    say(
                        f"step {step + 1}, loss {loss:.2f}, held-out loss {found:.2f}, new by "
                        f"{far:.2f}, held-out recordings by {due:.2f}"
                    )
                if is_last:
                    break
        except KeyboardInterrupt:
            say("interrupted: it keeps what it has learnt")
    if kept is None:
        return None
    prior.load_state_dict(kept)
    calibrate(prior, recorded, generator)
    return prior.eval().requires_grad_(False)


class Lesson:
    """The steps of a training.

    Args:
        prior: that learns.
        recordings: coordinates, each [F, D].
        generator: of windows and noise.
    """

    def __init__(
        self, prior: LatentPrior, recordings: Sequence[Tensor], generator: torch.Generator
    ) -> None:
        self.prior, self.generator = prior, generator
        self.streams = Streams(recordings, STREAMS, generator)
        self.state = torch.zeros(STREAMS, prior.state_size)
        self.optimiser = torch.optim.AdamW(
            prior.parameters(), LEARNING_RATE, betas=(0.9, 0.95), weight_decay=WEIGHT_DECAY
        )

    def step(self, number: int, done: float) -> float:
        """One step, at a part of the training between 0 and 1; → its loss, nats a frame."""
        falling = 0.5 * (1.0 + math.cos(math.pi * done))
        for group in self.optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(1.0, (number + 1) / WARMUP_STEPS) * falling
        window, anew = self.streams.window(WINDOW)
        before, next_ones = window[:, :-1], window[:, 1:]
        noise = NOISE * torch.randn(before.shape, generator=self.generator)
        shape = (*before.shape[:2], self.prior.memory.n_outputs)
        mask = (torch.rand(shape, generator=self.generator) >= DROPOUT) / (1.0 - DROPOUT)
        self.optimiser.zero_grad(set_to_none=True)
        after, state = self.prior(before + noise, self.state * (~anew)[:, None], mask)
        self.state = state.detach()
        loss = -mixture_log_density(after, next_ones).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.prior.parameters(), LARGEST_GRADIENT)
        self.optimiser.step()
        return float(loss.detach())


def novelty(paths: Sequence[Tensor] | Tensor, recordings: Sequence[Tensor]) -> float:
    """How far stretches of eight frames are from the nearest one of recordings, in the median.

    0 for what is there already; in deviations of the recordings. At most some thousands of each
    are compared.
    """

    def pieces(of: Sequence[Tensor] | Tensor, most: int) -> Tensor:
        long_enough = [each for each in of if len(each) >= SIMILAR]
        if not long_enough:
            return torch.zeros(0, 0)
        found = torch.cat([each.unfold(0, SIMILAR, 1).flatten(1) for each in long_enough])
        return found[:: 1 + len(found) // most]

    some, reference = pieces(paths, MOST_PLAYED), pieces(recordings, MOST_RECORDED)
    if not len(some) or not len(reference):
        return 0.0
    far = torch.cdist(some, reference).amin(1) / some.shape[1] ** 0.5
    return float(far.median())


@torch.no_grad()
def held_out_loss(prior: LatentPrior, recordings: Sequence[Tensor]) -> float:
    """Nats a frame that recordings [F, D] cost."""
    total, frames = 0.0, 0
    for each in recordings:
        after, _ = prior(each[None, :-1], torch.zeros(1, prior.state_size))
        total -= float(mixture_log_density(after, each[None, 1:]).sum())
        frames += len(each) - 1
    return total / max(frames, 1)
