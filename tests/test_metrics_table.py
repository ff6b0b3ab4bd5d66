"""metrics.csv keeps what was logged, once."""

import torch

from vschaos2.training.metrics_table import MetricsFile


def test_table_drops_the_rows_that_come_again_and_half_a_row(tmp_path):
    table = MetricsFile(tmp_path, 0)
    for step in range(12):
        table.log_metrics({"a": step / 10}, step)
    table.save()
    whole = (tmp_path / "metrics.csv").read_text()
    # "1" of "11" is no step 1, and 10 is not before 9.
    (tmp_path / "metrics.csv").write_text(whole + "0.5,1")
    table = MetricsFile(tmp_path, 9)
    for step in range(9, 12):
        table.log_metrics({"a": step / 10}, step)
    table.save()
    assert (tmp_path / "metrics.csv").read_text() == whole
    assert whole.splitlines()[0] == "a,step"


def test_column_that_is_added_keeps_the_rows_before(tmp_path):
    table = MetricsFile(tmp_path, 0)
    table.log_metrics({"b": 1.0}, 0)
    table.save()
    table.log_metrics({"a": torch.tensor(0.5)}, 1)
    table.save()
    assert (tmp_path / "metrics.csv").read_text().split() == ["a,b,step", ",1.0,0", "0.5,,1"]
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]
