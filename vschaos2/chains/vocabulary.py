"""Every chain of some effects, and which of them are the same to any ear.

A chain is a tuple of effects, each at most once. Two neighbours that are linear and time-invariant
may change places and no sample changes: what can be reached so is one class, a trace in the words
of Mazurkiewicz (1977), and the first of its members by the order of the alphabet stands for it.
"""

from collections.abc import Collection, Sequence
from itertools import combinations, permutations

import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.ranges import check_count

Chain = tuple[int, ...]
MOST_CHAINS = 20_000


class Vocabulary:
    """The chains of some effects.

    Args:
        names: of the effects, E of them.
        linear: those that are linear and time-invariant: they commute with each other.
        longest: effects in a chain at most.

    Attributes:
        chains: all of them, N, the empty one first.
        classes: of each chain the number of its class, [N].
        members: of each class its chains, the one that stands for it first.
        pairs: two effects each, P of them.
        sizes: of each class the number of its chains.
        present: whether a chain has an effect, [N, E], 0 or 1.
        ordered: 1 where the first of a pair is before the second, -1 where it is behind, [N, P].

    Raises:
        InputError: for effects that are too many, or no chain that could be told of.
    """

    def __init__(self, names: Sequence[str], linear: Collection[str], longest: int) -> None:
        check_count("model.longest", longest, 1, 8)
        if len(set(names)) < len(names) or not names:
            raise InputError(f"model.effects: each once, and at least one, got {', '.join(names)}")
        self.names, self.longest = tuple(names), min(longest, len(names))
        self.linear = frozenset(n for n, name in enumerate(names) if name in linear)
        count = 1
        for length in range(1, self.longest + 1):
            count += _falling(len(names), length)
        if count > MOST_CHAINS:
            raise InputError(
                f"model.longest={longest}: {len(names)} effects have {count} such chains, more "
                f"than {MOST_CHAINS}: lower it, or take fewer effects"
            )
        every = range(len(names))
        self.chains: list[Chain] = [
            c for length in range(self.longest + 1) for c in permutations(every, length)
        ]
        self.numbers = {chain: n for n, chain in enumerate(self.chains)}
        firsts: dict[Chain, int] = {}
        self.members: list[list[int]] = []
        self.classes: list[int] = []
        for number, chain in enumerate(self.chains):
            own = firsts.setdefault(self.canonical(chain), len(firsts))
            if own == len(self.members):
                self.members.append([])
            self.members[own].append(number)
            self.classes.append(own)
        self.pairs = list(combinations(every, 2))
        self.present = torch.zeros(len(self.chains), len(names))
        self.ordered = torch.zeros(len(self.chains), len(self.pairs))
        for number, chain in enumerate(self.chains):
            self.present[number, list(chain)] = 1.0
            for place, (a, b) in enumerate(self.pairs):
                if a in chain and b in chain:
                    self.ordered[number, place] = 1 if chain.index(a) < chain.index(b) else -1
        self.class_of = torch.tensor(self.classes)
        self.sizes = torch.tensor([len(members) for members in self.members])
        most = int(self.sizes.max())
        filled = [[*members, *[members[0]] * (most - len(members))] for members in self.members]
        self.filled = torch.tensor(filled)  # members of each class, as many of all

    def commute(self, a: int, b: int) -> bool:
        """Whether two neighbours may change places and no sample changes."""
        return a in self.linear and b in self.linear

    def exchangeable(self, chain: Chain, a: int, b: int) -> bool:
        """Whether two effects of a chain may change places and no sample changes."""
        places = {a: b, b: a}
        return self.canonical(chain) == self.canonical(tuple(places.get(x, x) for x in chain))

    def canonical(self, chain: Chain) -> Chain:
        """The chain that stands for its class: the first of them in the order of the effects."""
        left, found = list(chain), []
        while left:
            # What all before it commute with can come first.
            free = [
                x for n, x in enumerate(left) if all(self.commute(x, before) for before in left[:n])
            ]
            found.append(min(free))
            left.remove(found[-1])
        return tuple(found)

    def number(self, effects: Sequence[str]) -> int:
        """The number of a chain of names.

        Raises:
            InputError: if it is none of them.
        """
        for name in effects:
            if name not in self.names:
                raise InputError(f"no effect {name!r} here (there are {', '.join(self.names)})")
        chain = tuple(self.names.index(name) for name in effects)
        if chain not in self.numbers:
            raise InputError(
                f"{' '.join(effects)}: a chain has each effect once, and {self.longest} at most"
            )
        return self.numbers[chain]

    def words(self, number: int) -> tuple[str, ...]:
        """A chain by its effects' names."""
        return tuple(self.names[effect] for effect in self.chains[number])

    def joint(self, presence: Tensor, order: Tensor) -> Tensor:
        """Logarithms of the probability of every chain, from evidence on each effect and each pair.

        Normalised over all chains, as a conditional random field is: what is no chain, such as
        three effects in a circle, has no share.

        Args:
            presence: log-odds of every effect.
            order: log-odds of the first of every pair being before the second.

        Shape: [B, E], [B, P] → [B, N].
        """
        softplus = torch.nn.functional.softplus
        present, ordered = self.present.to(presence), self.ordered.to(presence)
        # log σ(p) where it is there, log σ(-p) = log σ(p) - p where not.
        scores = presence @ present.T - softplus(presence).sum(1, keepdim=True)
        first, second = (ordered > 0).to(order), (ordered < 0).to(order)
        scores = scores - softplus(-order) @ first.T - softplus(order) @ second.T
        return torch.log_softmax(scores, 1)

    def shared(self, logs: Tensor) -> Tensor:
        """The same with each class's probability in equal parts on its chains.

        Nothing that could be heard tells them apart: what a network says of that is noise.

        Shape: [B, N] logarithms → [B, N].
        """
        class_of = self.class_of.to(logs.device)
        most = logs.new_full((len(logs), len(self.members)), -torch.inf)
        most = most.scatter_reduce(1, class_of.expand(len(logs), -1), logs, "amax")
        sums = logs.new_zeros(most.shape).index_add(1, class_of, (logs - most[:, class_of]).exp())
        return (most + sums.log() - self.sizes.to(logs).log())[:, class_of]

    def shared_of(self, logs: Tensor, chains: Tensor) -> Tensor:
        """What `shared` gives to one chain of each row, in a fraction of the time.

        Shape: [B, N] logarithms, [B] numbers of chains → [B].
        """
        own = self.class_of.to(logs.device)[chains]
        members, sizes = self.filled.to(logs.device)[own], self.sizes.to(logs.device)[own]
        found = logs.gather(1, members)
        behind = torch.arange(members.shape[1], device=logs.device) >= sizes[:, None]
        return found.masked_fill(behind, -torch.inf).logsumexp(1) - sizes.to(logs).log()

    def by_class(self, logs: Tensor) -> Tensor:
        """Probabilities of classes: [B, N] logarithms → [B, number of classes], which sum to 1."""
        found = logs.new_zeros(len(logs), len(self.members))
        return found.index_add(1, self.class_of.to(logs.device), logs.exp())

    def chance(self, chain: Chain) -> float:
        """The part of all orders of a chain's effects that are of its class."""
        orders = list(permutations(chain))
        own = self.canonical(chain)
        return sum(self.canonical(each) == own for each in orders) / len(orders)


def edit_distance(a: Sequence[object], b: Sequence[object]) -> int:
    """Insertions, deletions and replacements from one word to another (Levenshtein, 1966)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            changed = diagonal + (left != right)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, changed)
    return row[-1]


def _falling(of: int, length: int) -> int:
    count = 1
    for taken in range(length):
        count *= of - taken
    return count
