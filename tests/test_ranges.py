"""Every value of every configuration has its range, and is checked before a file is opened."""

import copy
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from docs.write_configuration import configurations as configurations_of
from vschaos2.data import module
from vschaos2.errors import InputError
from vschaos2.families.train import train
from vschaos2.ranges import check_count, check_number, is_auto

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
SMALL = ("data.transform.n_fft=256", "data.transform.hop=64", "data.dataset.root=recordings")
DENSE = ("model.encoder.hidden_dim=4", "model.decoder.hidden_dim=4")
NAMES = {
    "dgt_mid": DENSE,
    "dgt_conv": (),
    "dgt_harmonic": DENSE,
    "dgt_pitch_prediction": DENSE,
    "dgt_mid_temporal": DENSE,
}

# What a whole number, a number and a word can be mistaken for.
NO_COUNT = (None, True, 1.5, -3, 10**12)
NO_NUMBER = (None, -1, 1e12, math.nan, "abc")
NO_WORD = (None, 1, "foo")
NO_PART = (None, "foo", [1])
NOTHING = ("foo", 1, [1])  # where null means none

# Key → values that are refused. `*` stands for any one word of a key.
WRONG: dict[str, tuple] = {
    "name": (None, 1, True, "", "a/b", "..", "x" * 201, "a\nb", r"\${x}"),
    "rundir": (None, 2024, "", "/dev/null/runs", "x" * 300),
    "seed": (*NO_COUNT, 2**32),
    "check": ("maybe", None, 2, 0.5),
    "family": (*NO_WORD, ""),
    "plugins": (1, "foo", {"a": 1}, [1], ["not_loaded"]),
    "texture": (*NO_NUMBER[1:], 1.1, True),
    "inversion": (*NO_WORD, "keep_input", "offline"),
    "data": NO_PART,
    "data.dataset": NO_PART,
    "data.dataset.root": (None, 123, "", True),
    "data.dataset.n_files": (*NO_COUNT[1:], 0),
    "data.dataset.sample_rate_hz": (*NO_COUNT, 0, 999, 1_500_001),
    "data.dataset.validation_fraction": (*NO_NUMBER, 0, 1),
    "data.dataset.stretches": (None, 1, "foo"),
    "data.dataset.metadata_callbacks": (5, "abc", {"pitch": 5}, {"pitch": {"name": "foo"}}),
    "data.loader": (*NO_PART, {"root": "elsewhere"}),
    "data.loader.batch_size": (*NO_COUNT, 0),
    "data.loader.batches_per_epoch": (*NO_COUNT, 0),
    "data.loader.validation_windows": (*NO_COUNT, 0),
    "data.sequence": (*NO_COUNT, 0),
    "data.transform": NO_PART,
    "data.transform._target_": (*NO_WORD, "os.system"),
    "data.transform.sample_rate_hz": (*NO_COUNT, 48_000),
    "data.transform.n_fft": (*NO_COUNT, 0, 100, 2**40),
    "data.transform.hop": (*NO_COUNT, 0, 100, 512),
    "data.transform.contrast": NO_WORD,
    "data.transform.n_mels": (*NO_COUNT, 1, 1000),
    "data.transform.level": (*NO_NUMBER, 0),
    "data.augment": NO_PART,
    "data.augment.gain_db": (*NO_NUMBER, 1000),
    "data.augment.speed": (*NO_NUMBER, 2),
    "data.augment.tilt_db": (*NO_NUMBER, 1000),
    "data.augment.transpose": (*NO_COUNT, 25),
    "data.augment.other_key": (*NO_NUMBER, 0.6),
    "data.augment.share": (*NO_NUMBER, 1.1),
    "data.augment.other_sound": (*NO_NUMBER, 0.6),
    "model": NO_PART,
    "model.latent_dim": (*NO_COUNT, 0, 1025),
    "model.coherence_dim": (*NO_COUNT, -1, 65_537),
    "model.output": NO_WORD,
    "model.headroom_db": (*NO_NUMBER[1:], 121, True),
    "model.calibrated": (None, 1, "foo"),
    "model.encoder": NO_PART,
    "model.encoder._target_": (*NO_WORD, "os.system"),
    "model.encoder.hidden_dim": (*NO_COUNT, 0),
    "model.encoder.n_blocks": (*NO_COUNT, 65),
    "model.encoder.linear": (None, 1, "foo"),
    "model.encoder.channels": (None, 5, "abc", [], [0], [True], [1.5], [-1], {}),
    "model.encoder.kernel_size": (*NO_COUNT, 0, 8, 5),
    "model.encoder.stride": (*NO_COUNT, 0, 65),
    "model.decoder": NO_PART,
    "model.decoder._target_": (*NO_WORD, "os.system"),
    "model.decoder.hidden_dim": (*NO_COUNT, 0),
    "model.decoder.n_blocks": (*NO_COUNT, 65),
    "model.decoder.linear": (None, 1, "foo"),
    "model.decoder.channels": (None, 5, "abc", [], [0], [True], [1.5], [-1], {}),
    "model.decoder.kernel_size": (*NO_COUNT, 0, 8),
    "model.decoder.stride": (*NO_COUNT, 0, 65),
    "model.conditioning": (*NOTHING, False, ""),
    "model.conditioning.*": NO_PART,
    "model.conditioning.*.dim": (*NO_COUNT, 0, 1),
    "model.conditioning.*.target": (None, 1, "foo", [], ["foo"], [1]),
    "model.conditioning.*.embedding": NO_WORD,
    "model.prediction": (*NOTHING, False, ""),
    "model.prediction.*": NO_PART,
    "model.prediction.*.dim": (*NO_COUNT, 0, 1),
    "model.prediction.*.type": NO_WORD,
    "model.prediction.*.args": (1, "foo", [1], {"foo": 1}),
    "model.prediction.*.args.nlayers": (*NO_COUNT, 65),
    "model.prediction.*.args.hidden_dims": (*NO_COUNT, 0, [0], [1, 2]),
    "model.prediction.*.args.target_dist": NO_WORD,
    "model.prediction.*.input": NO_WORD,
    "model.prediction.*.unknown": NO_WORD,
    "model.temporal": (*NOTHING, "gru", {"foo": 1}, {"type": "foo"}),
    "model.temporal.type": NO_WORD,
    "model.temporal.hidden_dims": (*NO_COUNT, 0),
    "model.temporal.layers": (*NO_COUNT, 0),
    "model.init_from": (1, True, "", [1], "no/run", "x" * 300),
    "training": NO_PART,
    "training.losses": (*NO_PART, {}, {"l1": 0.0}),
    "training.losses.*": NO_NUMBER,
    "training.divergence": NO_PART,
    "training.divergence.name": (*NO_WORD, "renyi"),
    "training.divergence.free_bits": NO_NUMBER,
    "training.divergence.alpha": (0.5, "abc", True),
    "training.beta": NO_PART,
    "training.beta.target": NO_NUMBER,
    "training.beta.start": NO_NUMBER,
    "training.beta.warmup": NO_COUNT,
    "training.beta.unit": NO_WORD,
    "training.pseudo_labels": (*NO_NUMBER[1:], 0.4, 1.1),
    "training.prior_minutes": (*NO_NUMBER[1:], 0, 1e5),
    "training.optimiser": NO_PART,
    "training.optimiser.learning_rate": (*NO_NUMBER, 1e10),
    "training.optimiser.weight_decay": NO_NUMBER,
    "training.optimiser.warmup_steps": NO_COUNT,
    "training.optimiser.cooldown": (*NO_NUMBER, 1.1),
    "training.optimiser.average_decay": (*NO_NUMBER, 1, 2),
    "callbacks": NO_PART,
    "callbacks.validate_every": (*NO_COUNT, 0),
    "callbacks.save_every_s": NO_NUMBER[1:],
    "callbacks.patience": (*NO_NUMBER[1:], 0, 1.1),
    "callbacks.monitor": NOTHING,
    "callbacks.monitor.enabled": (None, 1, "foo"),
    "callbacks.monitor.share": (*NO_NUMBER, 0.6),
    "callbacks.monitor.first_seconds": NO_NUMBER,
    "callbacks.monitor.files": (*NO_COUNT, 0, 17),
    "callbacks.monitor.seconds": (*NO_NUMBER, 0),
    "callbacks.monitor.dimensions": (*NO_COUNT, 0, 65),
    "callbacks.monitor.history": (*NO_COUNT, 0),
    "trainer": (*NO_PART, {"foo": 1}),
    "trainer.accelerator": ("foo", 1, ""),
    "trainer.devices": (0, -3, 1.5, 10**12, "foo", "1000000000000"),
    "trainer.num_nodes": (*NO_COUNT, 0),
    "trainer.strategy": ("foo", 1),
    "trainer.precision": ("foo", 17),
    "trainer.max_epochs": (*NO_COUNT[1:], 0),
    "trainer.max_time": (20, -1, "20", "abc", True, 1.5),
    "trainer.gradient_clip_val": NO_NUMBER[1:],
    "trainer.log_every_n_steps": (*NO_COUNT, 0),
    # Keys that a configuration may have, and none here has.
    "trainer.max_steps": (*NO_COUNT[1:], 0),
    "trainer.accumulate_grad_batches": (*NO_COUNT, 0),
    "trainer.overfit_batches": (1, 0.5),
    "trainer.fast_dev_run": (True, 3),
    "trainer.limit_train_batches": (0, -1, 1.5, "abc"),
    "trainer.limit_val_batches": (-1, 1.5, "abc"),
    "trainer.val_check_interval": (0, -1, 1.5, "abc"),
    "trainer.deterministic": ("maybe", 5),
    "trainer.profiler": ("foo", True),
    "trainer.logger": (False,),
    "trainer.enable_progress_bar": (False,),
    "trainer.max_epoch": (5,),
    "training.losses.foo": (1.0,),
    "model.conditioning.*.embedding_dim": (*NO_COUNT[1:], 0, 3),
    "data.dataset.foo": (1,),
    "foo": (1,),
}
EXEMPT = {}
RIGHT = {
    "name": ("123", "true", "日本", "a b"),
    "rundir": ("2024", "runs, and more"),
    "check": (1, 0),
    "data.dataset.root": ("123", "a,b"),
    "data.dataset.n_files": (None, 1),
    "data.dataset.metadata_callbacks": ({}, {"pitch": {"name": "read_single_metadata"}}),
    "data.augment.speed": (1, 0),
    "model.latent_dim": ("auto", 1024),
    "training.optimiser.average_decay": (0, 0.9999),
    "callbacks.save_every_s": (None, 0, 0.5),
    "callbacks.patience": (None, 0.01, 1),
    "callbacks.monitor": (None,),
    "trainer.devices": ("auto", 2),
    "trainer.max_epochs": (-1, 1, None),
    "trainer.max_steps": (-1, 40),
    "trainer.max_time": ("00:00:20:00", None),
    "trainer.limit_train_batches": (0.5, 2),
    "trainer.limit_val_batches": (0,),
    "trainer.deterministic": (False, None),
    "trainer.overfit_batches": (0,),
    "trainer.enable_progress_bar": (True,),
}


