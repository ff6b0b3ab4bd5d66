import math

import pytest
import torch
from conftest import TINY
from omegaconf import OmegaConf

from vschaos2.data.augment import Augment
from vschaos2.dsp.coherence import coherence, coherence_samples
from vschaos2.dsp.framing import gaussian_window
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.meanings import meanings
from vschaos2.families.vae.objective import VAEObjective
from vschaos2.nets.coherence_head import CoherenceHead
from vschaos2.training.objective import Moment

N_FFT = 1024
WINDOW = gaussian_window(N_FFT).float()
SAMPLES = coherence_samples(N_FFT)


def noise(count: int) -> torch.Tensor:
    return torch.randn(count, SAMPLES, generator=torch.Generator().manual_seed(0))


def test_three_frames_are_a_quarter_of_a_window_apart():
    assert coherence_samples(1024) == 1536


@pytest.mark.parametrize("glide", [0.0, 3e-6])  # cycles per sample, per sample
def test_sines_and_glides_are_coherent(glide: float):
    t = torch.arange(SAMPLES, dtype=torch.float64)
    sound = torch.sin(2 * math.pi * (0.2003 * t + glide / 2 * t.square())).float()[None]
    found, magnitudes = coherence(sound, WINDOW)
    loud = magnitudes > 0.3 * magnitudes.amax()
    assert int(loud.sum()) >= 3
    assert float(found[loud].min()) > 0.97


def test_a_click_is_coherent():
    sound = torch.zeros(1, SAMPLES)
    sound[0, 700] = 1.0
    assert float(coherence(sound, WINDOW)[0][0, 4:-4].min()) > 0.999


def test_noise_is_half_coherent_whatever_its_level():
    found, _ = coherence(noise(64), WINDOW)
    assert float(found[:, 8:-8].mean()) == pytest.approx(0.49, abs=0.01)
    torch.testing.assert_close(coherence(1e-4 * noise(64), WINDOW)[0], found, rtol=0, atol=1e-3)
    torch.testing.assert_close(coherence(1e4 * noise(64), WINDOW)[0], found, rtol=0, atol=1e-3)


def test_coherence_is_the_one_of_a_loop():
    sound = noise(1)
    found, magnitudes = coherence(sound, WINDOW)
    c = torch.fft.rfft(sound[0].unfold(0, N_FFT, N_FFT // 4).double() * WINDOW)
    product = c[2] * c[0] * c[1].conj().square()
    size = product.abs() ** 0.25
    for k in (0, 1, 100, 511, 512):
        near = slice(max(k - 2, 0), k + 3)
        expected = (size[near] * product[near] / product[near].abs()).sum().abs() / size[near].sum()
        assert float(found[0, k]) == pytest.approx(float(expected), abs=1e-4)
    torch.testing.assert_close(magnitudes[0].double(), c[1].abs(), rtol=1e-4, atol=1e-4)


def test_silence_is_a_number():
    assert float(coherence(torch.zeros(1, SAMPLES), WINDOW)[0].abs().max()) == 0.0


@pytest.mark.parametrize("bins", [129, 513, 1025])
def test_the_head_begins_at_noise_and_gives_four_bins_one_number(bins: int):
    head = CoherenceHead(3, bins, 8)
    found = head(torch.randn(2, 3))
    assert found.shape == (2, bins)
    assert torch.equal(found[:, 0:128:4], found[:, 3:128:4])
    assert not torch.equal(found[:, 3], found[:, 4])
    with torch.no_grad():
        head.layers[0].weight.zero_()
        head.layers[0].bias.zero_()
    torch.testing.assert_close(head(torch.randn(2, 3)), torch.full((2, bins), 0.5))


def learning(tiny_config, coherence_dim: int) -> VAEObjective:
    tiny_config.model.coherence_dim = coherence_dim
    torch.manual_seed(0)
    beta = {"target": 1e-3}
    return VAEObjective(build_model(tiny_config), Augment(), {"l1": 1.0}, {"name": "kl"}, beta)


def sines_and_noise() -> dict:
    """Windows of 768 samples: the first 8 are sines, the others noise."""
    generator = torch.Generator().manual_seed(0)
    t = torch.arange(768.0)
    phase = 2 * math.pi * torch.rand(8, 1, generator=generator)
    sines = torch.sin(2 * math.pi * 0.1 * t + phase)
    noise = 0.3 * torch.randn(8, 768, generator=generator)
    return {"waveform": torch.stack((sines, noise), 1).flatten(0, 1), "labels": {}}


def test_the_head_learns_beside_a_model_that_learns_nothing_of_it(tiny_config):
    with_head, without = (learning(tiny_config, dim) for dim in (16, 0))
    batch = sines_and_noise()
    losses = []
    for objective in (with_head, without):
        torch.manual_seed(1)
        found = objective.loss(batch, Moment(0, 0))
        found.total.backward()
        losses.append(found)
    assert float(losses[0].total - losses[0].terms["coherence"]) == float(losses[1].total)
    bare = dict(without.model.named_parameters())
    for name, weight in with_head.model.named_parameters():
        if name.startswith("coherence_head."):
            assert float(weight.grad.abs().max()) > 0.0
        else:
            assert torch.equal(weight.grad, bare[name].grad)
    head = list(with_head.model.coherence_head.parameters())
    assert {id(p) for p in with_head.apart(with_head.model)} == {id(p) for p in head}


def test_a_head_is_lent_only_where_latents_are_those_of_such_an_encoder():
    keys = {}
    for kind in ("Dense", "Conv"):
        config = OmegaConf.create(TINY)
        config.model.coherence_dim = 8
        for part in ("encoder", "decoder"):
            sizes = {"hidden_dim": 8} if kind == "Dense" else {"channels": [8, 8]}
            told = {"_target_": f"{kind}{part.title()}", **sizes}
            OmegaConf.update(config, f"model.{part}", told, merge=False)
        found = meanings(build_model(config), {})
        keys[kind] = {m.key for name, m in found.items() if name.startswith("coherence_head.")}
    assert len(keys["Dense"]) == len(keys["Conv"]) == 4
    assert not keys["Dense"] & keys["Conv"]
