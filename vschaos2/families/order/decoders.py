"""From evidence to the probability of every chain: three ways.

pairwise        is each effect there, and which of each two comes first; normalised over all chains
flat            one class a chain, which knows nothing of what chains have in common
autoregressive  effect after effect, as a translation into words would be

Of all of them, chains that cannot be told apart are given the same probability.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.chains.vocabulary import Vocabulary
from vschaos2.families.order.trunk import WIDTH, Evidence
from vschaos2.parts import part


class Decoder(nn.Module):
    """Probabilities of chains.

    Args:
        vocabulary: N chains of E effects.
        hidden_dims: half of the size of a moment's evidence.
    """

    def __init__(self, vocabulary: Vocabulary, hidden_dims: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary

    def forward(self, evidence: Evidence) -> Tensor:
        """Logarithms of probabilities before calibration. Shape: → [B, N]."""
        return self.vocabulary.shared(self.chains(evidence))

    def chains(self, evidence: Evidence) -> Tensor:
        """The same before chains that cannot be told apart share what they have."""
        raise NotImplementedError

    def loss(self, evidence: Evidence, chains: Tensor) -> Tensor:
        """-log p of chains, the mean. Shape: chains [B], numbers of chains."""
        return -self.vocabulary.shared_of(self.chains(evidence), chains).mean()


@part("chain_decoder", "pairwise")
class Pairwise(Decoder):
    """Presence of every effect and order of every pair."""

    def __init__(self, vocabulary: Vocabulary, hidden_dims: int) -> None:
        super().__init__(vocabulary, hidden_dims)
        self.presence = nn.Linear(WIDTH, len(vocabulary.names))
        self.order = nn.Linear(WIDTH, len(vocabulary.pairs))

    def chains(self, evidence: Evidence) -> Tensor:
        """See `Decoder`."""
        return self.vocabulary.joint(self.presence(evidence.whole), self.order(evidence.whole))


@part("chain_decoder", "flat")
class Flat(Decoder):
    """A class for every chain."""

    def __init__(self, vocabulary: Vocabulary, hidden_dims: int) -> None:
        super().__init__(vocabulary, hidden_dims)
        self.head = nn.Linear(WIDTH, len(vocabulary.chains))

    def chains(self, evidence: Evidence) -> Tensor:
        """See `Decoder`."""
        return F.log_softmax(self.head(evidence.whole), 1)


@part("chain_decoder", "autoregressive")
class Autoregressive(Decoder):
    """Words one after another, each hearing those before it and all moments of the sound."""

    words: Tensor

    def __init__(self, vocabulary: Vocabulary, hidden_dims: int) -> None:
        super().__init__(vocabulary, hidden_dims)
        size, effects = 2 * hidden_dims, len(vocabulary.names)
        self.end, self.start = effects, effects + 1
        self.embedding = nn.Embedding(effects + 2, size)
        self.places = nn.Parameter(0.02 * torch.randn(vocabulary.longest + 1, size))
        layer = nn.TransformerDecoderLayer(
            size, 4, 2 * size, 0.1, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerDecoder(layer, 2)
        self.head = nn.Linear(size, effects + 1)
        words = torch.full((len(vocabulary.chains), vocabulary.longest + 1), self.end)
        for number, chain in enumerate(vocabulary.chains):
            words[number, : len(chain)] = torch.tensor(chain, dtype=torch.long)
        self.register_buffer("words", words, persistent=False)

    def chains(self, evidence: Evidence) -> Tensor:
        """See `Decoder`: every chain is tried, whose sum is 1 but for what is no chain."""
        found = []
        for moments in evidence.moments:
            heard = moments.expand(len(self.words), -1, -1)
            found.append(self._logs(heard, self.words))
        return F.log_softmax(torch.stack(found), 1)

    def loss(self, evidence: Evidence, chains: Tensor) -> Tensor:
        """See `Decoder`; only the words that are there are tried."""
        return -self._logs(evidence.moments, self.words[chains]).mean()

    def _logs(self, moments: Tensor, words: Tensor) -> Tensor:
        """Log p of words. Shape: [B, F, H], [B, L + 1] → [B]."""
        before = torch.cat((torch.full_like(words[:, :1], self.start), words[:, :-1]), 1)
        size = words.shape[1]
        mask = torch.full((size, size), float("-inf"), device=words.device).triu(1)
        h = self.layers(self.embedding(before) + self.places[:size], moments, tgt_mask=mask)
        logs = F.log_softmax(self.head(h), 2).gather(2, words[..., None])[..., 0]
        counts = torch.cumsum((words == self.end).float(), 1) <= 1.0  # up to the first end
        return (logs * counts).sum(1)
