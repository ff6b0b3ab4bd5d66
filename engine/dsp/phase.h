// Phases of a frame from those of the one before: a spanning tree without a heap.
//
// What is derived in vschaos2/dsp/phase.py, in the same order of operations.

#ifndef VSCHAOS_ENGINE_DSP_PHASE_H_
#define VSCHAOS_ENGINE_DSP_PHASE_H_

#include <vector>

#include "base/floats.h"

namespace engine {

constexpr float kLogFloor = 1e-6f;

// L = ln(S + floor) in nepers.
void LogMagnitude(const float* magnitudes, float* logs, int bins);

// ∂L/∂n of a frame: centred, or backward where the next one is still to come (nullptr).
void TimeDerivative(const float* two_before, const float* before, const float* now,
                    const float* next, float* slope, int bins);

// Phases modulo 2π as float32 has it.
void Wrap(float* phases, int bins);

// (-1)^k times magnitude and phase at the window's centre: a spectrum from the frame's start.
void WithPhase(const float* magnitudes, const float* phases, float* real, float* imaginary,
               int bins);

class PhasePropagation {
 public:
  // `advance`: by which each bin turns in a hop, in radians, [bins].
  void Make(int n_fft, int hop, const float* advance);

  // ψ of this frame from ψ of the one before, in place.
  //
  // before, now: their L; derivative: ∂L/∂n of this frame; noise: a phase for each low bin.
  void operator()(const float* before, const float* now, const float* derivative,
                  const float* noise, float* phase);

  // The phase that each bin gains from the frame before to this one, from their L.
  void TimeStep(const float* before, const float* now, float* step) const;

 private:
  void Scan(const float* before, const float* now);
  void FindRoots(const float* before);

  int bins_ = 0;
  float coupling_ = 0.0f;  // γ/(aM)
  Floats advance_, step_, across_, next_;
  Floats lowest_, highest_, left_, right_;  // of the scan
  std::vector<unsigned char> is_low_, is_root_;
  std::vector<int> roots_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_PHASE_H_
