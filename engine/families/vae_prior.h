// How an instrument's latents move by themselves: see vschaos2/families/vae/prior.py, prior_stream.py.
//
//     temperature ─> a step drawn from what the steps before let expect ─> latents of a frame

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_PRIOR_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_PRIOR_H_

#include <cstdint>

#include "base/floats.h"
#include "file/model_file.h"
#include "nn/linear.h"

namespace engine {

// What is learnt, the same for all voices, and room for one step.
struct PriorModel {
  // Does nothing for a file without a prior.
  void Read(const ModelFile& file, int latent_dim);
  bool is_there() const { return dims > 0; }

  int dims = 0, hidden = 0, components = 0, every = 1, latent_dim = 0, places = 0, quantiles = 0;
  float spread = 1.0f, wander = 1.0f, near = 1.0f, lean = 0.0f;
  Linear given, remembered, head;  // of the gated unit, three gates each; of the mixture
  Floats centre, from_basis, lowest, highest, first, drawn, recorded, place, half_square;
  Floats normal_a, normal_b, uniform_a, uniform_b;
};

// One voice's performance.
class PriorStream {
 public:
  void Make(const PriorModel* model);
  void Forget();
  void set_seed(std::int64_t seed) { seed_ = seed; }

  // The latents of the next frame, at a temperature of 0 or more.
  void Next(float temperature, float* latents);

 private:
  void Step(float temperature, float uniform, std::int64_t a, std::int64_t b);
  float Distributed(int axis, float x) const;

  const PriorModel* model_ = nullptr;
  std::int64_t seed_ = 0, frame_ = 0;
  int phase_ = 0;  // frames since the last step
  float choice_ = 0.0f;
  Floats before_, position_, memory_;
  Floats from_given_, from_memory_, heard_, said_, point_, closeness_;  // of a step
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_PRIOR_H_
