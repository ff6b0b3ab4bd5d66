"""Files that load and keep the contract of nn~, and then do what no instrument should."""

import os
from pathlib import Path

import torch
from torch import Tensor

FIFTH = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 5  # of the memory, in bytes


class Hostile(torch.nn.Module):
    """What comes in goes out, unless `deed` says otherwise; most deeds wait for the first sound."""

    def __init__(self, deed: str) -> None:
        super().__init__()
        self.deed = deed
        self.calls = 0
        self.fifth = FIFTH
        self.register_buffer("forward_params", torch.ones(4))
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.kept = torch.jit.Attribute([], list[Tensor])

    @torch.jit.export
    def get_methods(self) -> list[str]:
        while self.deed == "hangs at once":
            self.calls += 1
        return ["forward"] * (1_000_000 if self.deed == "names a million" else 1)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if float(x.abs().max()) == 0.0:
            return x
        while self.deed == "hangs":
            self.calls += 1
        if self.deed == "throws" or (self.deed == "throws by turns" and self.calls % 2 == 0):
            raise RuntimeError("call \x1b[31m" + str(self.calls))
        if self.deed == "prints":
            print(x)  # noqa: T201
        if self.deed == "is nan":
            return x * float("nan")
        if self.deed == "is a scalar":
            return torch.zeros([])
        if self.deed == "is a thousand":
            return x.expand([1000, 1, x.shape[2]])
        if self.deed == "is sparse":
            return x.to_sparse()
        if self.deed == "is double":
            return x.double()
        if self.deed == "takes 100 TB":
            return torch.ones(25_000_000_000_000)[: x.shape[2]].reshape(x.shape)
        if self.deed == "borrows memory" or self.deed == "keeps memory":
            unused = torch.empty([self.fifth], dtype=torch.uint8)
            if self.deed == "keeps memory":
                self.kept.append(unused)
        return x


def hostile_file(folder: Path, deed: str) -> Path:
    """The path of a file that does `deed`."""
    path = folder / f"{deed.replace(' ', '_')}.ts"
    torch.jit.script(Hostile(deed)).save(str(path))
    return path