class Opened(Exception):  # noqa: N818 — no error: everything was found in order
    """The recordings were asked for."""


@pytest.fixture(scope="module")
def configurations() -> dict[str, DictConfig]:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return {name: compose(name, [*SMALL, *more]) for name, more in NAMES.items()}


@pytest.fixture(autouse=True)
def no_recordings(monkeypatch, tmp_path):
    def opened(*_, **__):
        raise Opened

    monkeypatch.setattr(module, "open_cache", opened)
    monkeypatch.chdir(tmp_path)


def keys(node: object, prefix: str = "") -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else ():
        yield f"{prefix}{key}"
        yield from keys(value, f"{prefix}{key}.")


def stands_for(pattern: str, key: str) -> bool:
    words, parts = pattern.split("."), key.split(".")
    pairs = zip(words, parts, strict=False)
    return len(words) == len(parts) and all(word in ("*", part) for word, part in pairs)


def places(configurations: dict[str, DictConfig], pattern: str) -> tuple[str, str]:
    """A configuration that has a key, and the key; the first one and the key as it is, else."""
    for name, config in configurations.items():
        for key in keys(OmegaConf.to_container(config)):
            # A key of all stands in the configuration without memory, whose sequence is free.
            is_free = name != "dgt_mid_temporal" or pattern.startswith("model.temporal.")
            if is_free and stands_for(pattern, key):
                return name, key
    inside = "dgt_pitch_prediction" if "*" in pattern else "dgt_mid"
    return inside, pattern.replace("*", "pitch")


