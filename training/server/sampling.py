"""How the next token is chosen."""

import torch


class Sampler:
    """Greedy, or by temperature and nucleus (arXiv:1904.09751). On the CPU, so that a seed means the same anywhere."""

    def __init__(self, *, temperature: float, top_p: float, seed: int | None) -> None:
        """``temperature`` 0 is greedy; without a ``seed``, each sampler draws otherwise."""
        self.temperature = temperature
        self.top_p = top_p
        self._generator = torch.Generator()
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed)

    def choose(self, logits: torch.Tensor) -> int:
        """A token's id, by the scores of all tokens, shape (vocabulary,)."""
        if self.temperature == 0:
            return int(logits.argmax())
        scores = logits.double().cpu()
        shares = ((scores - scores.max()) / self.temperature).softmax(dim=0)
        if self.top_p < 1:
            shares = self._nucleus(shares)
        return int(torch.multinomial(shares, 1, generator=self._generator))

    def _nucleus(self, shares: torch.Tensor) -> torch.Tensor:
        """The likeliest tokens that together have ``top_p`` of the probability, at least one; the others' become 0."""
        ordered, order = shares.sort(descending=True, stable=True)
        before = ordered.cumsum(dim=0) - ordered
        kept = torch.where(before < self.top_p, ordered, 0.0)
        return torch.zeros_like(shares).scatter(0, order, kept)
