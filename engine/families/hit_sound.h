// Latents of hits into samples, a part at a time: see vschaos2/families/foley/hit_sound.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_HIT_SOUND_H_
#define VSCHAOS_ENGINE_FAMILIES_HIT_SOUND_H_

#include <memory>
#include <vector>

#include "dsp/fourier.h"
#include "dsp/phase.h"
#include "dsp/refinement.h"
#include "families/vae_model.h"

namespace engine {

class HitSound {
 public:
  // What is carried from one part of a hit to the next.
  struct State {
    float loudest = 0.0f;  // power of a frame
    Rows logs;             // of the last two frames
    Floats phase;
    Floats past, tail;  // of samples to come: under the window, and as they are heard
  };

  // Throws Refused.
  explicit HitSound(const ModelFile& file);

  int latent_dim() const { return model_.latent_dim(); }
  int frames() const { return frames_; }  // of a hit
  int parts() const { return parts_; }    // that it has
  int part_frames() const { return part_frames_; }
  int part_samples() const { return part_frames_ * hop_; }
  int delay_samples() const { return n_fft_ / 2; }  // before a hit's first, in its first part

  State Begun() const;
  void Forget(State* state) const;  // before a first part

  // The samples of a part, from the latents of its frames [part_frames][latent_dim], to
  // out [part_samples]. Whether the hit has ended.
  bool Render(int part, const float* latents, State* state, float* out);

 private:
  bool Gate(State* state);
  void FindPhases(bool is_first, float* phase);
  void Sound(State* state, const float* envelope, float* out);

  VaeModel model_;
  int n_fft_, hop_, bins_, frames_, parts_, part_frames_;
  std::unique_ptr<Fourier> fourier_;
  PhasePropagation propagate_;
  Refinement refine_;
  Floats window_, short_window_, noise_;
  Rows windows_, envelopes_;
  Rows magnitudes_, logs_, real_, imaginary_;
  Floats derivative_, step_, frame_, heard_, signal_;
  std::vector<double> power_, turned_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_HIT_SOUND_H_
