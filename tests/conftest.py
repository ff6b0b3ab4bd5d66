"""A tiny instrument that never trained: small enough to be built and exported by the test suite."""

import ctypes
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from exports import export_run, few_blocks_timed, loaded
from omegaconf import DictConfig, OmegaConf
from small_engine import built, library

from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.families.vae.projection import PROJECTIONS, fit_axes
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.ports import LabelPorts
from vschaos2.runs.folder import Run

TINY = """
data:
  transform:
    _target_: SpectralTransform
    sample_rate_hz: 44100
    n_fft: 512
    hop: 128
    contrast: log1p
    n_mels: 0
    level: 1.0
model:
  latent_dim: 4
  output: softplus
  coherence_dim: 0
  encoder:
    _target_: DenseEncoder
    hidden_dim: 32
    n_blocks: 1
  decoder:
    _target_: DenseDecoder
    hidden_dim: 32
    n_blocks: 1
inversion: balanced
"""


@pytest.fixture(autouse=True)
def own_log_handlers() -> Iterator[None]:
    """What a program's `run` adds to the root logger is gone with its test, as its stream is."""
    before = list(logging.root.handlers)
    yield
    logging.root.handlers[:] = before


@pytest.fixture(scope="session", autouse=True)
def briefly_timed() -> Iterator[None]:
    """No card of a test is of a thousand calls, whatever exports it within this process."""
    with few_blocks_timed():
        yield


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Path:
    """A folder of tones to train on (see `write_recordings`)."""
    from resumed_trainings import write_recordings  # and with it all of a training

    folder = tmp_path_factory.mktemp("recordings")
    write_recordings(folder)
    return folder


@pytest.fixture(autouse=True)
def same_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """No training of a test counts threads by what else runs here: its last bits would differ."""
    monkeypatch.setenv("OMP_NUM_THREADS", str(torch.get_num_threads()))


@pytest.fixture
def tiny_config() -> DictConfig:
    """n_fft 512, hop 128, 32 hidden units, 4 latents; a copy of its own for every test."""
    return OmegaConf.create(TINY)


def seeded_model() -> VAE:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_model(OmegaConf.create(TINY)).eval().requires_grad_(False)


@pytest.fixture
def tiny_model() -> VAE:
    return seeded_model()


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory) -> Run:
    """A run that was never trained, with correlated latents away from the origin."""
    generator = torch.Generator().manual_seed(1)
    mixing = torch.randn(4, 4, generator=generator)
    latents = torch.randn(256, 4, generator=generator) @ mixing + torch.arange(4.0)
    folder = tmp_path_factory.mktemp("runs") / "tiny" / "version_0"
    summary = {"step": 20.0, "epoch": 1.0, "seconds": 1.5}
    return Run(folder, OmegaConf.create(TINY), seeded_model(), Kept(latents, {}), summary)


@pytest.fixture
def tiny_run_folder(tiny_run, tmp_path) -> Path:
    """The tiny run as files, in runs/tiny/version_0 of the test's own folder."""
    folder = tmp_path / "runs" / "tiny" / "version_0"
    (folder / "checkpoints").mkdir(parents=True)
    OmegaConf.save(tiny_run.config, folder / "config.yaml")
    state = {f"average.module.{k}": v for k, v in tiny_run.model.state_dict().items()}
    content = {"state_dict": state, "latents": tiny_run.kept.latents, "summary": {"step": 1.0}}
    torch.save(content, folder / "checkpoints" / "best.ckpt")
    return folder


@pytest.fixture(scope="session")
def tiny_axes(tiny_run) -> dict:
    """The axes of every projection, by its name."""
    model = tiny_run.model

    def magnitude_of(latent: torch.Tensor) -> torch.Tensor:
        return model.transform.to_magnitude(model.decode(latent).mean)

    return {kind: fit_axes(tiny_run.kept.latents, kind, magnitude_of) for kind in PROJECTIONS}


@pytest.fixture
def tiny_core(tiny_run, tiny_axes) -> InstrumentCore:
    """The eager signal path of the exported instrument, with its default settings."""
    core = InstrumentCore(tiny_run.model, tiny_axes, latent_dims=4).eval()
    core.set_projection(PROJECTIONS.index("pca"))
    return core


@pytest.fixture
def tiny_playable(tiny_core, tiny_run, tiny_axes) -> PlayableVAE:
    """What the instrument is exported from."""
    return PlayableVAE(tiny_core, tiny_axes["pca"], tiny_run.kept.latents, LabelPorts())


@pytest.fixture(scope="session")
def exported_path(tiny_run, tmp_path_factory) -> Path:
    """tiny.ts, exported with every check, all four axes shown."""
    return export_run(tiny_run, tmp_path_factory.mktemp("export"), "tiny", blocks=2)


@pytest.fixture
def fresh_instrument(exported_path) -> torch.jit.ScriptModule:
    """The exported instrument, as it was saved."""
    return loaded(exported_path)


@pytest.fixture(scope="session")
def loaded_instruments(exported_path) -> list[torch.jit.ScriptModule]:
    return [torch.jit.load(str(exported_path)) for _ in range(2)]


def as_first_set(instrument: torch.jit.ScriptModule) -> torch.jit.ScriptModule:
    answers = [
        instrument.set_temperature(0.0),
        instrument.set_inversion("default"),
        instrument.set_projection("pca"),
        instrument.set_gain_db(0.0),
        instrument.set_limiter("decode"),
        instrument.set_sample_rate(44100),
        instrument.set_reset(True),
    ]
    assert answers == [0] * 7
    return instrument


@pytest.fixture
def instrument(loaded_instruments) -> torch.jit.ScriptModule:
    """The exported instrument, compiled by the tests before: reset, its settings the first."""
    return as_first_set(loaded_instruments[0])


@pytest.fixture
def twin(loaded_instruments) -> torch.jit.ScriptModule:
    """Another copy of the same file, in the same condition."""
    return as_first_set(loaded_instruments[1])


@pytest.fixture(scope="session")
def engine_folder() -> Path:
    """Of the small engine's library, probes and tests, freshly built."""
    return built()


@pytest.fixture(scope="session")
def engine(engine_folder) -> ctypes.CDLL:
    """The small engine and its probes."""
    return library(engine_folder)
