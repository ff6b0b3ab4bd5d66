// What draws hits: a flow from noise to the components of whole hits, and these into latents.
//
// See vschaos2/families/foley/hit_model.py and flows/vector_flow.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_HIT_MODEL_H_
#define VSCHAOS_ENGINE_FAMILIES_HIT_MODEL_H_

#include <cstdint>
#include <vector>

#include "base/floats.h"
#include "base/random.h"
#include "file/model_file.h"
#include "nn/linear.h"

namespace engine {

// What is told at a trigger, and set.
struct HitTold {
  float velocity = 1.0f;
  std::vector<int> classes;  // a number that is none of a label's means any
  Floats axes;               // [components], zeros behind those that a player moves
  float variation = 1.0f;
  std::int64_t seed = 0;
  bool is_free = false;  // drawn by chance
};

class HitModel {
 public:
  // For hits of so many frames and latents; throws Refused.
  HitModel(const ModelFile& file, int frames, int latent_dim);

  int components() const { return components_; }
  int labels() const { return static_cast<int>(classes_.size()); }

  // The hit of a number, as it is told: latents [frames][latent_dim] with room for a Linear's, and
  // what its sound is multiplied with.
  float Draw(const HitTold& told, std::int64_t number, float* latents);

 private:
  static constexpr int kLayers = 4;

  void FindNoise(const HitTold& told, std::int64_t number);
  void Slope(const float* x, float level, float* slope);
  void Flow();

  int components_, dims_, size_;  // numbers of a hit: components, and one of its level
  std::vector<int> classes_;      // of each label
  int told_dims_ = 1;
  Linear flow_[kLayers], basis_;
  Floats weights_, deviation_, level_, normal_a_, normal_b_;
  Random random_;
  Floats x_, other_, slope_, next_slope_, heard_, inner_, outer_, weighted_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_HIT_MODEL_H_
