"""Files that no host can play."""

import zipfile
from pathlib import Path

import numpy as np
import torch


class Faulty(torch.nn.Module):
    """A file that loads, but does not keep the contract: `fault` says in what way."""

    def __init__(self, fault: str, params: list[float]) -> None:
        super().__init__()
        self.fault = fault
        self.register_buffer("forward_params", torch.tensor(params))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """`fault` may be that there are none, or that it throws."""
        if self.fault == "throws at once":
            raise RuntimeError("not today")
        return [] if self.fault == "has none" else ["forward"]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`fault` may be that it throws or returns too much."""
        if self.fault == "throws":
            raise RuntimeError("not in this state")
        return torch.cat((x, x), -1) if self.fault == "is too long" else x


def malformed_files(good: Path, folder: Path) -> list[Path]:
    """Write some fifty files that are no instrument, most of them made from one that is."""
    data = good.read_bytes()
    generator = np.random.default_rng(1)
    contents: dict[str, bytes] = {"empty": b"", "text": b"no zip\n", "zeros": bytes(4096)}
    for number in range(22):
        contents[f"cut{number}"] = data[: int(generator.integers(1, len(data) - 1))]
    for number in range(12):  # the directory of a zip file stands at its end
        broken = bytearray(data)
        for place in generator.integers(len(data) - 3000, len(data), 200):
            broken[place] = generator.integers(256)
        contents[f"flipped{number}"] = bytes(broken)
    for name, content in contents.items():
        (folder / f"{name}.ts").write_bytes(content)
    with zipfile.ZipFile(folder / "zip.ts", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with zipfile.ZipFile(folder / "hollow.ts", "w") as archive:
        archive.writestr("hollow/data.pkl", b"\x80\x02}.")
        archive.writestr("hollow/version", "3\n")
    (folder / "folder.ts").mkdir()
    torch.save({"weights": torch.zeros(3)}, folder / "weights.ts")
    torch.jit.script(torch.nn.Linear(1, 1)).save(str(folder / "linear.ts"))
    shapes: list[list[float]] = [[0, 1, 1, 1], [1, -1, 1, 1], [1, 1, 1e9, 1], [1, 1], [1, 1, 0, 1]]
    faults = [("none", shape) for shape in shapes]
    for fault in ("throws at once", "has none", "throws", "is too long"):
        faults.append((fault, [1, 1, 1, 1]))
    for number, (fault, params) in enumerate(faults):
        torch.jit.script(Faulty(fault, params)).save(str(folder / f"faulty{number}.ts"))
    return sorted(folder.glob("*.ts"))
