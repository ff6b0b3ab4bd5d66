"""Several processes, sweeps, other precisions: what they promise, on two processes of a CPU."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
import yaml
from forked import run_forked
from hydra import compose, initialize_config_dir
from hydra.types import RunMode
from pytorch_lightning.plugins.precision import MixedPrecision
from resumed_trainings import TWO_STEPS

from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.train import train
from vschaos2.training import processes, sweep
from vschaos2.training.objective import Objective
from vschaos2.training.step import Training

ROOT = Path(__file__).resolve().parent.parent
QUICK = (
    *("data.loader.batches_per_epoch=4", "data.loader.batch_size=32", "trainer.max_epochs=1"),
    *("trainer.accelerator=cpu", "trainer.log_every_n_steps=2"),
)
DENSE = ("model.encoder.hidden_dim=16", "model.decoder.hidden_dim=16")
TWO = ("trainer.devices=2", "trainer.strategy=ddp")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


def start(*command: str | Path, **environment: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **{k: str(v) for k, v in environment.items()}},
    )


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    try:
        output, errors = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    return output, errors


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six noises of a third of a second; one in three has its labels, so most batches have few."""
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(0)
    for i in range(6):
        soundfile.write(folder / f"{i}.wav", 0.1 * rng.standard_normal(15_000), 44_100)
    for task in ("pitch", "octave"):
        (folder / "metadata" / task).mkdir(parents=True)
        (folder / "metadata" / task / "metadata.txt").write_text("0.wav\t1\n3.wav\t2\n")
    return folder


def arguments(recordings: Path, rundir: Path, name: str = "both") -> list[str]:
    return [f"data.dataset.root={recordings}", f"rundir={rundir}", f"name={name}", *QUICK]


@pytest.mark.slow
def test_two_processes_share_one_model_and_draw_windows_of_their_own(recordings, tmp_path):
    rundir = tmp_path / "runs"
    words = [*("--config-name", "dgt_pitch_prediction"), *arguments(recordings, rundir)]
    words += [*TWO, *DENSE, "data.loader.validation_windows=65"]  # 33 and 32: two batches, and one
    program = ROOT / "tests" / "probed_training.py"
    done = run_forked(program, words, ROOT, PROBE_FOLDER=tmp_path)
    output, errors = done.stdout, done.stderr
    assert done.returncode == 0, errors
    assert output.count("trained:") == 1
    assert "recommended" not in errors, errors
    first, second = (torch.load(tmp_path / f"rank_{rank}.pt") for rank in (0, 1))
    assert torch.equal(first["weights"], second["weights"])
    assert torch.equal(first["average"], second["average"])
    assert first["windows"].shape == second["windows"].shape
    assert first["windows"].shape[:2] == (4, 16)  # each process takes half of a batch
    together = torch.cat([first["windows"], second["windows"]]).flatten(0, 1)
    assert len(together.unique(dim=0)) > 0.9 * len(together)
    assert [path.name for path in (rundir / "both").iterdir()] == ["version_0"]
    model = load_run(rundir / "both").model
    stored = torch.cat([p.flatten() for p in model.parameters()])
    assert torch.equal(stored, first["average"])
    assert len((rundir / "both/version_0/metrics.csv").read_text().splitlines()) > 1


@pytest.mark.slow
@pytest.mark.parametrize("started_by", ["NODE_RANK", "torchrun"])
def test_processes_that_are_started_elsewhere_leave_one_run(recordings, tmp_path, started_by):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = [ROOT / "train_model.py", *arguments(recordings, tmp_path), *DENSE]
    told.append("trainer.strategy=ddp")
    if started_by == "torchrun":
        run = ["-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={port}"]
        outputs = [finish(start(*run, *told, "trainer.devices=2"))[0]]
    else:
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        nodes = [start(*told, "trainer.num_nodes=2", NODE_RANK=str(n), **place) for n in (0, 1)]
        outputs = [finish(node)[0] for node in nodes]
    assert "".join(outputs).count("trained:") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["both"]
    assert [path.name for path in (tmp_path / "both").iterdir()] == ["version_0"]
    assert load_run(tmp_path / "both").summary["step"] == 4
    exported = run_forked(ROOT / "script.py", [str(tmp_path / "both"), "-n", "file"], tmp_path)
    assert exported.returncode == 0, exported.stderr


@pytest.mark.parametrize("variable", processes.RANK_VARIABLES)
def test_only_a_process_numbered_zero_everywhere_is_the_first(variable, monkeypatch):
    for name in processes.RANK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert processes.is_first_process()
    monkeypatch.setenv(variable, "0")
    assert processes.is_first_process()
    monkeypatch.setenv(variable, "1")
    assert not processes.is_first_process()