def given(configurations: dict[str, DictConfig], pattern: str, value: object) -> DictConfig:
    name, key = places(configurations, pattern)
    config = copy.deepcopy(configurations[name])
    OmegaConf.update(config, key, value, merge=False, force_add=True)
    return config


@pytest.mark.parametrize("name", NAMES)
def test_every_configuration_is_found_in_order(name, configurations):
    with pytest.raises(Opened):
        train(configurations[name])


@pytest.mark.parametrize("pattern", WRONG)
def test_wrong_value_is_refused_in_one_line_before_a_file_is_opened(
    pattern, configurations, tmp_path
):
    for value in WRONG[pattern]:
        with pytest.raises(InputError) as refused:
            train(given(configurations, pattern, value))
        told = str(refused.value).replace("\n", "") if value == "a\nb" else str(refused.value)
        assert told.strip() and "\n" not in told, value
        assert any(word in told for word in pattern.split(".")[-2:]), f"{value!r}: {told}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pattern", RIGHT)
def test_value_at_the_edge_of_its_range_is_taken(pattern, configurations):
    for value in RIGHT[pattern]:
        with pytest.raises(Opened):
            train(given(configurations, pattern, value))


def test_every_key_of_every_configuration_has_a_range():
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        paths = [path.stem for path in configurations_of(("base",))]  # effects: test_effect.py
        found = {k for path in paths for k in keys(OmegaConf.to_container(compose(path)))}
    unchecked = [
        key
        for key in found
        if key not in EXEMPT and not any(stands_for(pattern, key) for pattern in WRONG)
    ]
    assert unchecked == []
    assert found >= EXEMPT.keys()


def test_numbers_and_counts_keep_to_their_ends():
    for value in (0, 1, 0.5):
        check_number("a", value, 0.0, 1.0)
    check_count("a", 3, 3, 3)
    for value in (-1e-9, 1.0001, math.nan, None, "0", True):
        with pytest.raises(InputError, match=r"^a must be a number from 0 to 1, got "):
            check_number("a", value, 0.0, 1.0)
    for value in (2, 4, 3.0, "3", True):
        with pytest.raises(InputError, match=r"^a must be a whole number from 3 to 3, got "):
            check_count("a", value, 3, 3)


def test_auto_is_one_word_and_no_other():
    assert is_auto("model.latent_dim", "auto")
    assert not is_auto("model.latent_dim", 16) and not is_auto("model.latent_dim", None)
    with pytest.raises(InputError, match=r"^model\.latent_dim must be auto or a whole"):
        is_auto("model.latent_dim", "Auto")
