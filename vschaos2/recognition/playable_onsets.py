"""What a host plays to be told of onsets: no run stands behind it, as nothing is learnt."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from vschaos2.dsp.host_rate import HOST_RATES_HZ
from vschaos2.errors import InputError
from vschaos2.export.card import BLOCKS
from vschaos2.export.for_engine import EngineProgram
from vschaos2.export.playable import Playable
from vschaos2.export.trial import ExportError, opened, played, settings
from vschaos2.export.write import check_name, export_playable
from vschaos2.recognition.engine_onsets import engine_program
from vschaos2.recognition.streaming_onsets import StreamingOnsets

NAME = "detector"
RATE_HZ = 44_100
PROOF_S = 1.5
PROOF_BLOCKS = (1, 64, 441, 2048, 4096)
LEAST_FOUND = 5  # in the sound of the proof


class PlayableOnsets(Playable):
    """`detect`, at the rates of hosts.

    Args:
        sample_rate_hz: of the host at first.
    """

    # The shortest gap: the checks hear no more than a few hundredths of a second.
    exact: ClassVar[Mapping[str, Mapping[str, Any]]] = {"detect": {"min_gap_ms": 20.0}}
    short_blocks: ClassVar[tuple[int, ...]] = (64,)

    def __init__(self, sample_rate_hz: int = RATE_HZ) -> None:
        super().__init__(StreamingOnsets(sample_rate_hz), sample_rate_hz)

    def example(self, method: str, samples: int, generator: torch.Generator) -> Tensor:
        """Soft noise, and strokes of louder noise that die away, 25 to 100 ms apart.

        Shape: → [1, 1, samples].
        """
        rate_hz = self.sample_rate_hz
        sound = torch.randn(1, 1, samples, generator=generator)
        level, at = torch.full([samples], 1e-3), rate_hz // 400
        while at < samples:
            left = torch.arange(samples - at) / rate_hz
            peak = float(torch.rand(1, generator=generator)) * 0.5 + 0.1
            level[at:] = torch.maximum(level[at:], peak * torch.exp(-left / 0.004))
            gap = 0.025 + 0.075 * float(torch.rand(1, generator=generator))
            at += round(gap * rate_hz)
        return 0.2 * sound * level

    def prove(self, content: bytes) -> None:
        """A second and more, in blocks of any size, sample by sample for its beginning.

        Raises:
            ExportError: if blocks tell of other onsets than the whole, or nothing is found.
        """
        loaded = opened(content)
        for rate_hz in loaded.host_rates_hz:
            own = self if rate_hz == self.sample_rate_hz else PlayableOnsets(rate_hz)
            _prove_at(loaded, own)

    def lines(self, content: bytes) -> dict[str, Any]:
        """Rates of hosts at which its times are right."""
        return {"host_rates_hz": self.eager.host_rates_hz}

    def for_engine(self) -> EngineProgram:
        """Settings and tensors."""
        onsets: Any = self.eager
        return engine_program(onsets, self.sample_rate_hz)

    @staticmethod
    def table(card: Mapping[str, Any]) -> list[str]:
        """How its outlet is read."""
        return ["  an onset is one sample, as high as it is strong; the patch makes a bang of it"]


def _prove_at(loaded: torch.jit.ScriptModule, playable: PlayableOnsets) -> None:
    """Hold blocks of a file against the whole of a detector that was made for one rate."""
    rate_hz = playable.sample_rate_hz
    samples = round(PROOF_S * rate_hz)
    sound = playable.example("detect", samples, torch.Generator().manual_seed(1))
    exact = playable.exact["detect"]
    with torch.inference_mode(), settings(playable.eager, exact):
        whole = played(playable.eager, "detect", sound)
    if int(whole.count_nonzero()) < LEAST_FOUND:
        raise ExportError(
            f"detect: finds {int(whole.count_nonzero())} of many strokes at {rate_hz} Hz"
        )
    is_first = rate_hz == int(loaded.get_sample_rate()[0])
    for size in PROOF_BLOCKS if is_first else PROOF_BLOCKS[-2:]:
        heard = sound[:, :, : 100 * size] if size < 64 else sound
        with torch.inference_mode(), settings(loaded, {"sample_rate": rate_hz, **exact}):
            parts = [played(loaded, "detect", part) for part in heard.split(size, 2)]
        told = torch.cat(parts, 2)
        if not torch.allclose(told, whole[:, :, : told.shape[2]], atol=1e-5, rtol=0.0):
            raise ExportError(
                f"detect: blocks of {size} samples at {rate_hz} Hz tell of other onsets"
            )


def detector_rate(wishes: Mapping[str, Any]) -> int:
    """The rate that is wished for, in Hz; 44100 if none is.

    Raises:
        InputError: for any other wish, or a rate that no host has.
    """
    for key in wishes:
        if key != "rate":
            flag = key.replace("_", "-")
            raise InputError(
                f"--{flag}: the detector is no run, and takes --rate only: leave it out"
            )
    rate_hz = int(wishes.get("rate", RATE_HZ))
    if rate_hz not in HOST_RATES_HZ:
        known = ", ".join(map(str, HOST_RATES_HZ))
        raise InputError(f"--rate {rate_hz}: a detector is made for {known} Hz: give one of these")
    return rate_hz


def export_detector(
    out: Path, name: str | None = None, rate_hz: int = RATE_HZ, blocks: int = BLOCKS
) -> Path:
    """The detector into NAME.ts, its card and its patches; → NAME.ts.

    Args:
        out: folder to write to, made if missing.
        name: of the files; "detector" if None.
        rate_hz: of the host.
        blocks: calls to time for each block size.

    Raises:
        InputError: for a name or a place that cannot be.
        ExportError, UnknownOperatorError: if the file fails a check; nothing is written then.
    """
    name = NAME if name is None else name
    check_name(name)
    facts = {"training": {}, "run": NAME}
    playable = PlayableOnsets(rate_hz)
    return export_playable(playable, facts, out, name, blocks)
