"""What `generate.py evaluate` measures of the runs of each family."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vschaos2.errors import InputError

EXAMPLES = 500  # of each kind, by which an estimator of chains is measured

# A table in words, and the files that were written.
Measured = tuple[str, list[Path]]


def measured(arguments: argparse.Namespace, trained: Any, folder: Path) -> Measured:
    """Measure a run.

    Args:
        arguments: of the command.
        trained: the run.
        folder: where tables and pictures go.

    Raises:
        InputError: for an option that its family has no use for.
    """
    family = trained.config.family
    if arguments.paired and family != "bridge":
        raise InputError("--paired: only a bridge has two instruments: leave it out")
    if arguments.inversion and family in MEASURED:
        raise InputError(f"--inversion: {trained.folder} has none: leave it out")
    return MEASURED.get(family, _instrument)(arguments, trained, folder)


def _instrument(arguments: argparse.Namespace, trained: Any, folder: Path) -> Measured:
    from vschaos2.generation.evaluation import evaluate
    from vschaos2.generation.methods import check_methods
    from vschaos2.generation.score_tables import markdown, write_tables

    check_methods(trained, "encode", "decode")
    result = evaluate(trained, arguments.dataset, arguments.inversion)
    return markdown(result), write_tables(result, folder)


def _effect(arguments: argparse.Namespace, trained: Any, folder: Path) -> Measured:
    from vschaos2.generation.effect_evaluation import evaluate_effect, pairs_to_measure
    from vschaos2.generation.effect_tables import markdown, write_evaluation

    result = evaluate_effect(trained, *pairs_to_measure(trained, arguments.dataset))
    return markdown(result), write_evaluation(result, folder)


def _bridge(arguments: argparse.Namespace, trained: Any, folder: Path) -> Measured:
    from vschaos2.generation.transfer_evaluation import evaluate_bridge
    from vschaos2.generation.transfer_tables import markdown, write_evaluation

    if arguments.dataset:
        raise InputError(
            "--dataset is not for a bridge, whose latents are judged: give --paired and two "
            "folders of the same music"
        )
    scores = evaluate_bridge(trained, arguments.paired)
    return markdown(scores), write_evaluation(scores, trained.folder, folder)


def _order(arguments: argparse.Namespace, trained: Any, folder: Path) -> Measured:
    from vschaos2.generation.order_evaluation import evaluate_order
    from vschaos2.generation.order_tables import markdown, write_evaluation

    result = evaluate_order(trained, arguments.dataset, EXAMPLES)
    return markdown(result), write_evaluation(result, folder)


def _film(arguments: argparse.Namespace, trained: Any, folder: Path) -> Measured:
    from vschaos2.generation.film_evaluation import evaluate_film, markdown, write_evaluation

    result = evaluate_film(trained, arguments.dataset)
    return markdown(result), write_evaluation(result, folder)


def _foley(arguments: argparse.Namespace, trained: Any, folder: Path) -> Measured:
    from vschaos2.generation.hit_evaluation import evaluate_hits, markdown, write_evaluation

    rows = evaluate_hits(trained, arguments.dataset)
    return markdown(rows), write_evaluation(trained, rows, folder)


MEASURED: dict[str, Callable[[argparse.Namespace, Any, Path], Measured]] = {
    "effect": _effect, "bridge": _bridge, "order": _order, "film": _film, "foley": _foley
}  # fmt: skip
