// Spectra whose frames agree on the samples they share: `refine` of vschaos2/dsp/phase.py.

#ifndef VSCHAOS_ENGINE_DSP_REFINEMENT_H_
#define VSCHAOS_ENGINE_DSP_REFINEMENT_H_

#include "base/floats.h"
#include "dsp/fourier.h"

namespace engine {

// Griffin and Lim's steps, accelerated.
class Refinement {
 public:
  // For so many frames at most. The window [n_fft] and the transform must outlive it.
  void Make(int n_fft, int hop, int most_frames, const float* window, Fourier* fourier);

  // Steps on frames of these magnitudes. `windows`: of analysis, a row for each frame; `past`: what
  // finished frames leave to the samples that these share with them, [n_fft - hop]. The phases of
  // the last frame go to `phase`.
  void operator()(int frames, int steps, const Rows& windows, const float* past,
                  const Rows& magnitudes, Rows* real, Rows* imaginary, float* phase);

 private:
  int n_fft_ = 0, hop_ = 0, bins_ = 0;
  const float* window_ = nullptr;
  Fourier* fourier_ = nullptr;
  Rows before_real_, before_imaginary_;  // analyses of the last step
  Floats signal_, frame_, analysis_real_, analysis_imaginary_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_REFINEMENT_H_
