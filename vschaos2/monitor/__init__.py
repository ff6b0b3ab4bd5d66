"""What a training sounds and looks like while it runs: reports, their cost, and where they go.

    averaged weights ──show──> sounds, numbers, figures ──store──> samples/, TensorBoard

`watching` is the callback that asks for reports, `budget` says when there may be one, and a family
says in its `show` what there is to see. `pictures`, `spectrogram` and `excerpts` help it.
"""
