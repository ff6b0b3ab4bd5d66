"""What a check of a training shows of it."""

import logging

import numpy as np
import pytest
import soundfile
from hydra import compose, initialize_config_dir
from test_overrides import CONFIGS, QUICK

from vschaos2.families.train import train


@pytest.mark.parametrize("asked", [True, False])
def test_check_shows_the_architecture_and_the_shapes_and_labels_of_a_batch(asked, tmp_path, caplog):
    sounds, rundir = tmp_path / "sounds", tmp_path / "runs"
    for task in ("pitch", "octave"):
        (sounds / "metadata" / task).mkdir(parents=True)
        (sounds / "metadata" / task / "metadata.txt").write_text("0.wav\t3\n2.wav\t3\n")
    classes = [
        f"{i}\t{name}\n"
        for i, name in enumerate(["A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#"])
    ]
    (sounds / "metadata" / "pitch" / "classes.txt").write_text("".join(classes))
    rng = np.random.default_rng(0)
    for i in range(3):
        soundfile.write(sounds / f"{i}.wav", 0.1 * rng.standard_normal(800), 44_100)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        words = [*QUICK, f"data.dataset.root={sounds}", f"rundir={rundir}", "data.sequence=3"]
        ends = ["check=true"] if asked else ["check=false", "+trainer.max_steps=1"]
        config = compose("dgt_pitch_prediction", [*words, *ends, "data.loader.batch_size=64"])
    with caplog.at_level(logging.INFO):
        train(config)
    lines = [" ".join(line.split()) for line in caplog.text.splitlines()]
    assert ("architecture" in " ".join(lines)) == asked
    if not asked:
        return
    assert "encoder.body.0 WideLinear 520 [129, 4] [4]" in lines  # 129 bins, 4 units
    assert any(line.startswith("all VAE ") for line in lines)
    shapes = {line.split(" [")[0]: line for line in lines if " [" in line}
    assert shapes["waveform"].split("]")[0].endswith(", 256")
    assert shapes["frames"].split("]")[0].endswith(", 129")
    assert shapes["latents"].split("]")[0].endswith(", 16")
    assert {"C", "unknown"} >= set(shapes["pitch"].split("] ")[1].split())
    assert {"3", "unknown"} >= set(shapes["octave"].split("] ")[1].split())
