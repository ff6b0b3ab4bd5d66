"""Sound files through the `forward` of any run, or of a chain of them, as long as they are.

    file ──rate, channels──> run ──> run ──> … ──rate──> file

Memory does not grow with a file's length. What takes one channel hears every channel of a file by
itself; what takes two hears a mono file on both sides.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr
import torch

from vschaos2.audio import SoundReader, check_rate, read_blocks
from vschaos2.config import suggestion
from vschaos2.errors import InputError
from vschaos2.export.checks import declared_delays
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.playable import Playable
from vschaos2.generation.methods import has
from vschaos2.generation.reconstruct import named_files, write_sounds
from vschaos2.runs.folder import Run

Samples = npt.NDArray[np.float32]
BLOCK_SAMPLES = 2**16  # per call


def process(
    stages: Sequence[Playable], inputs: Iterable[Path], folder: Path, rate_hz: int | None = None
) -> list[Path]:
    """Pass sound files through one playable after the other, and write what comes out.

    Args:
        stages: each with a `forward` of sound to sound, at the settings that it has.
        inputs: sound files, or folders of them.
        folder: where the results go; sub-folders are kept.
        rate_hz: of the results; the first stage's if None.

    Returns:
        The files written. Unreadable files of a folder are named in a warning and left out.

    Raises:
        InputError: for a path that does not exist, a folder without sound, no readable file, or a
            file of more channels than the first stage takes; and, once the others are written,
            for an unreadable file that was given itself.
    """
    if rate_hz is not None:
        check_rate(rate_hz, "--sr")
    rate = rate_hz or stages[0].sample_rate_hz

    def channels_of(source: Path) -> int:
        with SoundReader(source) as sound:
            count = sound.channels
        for stage in stages:
            count = _outlets(stage, count, source)
        return count

    def sound_of(source: Path) -> Iterator[Samples]:
        at = stages[0].sample_rate_hz
        blocks = read_blocks(source, at, BLOCK_SAMPLES, mixed=False)
        for stage in stages:
            blocks = at_rate(blocks, at, stage.sample_rate_hz)
            blocks, at = through(stage, blocks), stage.sample_rate_hz
        return at_rate(blocks, at, rate)

    return write_sounds(
        named_files(inputs, folder), rate, sound_of, title="processing", channels_of=channels_of
    )


def check_stage(run: Run) -> None:
    """See that a run takes sound and returns sound, and nothing beside it.

    Raises:
        InputError: for an instrument, whose inlets are labels, too.
    """
    if has(run, "encode"):
        raise InputError(f"{run.folder}: is no effect: pass sounds through it with reconstruct")


def set_controls(playable: Playable, words: Sequence[str]) -> None:
    """Set controls in words: name value name value ….

    Raises:
        InputError: for a name that it does not have, or a value that it refuses.
    """
    if len(words) % 2:
        raise InputError(f"--set needs pairs of NAME VALUE, got {' '.join(words)}")
    controls = {control.name: control for control in playable.eager.controls}
    for name, text in zip(words[::2], words[1::2], strict=True):
        control = controls.get(name)
        if control is None or control.kind in ("reading", "event"):
            known = [each for each, of in controls.items() if of.kind not in ("reading", "event")]
            raise InputError(
                f"--set {name}: there is no such control{suggestion(name, known)} (there are "
                f"{', '.join(known)})"
            )
        if set_attribute(playable.eager, name, _value(control.kind, text)) != 0:
            span = (
                f"from {control.lowest:g} to {control.highest:g}"
                if control.kind == "number"
                else " or ".join(map(str, control.choices)) or "on or off"
            )
            raise InputError(f"--set {name} {text}: must be {span}")
    playable.reset()  # no glide from what was set before


def _value(kind: str, text: str) -> Any:
    if kind == "number":
        try:
            return float(text)
        except ValueError:
            return float("nan")
    return text.lower() in ("1", "on", "true", "yes") if kind == "switch" else text


@torch.inference_mode()
def through(playable: Playable, blocks: Iterator[Samples]) -> Iterator[Samples]:
    """A sound through `forward`, without its delay, with the tail that follows: [T, C] each."""
    playable.reset()
    skip = declared_delays(playable.eager, playable).get("forward", 0)
    inlets, _, outlets, _ = playable.methods["forward"]
    unit, held = playable.block_samples, np.zeros((0, 0), np.float32)
    for sound in chain(blocks, (None,)):
        if sound is None:  # the end: what is left of a unit, and the delay's worth of silence
            if not held.shape[1]:
                return
            rest = skip + (-(len(held) + skip)) % unit
            held = np.pad(held, ((0, rest), (0, 0)))
        else:
            held = np.concatenate((held, sound)) if held.shape[1] else sound
        whole = len(held) - len(held) % unit
        if whole:
            made = _called(playable, held[:whole], inlets, outlets)
            yield made[skip:]
            skip = max(0, skip - whole)
        held = held[whole:]


def _called(playable: Playable, x: Samples, inlets: int, outlets: int) -> Samples:
    """One block [T, C] through `forward`: channels as a batch, or side by side."""
    if inlets == 1 and outlets == 1:
        rows = torch.from_numpy(np.ascontiguousarray(x.T))[:, None]
        return playable.eager(rows)[:, 0].numpy().T
    sound = x.mean(1, keepdims=True) if inlets == 1 else np.broadcast_to(x, (len(x), inlets))
    row = torch.from_numpy(np.ascontiguousarray(sound.T))[None]
    return playable.eager(row)[0].numpy().T


def _outlets(stage: Playable, channels: int, source: Path) -> int:
    """Channels behind a stage that is handed so many.

    Raises:
        InputError: if it takes neither one nor so many.
    """
    inlets, _, outlets, _ = stage.methods["forward"]
    if inlets > 1 and channels not in (1, inlets):
        raise InputError(f"{source}: has {channels} channels, where 1 or {inlets} are taken")
    return channels if inlets == outlets == 1 else outlets


def at_rate(blocks: Iterator[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """The same sound [T, C] at another rate."""
    if from_hz == to_hz:
        yield from blocks
        return
    stream, channels = None, 1
    for block in blocks:
        channels = block.shape[1]
        stream = stream or soxr.ResampleStream(from_hz, to_hz, channels, "float32", "HQ")
        yield stream.resample_chunk(np.ascontiguousarray(block)).reshape(-1, channels)
    if stream:
        rest = np.zeros((0, channels), np.float32)
        yield stream.resample_chunk(rest, last=True).reshape(-1, channels)
