"""Recordings in other keys: what is heard of them, and where they stand in for others; refusals."""

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from vschaos2.data.latent_module import LatentBatches
from vschaos2.data.latent_pairs import Pairs
from vschaos2.data.latent_takes import LatentTake
from vschaos2.errors import InputError
from vschaos2.families.bridge.hearing import hear_frames
from vschaos2.families.bridge.other_keys import in_another_key
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.inner_vae import built_inner

RATE_HZ, SECONDS = 16_000, 1.0
VAE = {
    "model": {
        "latent_dim": 4,
        "encoder": {"_target_": "DenseEncoder", "hidden_dim": 16, "n_blocks": 1},
        "decoder": {"_target_": "DenseDecoder", "hidden_dim": 16, "n_blocks": 1},
    },
    "data": {
        "transform": {
            "_target_": "SpectralTransform",
            "sample_rate_hz": RATE_HZ,
            "n_fft": 512,
            "hop": 128,
        }
    },
}


@pytest.fixture(scope="module")
def vae():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_model(OmegaConf.create(VAE)).eval().requires_grad_(False)


def tone(key: float, seconds: float) -> np.ndarray:
    """Five odd partials that stand still."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    f0_hz = 440.0 * 2.0 ** ((key - 69) / 12)
    return sum(0.1 * np.sin(2 * np.pi * f0_hz * h * t) / h for h in (1, 3, 5)).astype(np.float32)


def test_a_vae_that_is_told_labels_is_refused() -> None:
    """What it is told is not in its latents, which then are no sound by themselves."""
    told = {"model": {**VAE["model"], "conditioning": {"pitch": {"dim": 12}}}}
    with pytest.raises(InputError, match="vae: is told pitch by labels"):
        built_inner({**told, "transform": VAE["data"]["transform"]})


@pytest.mark.parametrize("semitones", [-7, 4, 12])
def test_a_tone_in_another_key_is_heard_as_one_that_was_played_there(vae, semitones: int) -> None:
    """As long as it is played so much faster, its keys moved along and unknown where they were."""
    sound, ratio = tone(60.0, SECONDS), 2.0 ** (semitones / 12)
    latents, levels_db = hear_frames(torch.from_numpy(sound), vae)
    keys = torch.full((len(latents),), 60.0)
    keys[: len(keys) // 2] = torch.nan
    moved = in_another_key(LatentTake("x", 1, latents, keys, levels_db), sound, vae, semitones)
    wanted, _ = hear_frames(torch.from_numpy(tone(60.0 + semitones, SECONDS / ratio)), vae)
    assert moved.domain == 1
    assert len(moved.latents) == pytest.approx(len(wanted), abs=1)
    inner = slice(8, len(wanted) - 8)
    assert torch.allclose(moved.latents[inner], wanted[inner], atol=2e-3)
    assert not torch.allclose(latents[20], wanted[20], atol=2e-2), "another key is another latent"
    unknown = moved.keys.isnan()
    assert int(unknown.sum()) == pytest.approx(len(moved.keys) / 2, abs=2)
    assert bool(unknown[: int(unknown.sum())].all())
    assert moved.keys[~unknown].unique().tolist() == [60.0 + semitones]


def take(domain: int, keys: list[float], value: float) -> LatentTake:
    count = len(keys)
    return LatentTake(
        "x", domain, torch.full((count, 2), value), torch.tensor(keys), torch.zeros(count)
    )


def test_what_was_moved_stands_in_only_where_nobody_played() -> None:
    """A key that the other instrument plays is paired with that, another one with the copy."""
    source, other = take(0, [60.0, 67.0, 71.0], 0.0), take(1, [60.0] * 3, 1.0)
    moved = take(1, [60.0, 67.0, 64.0], 2.0)
    pairs = Pairs([source], [source, other], torch.zeros(2, 2), 0, [moved])
    _, paired, weight = pairs.window(0, 0, 3, 1, torch.zeros(3, dtype=torch.long))
    assert paired[:, 0].tolist()[:2] == [1.0, 2.0]
    assert weight.tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 0.0), (1.0, 1.0), (0.35, 0.35)])
def test_a_share_of_the_windows_is_moved(share: float, wanted: float) -> None:
    own = [take(domain, [60.0] * 40, 0.0) for domain in (0, 1)]
    moved = [take(domain, [61.0] * 40, 1.0) for domain in (0, 1)]
    pairs = [Pairs(takes, own, torch.zeros(2, 2), 0, moved) for takes in (own, moved)]
    batches = LatentBatches(pairs[0], 2, 64, 8, 10, seed=3, moved=pairs[1], share=share)
    found = torch.cat([batch["latents"][:, 0, 0] for batch in batches])
    assert float(found.mean()) == pytest.approx(wanted, abs=0.06)
