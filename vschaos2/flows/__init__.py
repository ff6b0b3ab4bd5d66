"""Flows over sequences of latents: levels of noise, denoisers, solvers, couplings; no sound."""
