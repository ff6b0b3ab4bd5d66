"""The exported instrument of a run whose configuration has a texture."""

import json
from pathlib import Path

import pytest
import torch
from conftest import TINY
from exports import export_run, loaded
from omegaconf import OmegaConf

from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.playable import playable
from vschaos2.runs.folder import Run

HOP = 128
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def textured_run(folder: Path, texture: float | None, coherence_dim: int = 0) -> Run:
    said = {"texture": texture, "model": {"coherence_dim": coherence_dim}}
    config = OmegaConf.merge(OmegaConf.create(TINY), said)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config).eval().requires_grad_(False)
        latents = torch.randn(256, 4)
    return Run(folder / "tiny" / "version_0", config, model, Kept(latents, {}), {"step": 20.0})


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> dict[float | None, Path]:
    """The same weights, exported (and checked) with a texture and without one."""
    folder = tmp_path_factory.mktemp("export")
    return {
        texture: export_run(textured_run(folder, texture), folder, f"at_{texture}", blocks=2)
        for texture in (None, 0.75)
    }


def play(instrument, method: str, count: int = 24) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    size = (1, 4, count) if method == "decode" else (1, 1, count * HOP)
    given = torch.randn(size, generator=generator) * (1.0 if method == "decode" else 0.1)
    instrument.set_reset(True)
    with torch.inference_mode():
        return getattr(instrument, method)(given)


def test_the_card_shows_the_control_where_there_is_one(paths):
    cards = {t: json.loads(path.with_suffix(".json").read_text()) for t, path in paths.items()}
    rows = {t: {row["name"]: row for row in card["attributes"]} for t, card in cards.items()}
    assert rows[0.75]["texture"] == {
        "name": "texture", "kind": "number", "value": 0.75, "lowest": 0.0, "highest": 1.0,
    }  # fmt: skip
    assert "texture" not in rows[None]
    # How near recovered phases come is told without it.
    assert cards[0.75]["phase_recovery"] == cards[None]["phase_recovery"]


@pytest.mark.parametrize("inversion", ["default", "keep_input", "random", "eco", "live", "hq"])
@pytest.mark.parametrize("method", ["forward", "decode"])
def test_a_texture_of_zero_is_the_instrument_without_one(paths, inversion: str, method: str):
    with_one, without = (loaded(paths[t]) for t in (0.75, None))
    for instrument in (with_one, without):
        assert instrument.set_inversion(inversion) == 0
    changed = play(with_one, method)
    assert with_one.set_texture(0.0) == 0
    expected = play(without, method)
    assert torch.equal(play(with_one, method), expected)
    assert not torch.allclose(changed, expected, atol=1e-3 * float(expected.abs().max()))


def test_only_a_part_is_a_texture(paths, tmp_path):
    instrument = loaded(paths[0.75])
    assert instrument.get_texture() == [0.75]
    assert instrument.set_texture(1.5) != 0
    assert instrument.get_texture() == [0.75]
    with pytest.raises(InputError, match=r"texture must be a number from 0 to 1, got 1\.5"):
        textured_run(tmp_path, 1.5)


def test_what_is_learnt_is_exported_and_the_same_in_blocks(tmp_path):
    run = textured_run(tmp_path, 0.75, coherence_dim=8)
    path = export_run(run, tmp_path, "learnt", blocks=2, inversion="eco")
    instrument = torch.jit.load(str(path))
    whole = play(instrument, "decode")
    given = torch.randn(1, 4, 24, generator=torch.Generator().manual_seed(0))
    for hops in (1, 3):
        instrument.set_reset(True)
        with torch.inference_mode():
            blocks = torch.cat([instrument.decode(part) for part in given.split(hops, -1)], -1)
        peak = float(whole.abs().max())
        torch.testing.assert_close(blocks, whole, rtol=0, atol=1e-5 * peak)
    run.model.coherence_head = None
    guessed = playable(run, {"inversion": "eco"}).core
    assert not torch.allclose(guessed.decode(given), whole, atol=1e-3 * peak)


def test_a_wish_decides_where_a_texture_begins(tmp_path):
    run = textured_run(tmp_path, None)
    core = playable(run, {"texture": 0.0}).core
    assert (core.has_texture, core.texture) == (True, 0.0)
    assert not playable(run, {}).core.has_texture
    with pytest.raises(InputError, match="texture must be a number from 0 to 1, got 2"):
        playable(run, {"texture": 2})
