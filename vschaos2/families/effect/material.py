"""Where the streams of an effect come from, and what its recordings settle of a configuration."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from vschaos2.audio import SoundReader
from vschaos2.config import call, check_keys, plain
from vschaos2.data.knobs import Knob, read_knobs
from vschaos2.data.pair_files import Pair, find_pairs, single_pair
from vschaos2.data.pair_module import PairDataModule
from vschaos2.data.pairs import PairedSound, in_line, rate_of, read_pair
from vschaos2.data.takes import KNOB_HOP, Take
from vschaos2.errors import InputError
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.inspection.sounds import clipping_of
from vschaos2.progress import Progress
from vschaos2.ranges import AUTO, check_count, check_number, is_auto
from vschaos2.terminal import printable
from vschaos2.training.processes import is_first_process

logger = logging.getLogger(__name__)

OPTIONS = ("root", "sample_rate_hz", "validation_fraction", "latency_samples")


def pairs_of(config: DictConfig) -> tuple[Path, list[Pair]]:
    """The folder of a configuration and its pairs, or the one pair that it names.

    Raises:
        InputError: if there are none, or recordings without a partner.
    """
    dataset = config.data.dataset
    check_keys(dataset, "data.dataset", OPTIONS)
    root = Path(str(dataset.root)).expanduser()
    dry, wet = config.data.dry, config.data.wet
    if (dry is None) != (wet is None):
        raise InputError("data.dry and data.wet: give both, or neither")
    if dry is not None:
        dry, wet = (root / Path(str(name)).expanduser() for name in (dry, wet))
        (pair,) = single_pair(dry, wet)
        inside = pair.wet.is_relative_to(root)  # knobs are told of by such a name
        name = pair.wet.relative_to(root).as_posix() if inside else pair.name
        return root, [pair._replace(name=name)]
    return root, find_pairs(root)


def settle(config: DictConfig) -> None:
    """Write what the recordings say where `auto` stands: their rate, their channels, their knobs.

    A knob that stood at one value all along is none: nothing can be learnt of it.

    Raises:
        InputError: for a folder without pairs, or pairs that disagree.
    """
    root, pairs = pairs_of(config)
    rate = "data.dataset.sample_rate_hz"
    if is_auto(rate, OmegaConf.select(config, rate)):
        config.data.dataset.sample_rate_hz = rate_of(pairs)
    for key, paths in (
        ("channels_in", {pair.dry for pair in pairs}),
        ("channels_out", {pair.wet for pair in pairs}),
    ):
        if is_auto(f"model.{key}", config.model[key]):
            config.model[key] = min(2, max(_channels(path) for path in sorted(paths)))
    if config.model.knobs != AUTO:
        return
    knobs = {}
    for knob in read_knobs(root, pairs):
        if knob.lowest == knob.highest:
            if is_first_process():
                logger.warning(
                    "%s stood at %g in every recording: it becomes no knob", knob.name, knob.lowest
                )
            continue
        middle = knob.positions[len(knob.positions) // 2]
        knobs[knob.name] = {"lowest": knob.lowest, "highest": knob.highest, "value": middle}
    OmegaConf.update(config, "model.knobs", knobs or None, merge=False)


def _channels(path: Path) -> int:
    with SoundReader(path) as sound:
        return sound.channels


def material(config: DictConfig, model: EffectModel) -> PairDataModule:
    """The pairs of a configuration as streams, with the knobs that a model is told.

    Raises:
        InputError: for a dataset or a value that no training can take.
    """
    root, pairs = pairs_of(config)
    latency = config.data.dataset.latency_samples
    by_ear = is_auto("data.dataset.latency_samples", latency)
    if not by_ear:
        check_count("data.dataset.latency_samples", latency, -(10**7), 10**7)
    takes = takes_of(root, pairs, model, None if by_ear else latency)
    dataset, loader = plain(config, "data.dataset"), plain(config, "data.loader")
    warm_up_ms: Any = loader.pop("warm_up_ms", None)
    window_samples: Any = loader.get("window_samples")
    check_count("data.loader.window_samples", window_samples, 16, 2**22)
    check_number("data.loader.warm_up_ms", warm_up_ms, 0.0, 60_000.0)
    data = call(
        PairDataModule,
        "data.loader",
        loader,
        root=root,
        takes=takes,
        rate_hz=model.rate_hz,
        validation_fraction=dataset["validation_fraction"],
        warm_up=warm_up_of(model, window_samples, warm_up_ms),
        seed=config.seed,
    )
    return data


def warm_up_of(model: EffectModel, window_samples: int, warm_up_ms: float) -> int:
    """Samples that a model hears before what it says counts, in whole blocks of its network.

    What remembers without end hears so many ms, others as much as they reach back.
    """
    reach = model.net.reach
    wanted = round(warm_up_ms * model.rate_hz / 1000.0) if reach is None else reach
    block = model.net.block
    return -(-max(wanted, min(window_samples, 4096)) // block) * block


def takes_of(
    root: Path, pairs: list[Pair], model: EffectModel, latency_samples: int | None = None
) -> list[Take]:
    """Every pair read and aligned, as many channels as a model takes, and its knobs.

    Raises:
        InputError: for what cannot be read or aligned, or a knob that nobody tells the value of.
    """
    knobs = {knob.name: knob for knob in read_knobs(root, pairs)} if model.knobs else {}
    for knob in model.knobs:
        if knob.name not in knobs:
            raise InputError(
                f"{root}: nothing tells of the knob {knob.name}: add metadata/{knob.name}/"
                "metadata.txt, or set model.knobs"
            )
    told = [knobs[knob.name] for knob in model.knobs]
    found = []
    with Progress("aligning", "pair", len(pairs)) as progress:
        for pair in pairs:
            progress.say(printable(pair.name))
            found.append(read_pair(pair, model.rate_hz, latency_samples, model.is_physical))
            progress.update()
    if latency_samples is None:
        found = in_line(found, model.is_physical)
    return [
        Take(
            pair.name,
            str(pair.dry),
            _sides(sound.dry, model.net.n_channels),
            _sides(sound.wet, model.net.n_outputs),
            _values(told, sound),
            sound.alignment._asdict(),
        )
        for pair, sound in zip(pairs, found, strict=True)
    ]


def _sides(sound: np.ndarray, count: int) -> np.ndarray:
    """As many channels as wanted: [C, T] → [count, T]."""
    if len(sound) == count:
        return sound
    mono = sound.mean(0, keepdims=True, dtype=np.float32)
    return np.repeat(mono, count, 0)


def _values(knobs: list[Knob], found: PairedSound) -> np.ndarray:
    """What knobs stand at in a take, [K, 1] where none moves, [K, F] where one does."""
    if not any(knob.moves(found.name) for knob in knobs):
        return np.array([[knob.value(found.name)] for knob in knobs], np.float32).reshape(-1, 1)
    frames = np.arange(-(-found.wet.shape[1] // KNOB_HOP))
    seconds = (found.wet_first + (frames + 0.5) * KNOB_HOP) / found.sample_rate_hz
    return np.stack([knob.at(found.name, seconds) for knob in knobs])


def tell(data: PairDataModule) -> None:
    """Log what a training's pairs hold, and what is odd about them."""
    seconds = sum(take.length for take in data.takes) / data.rate_hz
    names = ", ".join(printable(name) for name in data.held_out[:4])
    more = " …" if len(data.held_out) > 4 else ""
    logger.info(
        "%d pairs, %.1f minutes at %d Hz; held out: %s%s",
        len(data.takes), seconds / 60.0, data.rate_hz, names, more,
    )  # fmt: skip
    for take in data.takes:
        facts: dict[str, Any] = dict(take.alignment)
        if facts and abs(facts["drift_ppm"]) > 5.0:
            logger.warning(
                "%s: its clock drifts by %.1f millionths: a long recording loses its alignment",
                printable(take.name), facts["drift_ppm"],
            )  # fmt: skip
    files = {Path(take.dry_name) for take in data.takes}
    _tell_of_clipping(sorted(files | {Path(data.root) / take.name for take in data.takes}))


def _tell_of_clipping(paths: list[Path]) -> None:
    """Warn of recordings that were cut off at full scale."""
    found = {}
    for path in paths:
        if path.is_file():  # a pair that was named may lie elsewhere
            with SoundReader(path) as sound:
                if clips := clipping_of(sound):
                    found[path] = clips
    for path, clips in list(found.items())[:1]:
        logger.warning(
            "%d of %d recordings clip, %s %s: what was cut off is learnt as the device's own: "
            "record at a lower level, unless the device itself clips so",
            len(found), len(paths), path.name, clips,
        )  # fmt: skip
