"""How right chains are named: exactly, as a set, in order, and as sure as it is said."""

from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.chains.vocabulary import Vocabulary, edit_distance

BINS = 10  # of probabilities
NONE = "nothing"


class Share(NamedTuple):
    """How often something is right.

    Attributes:
        right: part of them.
        of: how many.
        chance: part that would be right by chance; 0 where nothing is said of it.
    """

    right: float
    of: int
    chance: float = 0.0


class Scores(NamedTuple):
    """What `score` found. Chains that cannot be told apart count as one.

    Attributes:
        names: of the effects.
        examples: how many.
        exact: the very chain is named.
        class_exact: its class is.
        among_three: it is among the three classes that are named first.
        set_exact: the effects of the class that is named first are the right ones.
        order_given_set: where they are, and there are two or more, their order is, too.
        edit_distance: mean over all.
        calibration_error: mean distance between what the first class is given and how often it is
            right.
        by_length: class_exact of chains of each length.
        given_set: class_exact among the orders of the true effects, by length.
        by_effect: whether it is there, right by its own probability.
        by_pair: which of two comes first, where both are there.
        exchangeable: the same of two that commute, where nothing that stands between them tells:
            nobody can be right more often than by chance.
        calibration: of each bin of probabilities that has any: their mean, how often it is right,
            and how many there are.
        confusions: effects that were there and not named, against those named and not there; the
            last of each is none, [E + 1, E + 1].
    """

    names: tuple[str, ...]
    examples: int
    exact: Share
    class_exact: float
    among_three: float
    set_exact: float
    order_given_set: Share
    edit_distance: float
    calibration_error: float
    by_length: dict[int, Share]
    given_set: dict[int, Share]
    by_effect: dict[str, Share]
    by_pair: dict[tuple[str, str], Share]
    exchangeable: dict[tuple[str, str], Share]
    calibration: list[tuple[float, float, int]]
    confusions: list[list[int]]


def score(vocabulary: Vocabulary, logs: Tensor, truth: Sequence[int]) -> Scores:
    """Measure what was said of examples.

    Args:
        vocabulary: N chains.
        logs: logarithms of their probabilities.
        truth: numbers of the chains that were.

    Shape: logs [B, N], truth [B].
    """
    logs = logs.double()
    classes = vocabulary.by_class(logs)
    due = vocabulary.class_of[list(truth)]
    first = classes.argmax(1)
    right = (first == due).tolist()
    three = (classes.topk(min(3, classes.shape[1]), 1).indices == due[:, None]).any(1)
    chains = [vocabulary.chains[n] for n in truth]
    canonical = [vocabulary.canonical(chain) for chain in chains]
    named = [vocabulary.chains[vocabulary.members[n][0]] for n in first.tolist()]
    same = [set(a) == set(b) for a, b in zip(named, chains, strict=True)]
    ordered = [n for n, chain in enumerate(chains) if same[n] and len(chain) > 1]
    lengths = {length: _where(chains, length) for length in range(vocabulary.longest + 1)}
    calibration = _calibration(classes.max(1).values, right)
    distances = [edit_distance(a, b) for a, b in zip(named, canonical, strict=True)]
    best = logs.argmax(1).tolist()
    return Scores(
        names=vocabulary.names,
        examples=len(chains),
        exact=_share([a == b for a, b in zip(best, truth, strict=True)]),
        class_exact=_mean(right),
        among_three=_mean(three.tolist()),
        set_exact=_mean(same),
        order_given_set=_share(
            [right[n] for n in ordered], [vocabulary.chance(chains[n]) for n in ordered]
        ),
        edit_distance=sum(distances) / max(len(distances), 1),
        calibration_error=sum(n * abs(p - r) for p, r, n in calibration) / max(len(chains), 1),
        by_length={n: _share([right[i] for i in own]) for n, own in lengths.items() if own},
        given_set={
            n: _given_set(vocabulary, logs, chains, own)
            for n, own in lengths.items()
            if own and n > 1
        },
        by_effect=_by_effect(vocabulary, logs, chains),
        by_pair=_by_pair(vocabulary, logs, chains),
        exchangeable=_by_pair(vocabulary, logs, chains, True),
        calibration=calibration,
        confusions=_confusions(len(vocabulary.names), named, chains),
    )


def _where(chains: list[tuple[int, ...]], length: int) -> list[int]:
    return [n for n, chain in enumerate(chains) if len(chain) == length]


def _mean(of: Sequence[bool]) -> float:
    return sum(of) / max(len(of), 1)


def _share(of: Sequence[bool], chances: Sequence[float] = ()) -> Share:
    return Share(_mean(of), len(of), sum(chances) / max(len(chances), 1))


def _given_set(
    vocabulary: Vocabulary, logs: Tensor, chains: list[tuple[int, ...]], own: list[int]
) -> Share:
    found, chances = [], []
    for n in own:
        sums: dict[int, float] = {}
        for order in permutations(chains[n]):
            number = vocabulary.numbers[order]
            one = vocabulary.classes[number]
            sums[one] = sums.get(one, 0.0) + float(logs[n, number].exp())
        due = vocabulary.classes[vocabulary.numbers[chains[n]]]
        found.append(max(sums, key=sums.__getitem__) == due)
        chances.append(vocabulary.chance(chains[n]))
    return _share(found, chances)


def _by_effect(
    vocabulary: Vocabulary, logs: Tensor, chains: list[tuple[int, ...]]
) -> dict[str, Share]:
    present = logs.exp() @ vocabulary.present.to(logs)
    return {
        name: _share(
            [(present[n, e].item() > 0.5) == (e in chain) for n, chain in enumerate(chains)]
        )
        for e, name in enumerate(vocabulary.names)
    }


def _by_pair(
    vocabulary: Vocabulary, logs: Tensor, chains: list[tuple[int, ...]], exchangeable: bool = False
) -> dict[tuple[str, str], Share]:
    before = logs.exp() @ vocabulary.ordered.to(logs)  # p(a before b) - p(b before a)
    found = {}
    for place, (a, b) in enumerate(vocabulary.pairs):
        own = [n for n, chain in enumerate(chains) if a in chain and b in chain]
        if exchangeable:
            if not vocabulary.commute(a, b):
                continue
            own = [n for n in own if vocabulary.exchangeable(chains[n], a, b)]
        right = [
            (before[n, place].item() > 0.0) == (chains[n].index(a) < chains[n].index(b))
            for n in own
        ]
        found[vocabulary.names[a], vocabulary.names[b]] = _share(right, [0.5] * len(own))
    return found


def _calibration(best: Tensor, right: list[bool]) -> list[tuple[float, float, int]]:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for probability, is_right in zip(best.tolist(), right, strict=True):
        bins.setdefault(min(int(probability * BINS), BINS - 1), []).append((probability, is_right))
    return [
        (sum(p for p, _ in own) / len(own), _mean([r for _, r in own]), len(own))
        for _, own in sorted(bins.items())
    ]


def _confusions(
    effects: int, named: list[tuple[int, ...]], chains: list[tuple[int, ...]]
) -> list[list[int]]:
    counts = torch.zeros(effects + 1, effects + 1, dtype=torch.long)
    for said, was in zip(named, chains, strict=True):
        for effect in set(said) & set(was):
            counts[effect, effect] += 1
        missed, added = sorted(set(was) - set(said)), sorted(set(said) - set(was))
        for effect in missed:
            for other in added or [effects]:
                counts[effect, other] += 1
        for other in [] if missed else added:
            counts[effects, other] += 1
        if not said and not was:
            counts[effects, effects] += 1
    return counts.tolist()
