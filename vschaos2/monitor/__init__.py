"""What a training sounds and looks like while it runs: reports, their cost, and where they go.

    weights ──rendering──> sounds and numbers ──pictures──> figures ──store──> samples/, TensorBoard

`training/monitoring.py` decides when; nothing here knows of a trainer.
"""
