"""TensorBoard's HPARAMS: the settings of a training, once, in the run's own events."""

from pathlib import Path

import pytest
from resumed_trainings import QUICK, curves, resume, train_new, write_recordings
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
from torch.utils.tensorboard import SummaryWriter

from vschaos2.training.event_files import PREFIX, forget_events, says
from vschaos2.training.event_log import EventLog

SC = "validation/reconstruction/spectral_convergence"


def written(folder: Path, settings: dict, steps: range, first_step: int | None = None) -> None:
    """A process that logs its settings, and the step at every step."""
    log = EventLog(folder, settings, (SC,), first_step)
    for step in steps:
        log.log_metrics({SC: float(step)}, step)
    log.finalize("success")


def settings_in(folder: Path) -> dict[str, float | str]:
    """What HPARAMS shows of a run."""
    start = _plugin_data(folder)[metadata.SESSION_START_INFO_TAG]
    shown = metadata.parse_session_start_info_plugin_data(start).hparams
    return {key: getattr(value, value.WhichOneof("kind")) for key, value in shown.items()}


def measures_in(folder: Path) -> list[str]:
    experiment = _plugin_data(folder)[metadata.EXPERIMENT_TAG]
    return [m.name.tag for m in metadata.parse_experiment_plugin_data(experiment).metric_infos]


def _plugin_data(folder: Path) -> dict[str, bytes]:
    events = EventAccumulator(str(folder)).Reload()
    return events.PluginTagToContent(metadata.PLUGIN_NAME)


def times_told(folder: Path) -> int:
    tag = metadata.SESSION_START_INFO_TAG.encode()
    return sum(path.read_bytes().count(tag) for path in folder.glob(f"{PREFIX}*"))


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "a" / "version_0"


def test_settings_are_shown_but_for_places_beside_the_curves(folder):
    values = {"model.latent_dim": 8, "training.beta.target": 0.01, "inversion": "hq", "seed": None}
    places = {"data.dataset.root": "/home/me", "model.init_from": "/other"}
    written(folder, values | places | {"data.a": True, "data.b": "[1, 2]"}, range(3))
    assert settings_in(folder) == {
        "model.latent_dim": 8.0, "training.beta.target": 0.01, "inversion": "hq",
        "data.a": 1.0, "data.b": "[1, 2]",
    }  # fmt: skip
    assert measures_in(folder) == [SC]
    assert curves(folder) == {SC: [(0, 0.0), (1, 1.0), (2, 2.0)]}
    assert [path.name.startswith(PREFIX) for path in folder.iterdir()] == [True]


@pytest.mark.parametrize("step", [1, 3])
def test_settings_stay_when_events_are_forgotten_and_are_not_told_again(folder, step):
    written(folder, {"seed": 1}, range(5))
    forget_events(folder, step)
    assert settings_in(folder) == {"seed": 1.0}
    written(folder, {"seed": 1}, range(step, 6), step)
    assert times_told(folder) == 1 and settings_in(folder) == {"seed": 1.0}
    assert curves(folder) == {SC: [(i, float(i)) for i in range(6)]}


def test_settings_are_told_anew_where_a_training_starts_again(folder):
    written(folder, {"seed": 1}, range(2))
    forget_events(folder, 0)
    assert list(folder.iterdir()) == []
    written(folder, {"seed": 2}, range(2), 0)
    assert times_told(folder) == 1 and settings_in(folder) == {"seed": 2.0}


def test_runs_that_never_told_them_do_when_they_go_on(folder):
    with SummaryWriter(folder) as writer:
        writer.add_scalar(SC, 0.0, 0)
    assert not says(folder, metadata.SESSION_START_INFO_TAG) and says(folder, SC)
    written(folder, {"seed": 1}, range(1, 3), 1)
    assert settings_in(folder) == {"seed": 1.0}
    forget_events(folder, 2)
    assert settings_in(folder) == {"seed": 1.0}
    assert curves(folder) == {SC: [(0, 0.0), (1, 1.0)]}


def test_training_tells_its_settings_and_measures_once(tmp_path):
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    write_recordings(sounds)
    ends = ("trainer.max_epochs=1", "callbacks.monitor=null")
    folder = train_new(sounds, tmp_path / "runs", *ends)
    told = settings_in(folder)
    assert told["model.latent_dim"] == 4.0 and "model.latent_dim=4" in QUICK
    assert told["inversion"] == "live"
    assert not {"name", "rundir", "check", "data.dataset.root"} & told.keys()
    assert measures_in(folder) == [SC, "validation/loss"]
    assert set(measures_in(folder)) <= curves(folder).keys()
    resume(folder, "trainer.max_epochs=2")
    assert times_told(folder) == 1 and settings_in(folder) == told
    assert {path.name for path in folder.iterdir() if path.is_dir()} <= {"checkpoints", "samples"}
