"""Every configuration composes, trains, exports, reloads and matches."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from exports import export_run
from hydra import compose, initialize_config_dir
from resumed_trainings import TWO_STEPS

from docs.write_configuration import configurations
from vschaos2.families.loading import load_run
from vschaos2.families.train import train
from vschaos2.generation import reconstruct
from vschaos2.objectives.measures import spectral_convergence

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
NAMES = sorted(path.stem for path in configurations(("base",)))
DELAY_MS = {"dgt_live": 8.0, "dgt_1024": 24.0, "dgt_precise": 186.0}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of decaying harmonic tones in four files, labelled for every configuration."""
    folder = tmp_path_factory.mktemp("recordings")
    for task in ("pitch", "octave", "instrument"):
        (folder / "metadata" / task).mkdir(parents=True)
        lines = [f"{i}.wav\t{i % 2}" for i in range(3)]  # the last one is unknown
        (folder / "metadata" / task / "metadata.txt").write_text("\n".join(lines))
    t = np.arange(44_100) / 44_100
    for i, f0_hz in enumerate((110.0, 165.0, 220.0, 330.0)):
        tone = sum(np.sin(2 * np.pi * f0_hz * h * t) / h for h in range(1, 12))
        soundfile.write(folder / f"{i}.wav", 0.2 * tone * np.exp(-2 * t), 44_100)
    return folder


def config(name: str, *overrides: str):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose(name, overrides=list(overrides))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_config_composes_trains_exports_and_reloads(name, recordings, tmp_path):
    composed = config(
        name,
        f"data.dataset.root={recordings}",
        f"rundir={tmp_path}",
        *TWO_STEPS,
        *("trainer.accelerator=cpu", "data.loader.batch_size=64"),
        "data.loader.validation_windows=64",
    )
    run = load_run(train(composed))
    assert run.summary["step"] == 2
    assert run.kept.latents.shape[1] == run.model.latent_dim
    # The export itself compares the reloaded file with the eager model, whole and in blocks.
    path = export_run(run, tmp_path, name, inversion=composed.inversion, blocks=3)
    loaded = torch.jit.load(str(path))
    loaded.get_methods()
    milliseconds = 1000 * np.array(loaded.get_delay()) / 44_100
    assert milliseconds.max() <= DELAY_MS.get(name, 47.0)


@pytest.mark.slow
def test_training_learns_and_its_sound_follows(recordings, tmp_path):
    composed = config(
        "dgt_small",
        f"data.dataset.root={recordings}",
        f"rundir={tmp_path}",
        "data.loader.batches_per_epoch=100",
        "trainer.max_epochs=3",
        "trainer.accelerator=cpu",
        "data.loader.batch_size=64",
    )
    run = load_run(train(composed))
    known = next(
        p
        for p in sorted(recordings.iterdir())
        if f"{p.name}\n" not in (run.folder / "held_out.txt").read_text() and p.suffix == ".wav"
    )
    for inversion, bound in (("keep_input", 0.3), ("balanced", 0.35), ("offline", 0.35)):
        (made,) = reconstruct(run.model, [known], tmp_path / inversion, inversion=inversion)
        assert spectral_convergence(*(soundfile.read(p)[0] for p in (known, made))) < bound


def test_same_seed_gives_the_same_training(recordings, tmp_path):
    weights = []
    for _ in range(2):
        composed = config(
            "dgt_live",
            f"data.dataset.root={recordings}",
            f"rundir={tmp_path}",
            *TWO_STEPS,
            "trainer.accelerator=cpu",
        )
        model = load_run(train(composed)).model
        weights.append(torch.cat([p.flatten() for p in model.parameters()]))
    assert torch.equal(*weights)


def test_model_group_and_contrasts_can_be_chosen(recordings, tmp_path):
    composed = config(
        "dgt_live",
        f"data.dataset.root={recordings}",
        f"rundir={tmp_path}",
        *TWO_STEPS,
        "data.transform.contrast=log",
        "model.output=normal",
        "data.transform.n_mels=64",
        "training.divergence.name=renyi",
        "training.divergence.alpha=0.5",
        "++training.losses={log_density: 1.0, itakura_saito: 0.1}",
        "trainer.accelerator=cpu",
    )
    run = load_run(train(composed))
    assert run.model.output == "normal"
    assert np.isfinite(run.summary["validation/reconstruction/log_density"])
