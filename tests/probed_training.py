"""Train as train_model.py does; every process leaves what it saw in $PROBE_FOLDER/rank_N.pt.

    PROBE_FOLDER=FOLDER python tests/probed_training.py key=value …

weights, average: of the model at the end; windows: those of every training batch, [steps, B, W].
"""

import os
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import train_model  # noqa: E402
from vschaos2.command_line import run  # noqa: E402
from vschaos2.training.step import Training  # noqa: E402

windows: list[torch.Tensor] = []
trained_batch = Training.on_train_batch_end


def remember_windows(self, outputs, batch, index):
    windows.append(batch["waveform"].clone())
    trained_batch(self, outputs, batch, index)


def leave_what_was_seen(self):
    seen = {
        "weights": torch.cat([p.detach().flatten() for p in self.model.parameters()]),
        "average": torch.cat([p.flatten() for p in self.averaged_model().parameters()]),
        "windows": torch.stack(windows),
    }
    torch.save(seen, Path(os.environ["PROBE_FOLDER"]) / f"rank_{self.trainer.global_rank}.pt")


Training.on_train_batch_end = remember_windows
Training.on_fit_end = leave_what_was_seen

if __name__ == "__main__":
    run(train_model.main)
