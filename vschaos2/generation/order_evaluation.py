"""How right an estimator of chains is, on examples that it never learnt from.

own       as it learnt: other takes, other chains, other settings
wider     every range a quarter wider at both ends
notes     single notes only, phrases: phrases only; where takes are plucked by code
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from vschaos2.chains.examples import Renderer, rendered
from vschaos2.chains.features import RATE_HZ
from vschaos2.chains.pedals import Pedal, Setting
from vschaos2.chains.scores import Scores, score
from vschaos2.chains.setting_scores import SettingScore, score_settings
from vschaos2.chains.takes import PLAYED, PLUCKED, Mixed, Plucked, Takes
from vschaos2.families.order.estimator import COVERED, Estimator, Settings
from vschaos2.families.order.material import rendering_of, source_of
from vschaos2.families.order.objective import said
from vschaos2.families.order.pool import ChainBatch, numbered
from vschaos2.progress import Progress
from vschaos2.runs.folder import Run

TEST = 3  # purpose of examples, after those of a training
WIDER = 0.25  # of a range, at both ends
PIECE = 50


class MeasuredSet(NamedTuple):
    """Examples of one kind.

    Attributes:
        name: of the kind.
        examples: themselves.
        scores: how right their chains are named.
        settings: how near their settings are told.
    """

    name: str
    examples: int
    scores: Scores
    settings: list[SettingScore]


class OrderEvaluation(NamedTuple):
    """What `evaluate_order` found.

    Attributes:
        run: what was measured.
        sets: of examples, the own first.
    """

    run: Path
    sets: list[MeasuredSet]


def evaluate_order(run: Run, dataset: Path | None, count: int) -> OrderEvaluation:
    """Measure an estimator.

    Args:
        run: of the family "order".
        dataset: a folder of clean recordings to play instead of those held out; None for these.
        count: examples of each kind.

    Raises:
        InputError: for a folder without usable recordings.
    """
    config = run.config.copy()
    if dataset is not None:
        config.data.dataset.root = str(dataset)
        if config.data.dataset.get("beside") is not None:
            config.data.dataset.beside = None  # the folder alone is asked about
    how = rendering_of(config, run.model)
    source = source_of(config, how)
    takes: Takes = source.held_out
    if dataset is not None:  # of which nothing was learnt
        takes = Mixed((source.training, source.held_out))
    kinds: dict[str, tuple[list[Pedal], Takes]] = {
        "own": (run.model.pedals, takes),
        "wider": (wider(run.model.pedals), takes),
    }
    if source.digest in (PLUCKED, PLAYED):
        kinds["notes"] = (run.model.pedals, Plucked(RATE_HZ, "note"))
        kinds["phrases"] = (run.model.pedals, Plucked(RATE_HZ, "phrase"))
    sets = []
    for name, (pedals, played) in kinds.items():
        renderer = Renderer(pedals, played, how, (run.config.seed, TEST))
        examples = new_examples(run.model, renderer, count)
        if name == "wider":
            examples["settings"] = _placed(examples["settings"], pedals, run.model)
        sets.append(measured(name, run.model, examples))
    return OrderEvaluation(run.folder, sets)


def new_examples(model: Estimator, renderer: Renderer, count: int) -> ChainBatch:
    """So many examples of a renderer."""
    parts = []
    with Progress("rendering", "chunk", -(-count // PIECE)) as progress:
        for first in range(0, count, PIECE):
            numbers = range(first, min(count, first + PIECE))
            parts.append(numbered(model.vocabulary, rendered(renderer, numbers)))
            progress.update()
    return ChainBatch(
        mel=torch.cat([part["mel"] for part in parts]),
        summary=torch.cat([part["summary"] for part in parts]),
        chain=torch.cat([part["chain"] for part in parts]),
        settings=torch.cat([part["settings"] for part in parts]),
    )


def measured(name: str, model: Estimator, examples: ChainBatch) -> MeasuredSet:
    """Scores of examples."""
    logs, settings = said(model, examples)
    chains = examples["chain"].tolist()
    return MeasuredSet(
        name,
        len(chains),
        score(model.vocabulary, logs, chains),
        setting_scores(model, settings, examples["settings"]),
    )


def setting_scores(model: Estimator, settings: Settings, truth: torch.Tensor) -> list[SettingScore]:
    """How near settings are told."""
    named = [(model.pedals[effect].name, setting) for effect, setting in model.settings]
    reach = settings.spread * -math.log(1.0 - COVERED)
    return score_settings(named, settings.place, reach, truth)


def wider(pedals: Sequence[Pedal]) -> list[Pedal]:
    """Pedals whose settings are drawn from ranges a quarter wider at both ends."""
    return [pedal._replace(settings=tuple(map(_wider, pedal.settings))) for pedal in pedals]


def _wider(setting: Setting) -> Setting:
    ends = (setting.value(-WIDER), setting.value(1.0 + WIDER))
    low, high = (min(max(end, setting.least), setting.most) for end in ends)
    return setting._replace(lowest=low, highest=high)


def _placed(truth: torch.Tensor, pedals: Sequence[Pedal], model: Estimator) -> torch.Tensor:
    """Places in the ranges of a test as those in the ranges of a model."""
    drawn = [setting for pedal in pedals for setting in pedal.settings]
    found = truth.numpy().copy()
    for n, (setting, (_, own)) in enumerate(zip(drawn, model.settings, strict=True)):
        known = ~np.isnan(found[:, n])
        found[known, n] = [own.place(setting.value(float(p))) for p in found[known, n]]
    return torch.from_numpy(found)
