"""A configuration of version 0.1 comes in as one of today, and says the same."""

import pytest
from omegaconf import DictConfig, OmegaConf

from vschaos2.overrides import lenient_overrides
from vschaos2.runs.folder import create_run_folder, save_config
from vschaos2.runs.listing import list_runs
from vschaos2.runs.settings import differences, settings_of
from vschaos2.runs.upgrade import upgraded

NEWER = {"headroom_db": None, "calibrated": False}  # keys of a model, and what it was without them


def as_written_before(config: DictConfig) -> DictConfig:
    """A configuration of today in the words of version 0.1."""
    before = OmegaConf.create(OmegaConf.to_container(config))
    modules = {"model.encoder": "models.encoders", "model.decoder": "models.decoders"}
    for place, module in {**modules, "data.transform": "dsp.spectral"}.items():
        node = OmegaConf.select(before, place)
        node._target_ = f"vschaos2.{module}.{node._target_}"
    before.model.encoder._partial_ = before.model.decoder._partial_ = True
    before.model._target_ = "vschaos2.models.vae.VAE"
    for key in ("family", "plugins"):
        before.pop(key, None)
    for key in NEWER:
        before.model.pop(key, None)
    return before


@pytest.mark.parametrize("encoder", ["DenseEncoder", "ConvEncoder"])
def test_the_same_settings_differ_in_nothing(tiny_config, encoder):
    tiny_config.model.encoder._target_ = encoder
    today = OmegaConf.merge(tiny_config, {"family": "vae", "plugins": [], "model": NEWER})
    before = upgraded(as_written_before(today))
    assert differences([settings_of(upgraded(today)), settings_of(before)])[0].keys() <= {
        "data.sequence",  # which the tiny configuration leaves unsaid
        "data.dataset.metadata_callbacks",
    }
    assert before.model == today.model


def test_configuration_that_takes_no_further_keys_is_written_as_today(tiny_config):
    before = as_written_before(tiny_config)
    before.family = tiny_config.family = "vae"  # a configuration of one's own, upon a base of today
    OmegaConf.set_struct(before, True)
    assert upgraded(before).model == upgraded(tiny_config).model
    assert OmegaConf.is_struct(before)
    assert upgraded(before).model == upgraded(tiny_config).model  # and again: nothing is left to do


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.encoder._target_", "vschaos2.models.encoders.DenseEncoder.__init__"),
        ("model.encoder._target_", "${nowhere}"),
        ("model.encoder._target_", 3),
        ("model.encoder._partial_", False),
        ("model.encoder", "${nowhere}"),
        ("data.transform._partial_", True),
        ("model._target_", "os.system"),
    ],
)
def test_what_version_0_1_never_wrote_stays_for_others_to_refuse(tiny_config, key, value):
    OmegaConf.update(tiny_config, key, value, force_add=True)
    found = OmegaConf.to_container(upgraded(tiny_config), resolve=False)
    for name in key.split("."):
        found = found[name]
    assert found == value


def test_list_tells_an_old_version_from_a_new_one_by_what_was_tried(tiny_config, tmp_path):
    today = OmegaConf.merge(
        tiny_config, {"family": "vae", "plugins": [], "texture": None, "model": NEWER}
    )
    today.data.sequence = 1
    today.data.dataset = {"metadata_callbacks": None, "stretches": False}
    before = as_written_before(today)
    before.model.latent_dim = 5
    for config in (before, today):
        save_config(create_run_folder(tmp_path, "a"), config)
    told = [row.differs for row in list_runs(tmp_path)]
    assert told == [{"model.latent_dim": 5}, {"model.latent_dim": 4}]


@pytest.mark.parametrize(
    "key", ["model._target_", "model.encoder._partial_", "model.decoder._partial_"]
)
def test_command_lines_of_version_0_1_are_taken(key):
    assert lenient_overrides([f"{key}=true"]) == [f"++{key}=true"]


def test_effects_of_before_are_told_what_they_did_not_say():
    """Each as it was done then: every pair, aligned by ear, behind twenty milliseconds."""
    before = OmegaConf.create({"family": "effect", "data": {"dataset": {}, "loader": {}}})
    said = {"dataset": {"latency_samples": 5}, "loader": {"warm_up_ms": 200.0}}
    assert upgraded(before).data == {
        "dry": None, "wet": None,
        "dataset": {"latency_samples": "auto"}, "loader": {"warm_up_ms": 20.0},
    }  # fmt: skip
    kept = upgraded(OmegaConf.create({"family": "effect", "data": said}))
    assert kept.data == {"dry": None, "wet": None, **said}
