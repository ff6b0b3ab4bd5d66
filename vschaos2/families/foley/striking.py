"""When a hit is struck, and which: edges of a signal, and what is told at them."""

import torch
from torch import Tensor

from vschaos2.dsp.random_draws import RandomDraws
from vschaos2.dsp.state import Stateful
from vschaos2.families.foley.hit_model import STEPS, HitModel
from vschaos2.families.foley.voices import VOICES, HitVoices

THRESHOLD = 0.5  # that a trigger rises through
APART_MS = 5.0  # what comes sooner after a strike is none
LOUDEST = 1e4  # of what is not finite or absurd at an inlet
FARTHEST = 8.0  # deviations of an axis


class Striking(Stateful):
    """Signals into hits.

    Args:
        model: that draws them.

    Attributes:
        velocity: of a hit whose inlet says nothing.
        classes: numbers of the classes of each label, where an inlet says nothing.
        offsets: what is added to the first components, [axes].
        variation: 0 (always the hit of the seed) to 1 (each another one).
        seed: others, other hits.
        is_free: whether hits are drawn by chance, and another time others.
        polyphony: voices that may sound at once.
        is_choked: whether a hit silences those before.
    """

    was_high: Tensor  # [B]
    since: list[int]  # samples since the last strike of each item
    drawn: list[int]  # strikes of each item
    classes: list[float]
    offsets: list[float]

    def __init__(self, model: HitModel, axes: int) -> None:
        super().__init__()
        self.model = model
        self.voices = HitVoices(model.sounding, model.sample_rate_hz)
        self.draws = RandomDraws(model.noise_dims)
        self.steps, self.threshold, self.loudest = STEPS, THRESHOLD, LOUDEST
        self.farthest, self.apart_ms = FARTHEST, APART_MS
        self.apart = round(APART_MS * model.sample_rate_hz / 1000.0)
        self.n_labels, self.axes = len(model.class_counts), axes
        self.velocity, self.variation, self.seed = 1.0, 1.0, 0
        self.is_free, self.is_choked, self.polyphony = False, False, VOICES
        self.classes = [0.0 for _ in range(self.n_labels)]
        self.offsets = [0.0 for _ in range(axes)]
        self.frames = model.sounding.parts * model.sounding.part_frames
        self.register_buffer("was_high", torch.zeros(1), persistent=False)
        self.since, self.drawn = [self.apart], [0]

    @torch.jit.export
    def forget(self) -> None:
        """Begin with the first hit again, and with no trigger."""
        self.begin(self.was_high.shape[0])

    @torch.jit.export
    def set_rate(self, rate_hz: int) -> None:
        """Begin anew at a host's rate, one of `voices.rates_hz`."""
        self.apart = int(self.apart_ms * rate_hz / 1000.0 + 0.5)
        self.voices.set_rate(rate_hz)
        self.reset()

    def begin(self, batch: int) -> None:
        """Begin anew with so many items."""
        self.was_high = torch.zeros(batch, device=self.model.mean.device)
        self.since = [self.apart for _ in range(batch)]
        self.drawn = [0 for _ in range(batch)]

    def forward(self, x: Tensor) -> Tensor:
        """The sound of a block: trigger, velocity, labels and axes into [B, N].

        A velocity or a label below 0 is as set.

        Shape: [B, 2 + labels + axes, N] → [B, N].
        """
        batch, _, count = x.shape
        if self.was_high.shape[0] != batch:
            self.begin(batch)
            self.voices.begin(batch)
        x = torch.nan_to_num(x, 0.0, 0.0, 0.0).clamp(-self.loudest, self.loudest)
        high = (x[:, 0] > self.threshold).to(x.dtype)
        edges = high - torch.cat((self.was_high.unsqueeze(1), high[:, :-1]), 1)
        self.was_high = high[:, -1].clone()
        edges = edges.clamp_min(0.0)
        is_struck = bool((edges > 0.0).any())
        made: list[Tensor] = []
        done = 0
        while done < count:
            size = min(count - done, self.voices.until_step())
            if is_struck:
                end = done + size
                for item in range(batch):
                    self.strike(item, x[item, :, done:end], edges[item, done:end])
            made.append(self.voices.advance(size))
            done += size
        if not is_struck:
            for item in range(batch):
                self.since[item] = min(self.since[item] + count, self.apart)
        return torch.cat(made, 1)

    def strike(self, item: int, x: Tensor, edges: Tensor) -> None:
        """Let the hits begin whose triggers rise in a stretch of one item.

        Shape: x [2 + labels + axes, n], edges [n].
        """
        count = edges.shape[0]
        order = torch.arange(count, 0, -1, device=x.device) * (edges > 0.0).to(torch.long)
        at, last = -1, 0
        while True:
            left = int(order.max())
            if left <= 0:
                break
            at = count - left
            order = order * (order < left).to(torch.long)
            self.since[item] = min(self.since[item] + at - last, self.apart)
            last = at
            if self.since[item] >= self.apart:
                self.since[item] = 0
                latents, gain = self.draw(item, x[:, at])
                polyphony, is_choked = self.polyphony, self.is_choked
                self.voices.strike(item, at, latents, gain, polyphony, is_choked)
        self.since[item] = min(self.since[item] + count - last, self.apart)

    def draw(self, item: int, told: Tensor) -> tuple[Tensor, float]:
        """A hit as it is told: [2 + labels + axes] → latents [parts·C, Z], gain."""
        velocity = self.velocity
        if float(told[1]) >= 0.0:
            velocity = min(float(told[1]), 1.0)
        classes = torch.zeros(1, self.n_labels, dtype=torch.long, device=told.device)
        for label in range(self.n_labels):
            value = float(told[2 + label])
            classes[0, label] = int((self.classes[label] if value < 0.0 else value) + 0.5)
        noise = self.noise(item)
        velocities = torch.full([1], velocity, device=told.device)
        known = self.model.told(classes, velocities)
        components = self.model.flow.drawn(noise, known, self.steps)
        for axis in range(self.axes):
            value = float(told[2 + self.n_labels + axis])
            value = max(-self.farthest, min(value, self.farthest))
            components[0, axis] += self.offsets[axis] + value
        latents = self.model.latents_of(components)[0]
        missing = self.frames - latents.shape[0]
        if missing > 0:
            latents = torch.cat((latents, latents[-1:].expand(missing, -1)))
        return latents, float(self.model.gain_of(components, velocities))

    def noise(self, item: int) -> Tensor:
        """The noise of an item's next hit, [1, K]."""
        self.drawn[item] += 1
        self.draws.seed = self.seed
        self.draws.frame_count = 0
        own = self.draws(1)[1]
        if self.is_free:
            fresh = torch.randn_like(own)
        else:
            self.draws.frame_count = self.drawn[item]
            fresh = self.draws(1)[1]
        part = self.variation
        return (1.0 - part * part) ** 0.5 * own + part * fresh