@pytest.mark.slow
def test_sweep_trains_each_configuration_into_a_version_of_its_own(recordings, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    words = ["-m", "model=dense,conv", *arguments(recordings, tmp_path / "runs"), *TWO_STEPS]
    process = run_forked(ROOT / "train_model.py", words, here)
    assert process.returncode == 0, process.stderr
    told = process.stdout.splitlines()
    assert len(told) == 2 and all(line.startswith("trained: ") for line in told)
    assert list(here.iterdir()) == []
    runs = [load_run(tmp_path / "runs" / "both", version) for version in (0, 1)]
    assert [type(run.model.encoder).__name__ for run in runs] == ["DenseEncoder", "ConvEncoder"]
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"both", ".sweeps"}
    (told,) = (tmp_path / "runs" / ".sweeps").glob("*/multirun.yaml")
    assert "model=dense,conv" in yaml.safe_load(told.read_text())["hydra"]["overrides"]["task"]


def test_job_of_a_sweep_has_a_command_line_of_its_own_and_leaves_no_trace(monkeypatch):
    job = SimpleNamespace(
        mode=RunMode.MULTIRUN,
        job=SimpleNamespace(config_name="dgt_live"),
        overrides=SimpleNamespace(task=["name=a", "model.latent_dim=8"]),
    )
    monkeypatch.setattr(sweep.HydraConfig, "get", lambda: job)
    monkeypatch.setattr(sys, "argv", ["train_model.py", "-m", "name=a", "model.latent_dim=4,8"])
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(InputError), sweep.job_of_sweep():
        assert sys.argv[1:] == ["--config-name", "dgt_live", "name=a", "model.latent_dim=8"]
        os.environ["LOCAL_RANK"] = "0"  # as a training of two processes leaves it
        raise InputError("a mistake")
    assert sys.argv[1:] == ["-m", "name=a", "model.latent_dim=4,8"]
    assert "LOCAL_RANK" not in os.environ
    job.mode = RunMode.RUN
    with sweep.job_of_sweep():
        assert sys.argv[1] == "-m"


def composed(recordings: Path, rundir: Path, *overrides: str):
    with initialize_config_dir(str(ROOT / "vschaos2" / "configs"), version_base="1.3"):
        told = [*arguments(recordings, rundir), *DENSE, *TWO_STEPS, *overrides]
        return compose("dgt_mid", overrides=told)


def test_sweep_file_is_a_sweep_over_keys_that_exist(recordings, tmp_path):
    with initialize_config_dir(str(ROOT / "vschaos2" / "configs"), version_base="1.3"):
        plain = compose("dgt_mid")
        chosen = compose("dgt_mid", overrides=["sweep=models"], return_hydra_config=True)
    assert chosen.hydra.mode == RunMode.MULTIRUN
    params = chosen.hydra.sweeper.params
    assert params["model"] == "dense,conv"
    assert all(key.split(".")[0] in plain for key in params)


def test_cluster_without_its_launcher_is_told_in_one_line(recordings, tmp_path):
    words = ["cluster=slurm", *arguments(recordings, tmp_path)]
    process = run_forked(ROOT / "train_model.py", words, ROOT)
    if process.returncode == 0:
        pytest.skip("hydra-submitit-launcher is installed here")
    assert process.returncode == 2
    (line,) = process.stderr.strip().splitlines()
    assert "pip install hydra-submitit-launcher" in line


@pytest.mark.parametrize("precision", ["16-mixed", "16-true", "16"])
def test_float16_without_a_gpu_is_refused_before_anything_is_written(
    precision, recordings, tmp_path
):
    config = composed(recordings, tmp_path / "runs", f"trainer.precision={precision}")
    with pytest.raises(InputError, match=f"trainer.precision={precision} needs a GPU"):
        train(config)
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_gpu_that_is_not_there_is_told(recordings, tmp_path):
    config = composed(recordings, tmp_path, "trainer.accelerator=gpu")
    with pytest.raises(InputError, match="gpu"):
        train(config)
    assert list(tmp_path.rglob("version_*")) == []


def test_bfloat16_trains_on_the_cpu_and_keeps_float32_weights(recordings, tmp_path):
    run = load_run(train(composed(recordings, tmp_path, "trainer.precision=bf16-mixed")))
    assert {p.dtype for p in run.model.parameters()} == {torch.float32}
    assert all(np.isfinite(value) for value in run.summary.values())


def test_gradients_of_mixed_precision_can_be_clipped(tiny_model):
    # Lightning refuses to clip where the optimiser undoes the scaling by itself.
    step = Training(tiny_model, Objective(tiny_model))
    for precision, fused in (("16-mixed", False), ("bf16-mixed", False), ("32-true", True)):
        step._trainer = SimpleNamespace(precision=precision)
        (optimiser,) = [step.configure_optimizers()]
        assert optimiser.defaults["fused"] is fused
        plugin = MixedPrecision("16-mixed", "cuda", scaler=SimpleNamespace())
        if fused:
            with pytest.raises(RuntimeError, match="does not allow for gradient clipping"):
                plugin.clip_gradients(optimiser, 1.0)
        else:
            plugin.clip_gradients(optimiser, 0.0)


@needs_gpu
@pytest.mark.parametrize("precision", ["16-mixed", "bf16-mixed"])
def test_mixed_precision_trains_on_a_gpu(precision, recordings, tmp_path):
    overrides = ("trainer.accelerator=gpu", f"trainer.precision={precision}")
    run = load_run(train(composed(recordings, tmp_path, *overrides)))
    assert all(torch.isfinite(p).all() for p in run.model.parameters())
