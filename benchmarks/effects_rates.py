"""What an effect costs at rates of hosts that are not its own, and how near it is to its own.

    python -m benchmarks.effects_rates

An LSTM of 32 with chance weights and a chain of a compressor, both of 44.1 kHz, as TorchScript. At
every rate: processor time of a block of 512 over its duration, median of calls taken in turn; and
the error-to-signal ratio, up to 18 kHz, of noise up to 10 kHz through the effect against soxr's
VHQ to 44.1 kHz, the effect, and back.
"""

import statistics
import time

import numpy as np
import soxr
import torch

from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.effect.playable import PlayableEffect
from vschaos2.nets.audio_recurrent import LSTM

OWN_HZ, BLOCK, CALLS, SECONDS = 44_100, 512, 400, 2.0


def effects() -> dict[str, EffectModel]:
    """The two, the LSTM's weights as large as a drive's."""
    torch.manual_seed(0)
    lstm = LSTM(1, 0, 1, OWN_HZ, hidden_dims=32)
    for weight in lstm.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    chain = ChainNet(1, 0, 1, OWN_HZ, ["gain", "compressor", "tanh"])
    made = {"LSTM of 32": lstm, "gain, compressor, tanh": chain}
    return {
        name: EffectModel(net, (), OWN_HZ).eval().requires_grad_(False)
        for name, net in made.items()
    }


def error_ratio(model: EffectModel, rate_hz: int) -> float:
    """Of sound at a rate, the delay taken off, against soxr around the model."""
    effect = PlayableEffect(model, {}).eager
    low = 0.3 * np.random.default_rng(0).standard_normal(round(SECONDS * 20_000))
    x = soxr.resample(low, 20_000, rate_hz, "VHQ").astype(np.float32)

    def played(sound: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            made: np.ndarray = effect(torch.from_numpy(sound)[None, None])[0, 0].numpy()
        return made

    due = soxr.resample(played(soxr.resample(x, rate_hz, OWN_HZ, "VHQ")), OWN_HZ, rate_hz, "VHQ")
    set_attribute(effect, "sample_rate", rate_hz)
    delay = get_attribute(effect, "delay")[0]
    y = played(np.concatenate((x, np.zeros(delay, np.float32))))[delay:]
    count = min(len(y), len(due))
    y, due = (soxr.resample(of[:count], rate_hz, 40_000, "VHQ")[900:-900] for of in (y, due))
    return float(np.square(y - due).sum() / np.square(due).sum())


def loads(model: EffectModel) -> dict[int, float]:
    """Of a core, by rate."""
    scripts = {}
    for rate_hz in PlayableEffect(model, {}).eager.host_rates_hz:
        script = PlayableEffect(model, {}, rate_hz).script()
        script.get_methods()
        scripts[rate_hz] = script
    x, times = 0.1 * torch.randn(1, 1, BLOCK), {rate_hz: [] for rate_hz in scripts}
    with torch.inference_mode():
        for _ in range(CALLS):
            for rate_hz, script in scripts.items():
                began = time.process_time()
                script(x)
                times[rate_hz].append(time.process_time() - began)
    return {hz: statistics.median(of[20:]) * hz / BLOCK for hz, of in times.items()}


def main() -> None:
    """Print a line for each effect."""
    torch.set_num_threads(1)
    for name, model in effects().items():
        told = []
        for rate_hz, load in loads(model).items():
            error = "" if rate_hz == OWN_HZ else f", ESR {error_ratio(model, rate_hz):.1e}"
            told.append(f"{rate_hz} Hz {100 * load:.1f} %{error}")
        print(f"{name}: {'; '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
