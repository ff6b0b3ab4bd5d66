// From one instrument to another: see vschaos2/families/bridge/bridge_core.py and bridge_model.py.
//
//     latents ──standardised──> the shortest way of Gaussians, and what a translator adds ──> latents
//                         └───> up a flow to noise, and down another's ─────────────────> latents

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_BRIDGE_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_BRIDGE_H_

#include <memory>
#include <string>
#include <vector>

#include "families/vae_noise_way.h"
#include "file/model_file.h"
#include "nn/linear.h"

namespace engine {

class Bridge {
 public:
  // What one method of one voice has gone over.
  struct Past {
    Floats heard;  // the last frames that the translator reads
    NoiseWay::Past noise;
    double amount = 1.0;  // reached so far
  };

  // A file that has no bridge needs nothing. Throws Refused.
  void Read(const ModelFile& file, int latent_dim, int bins);

  bool is_there() const { return instruments_ > 0; }
  int instruments() const { return instruments_; }
  // False: it has no such control.
  bool Set(const std::string& control, double value);

  Past Begun() const;
  void Forget(Past* past) const;

  // What the model hears of magnitudes, in place.
  void Transpose(float* magnitudes);
  // A latent of the source as the target's.
  void Go(const float* latent, Past* past, float* made);
  // By how much the next frame is carried over, which moves to what is set.
  float NextAmount(Past* past) const;
  // Magnitudes as loud as what was heard, of a frame that is carried over by so much.
  void Level(const float* given, float amount, int bins, float* magnitudes) const;

 private:
  void Translate(const float* x, Past* past, float* added);
  void SetTranspose(double semitones);

  int instruments_ = 0, latent_dim_ = 0, bins_ = 0, context_ = 0;
  int source_ = 0, target_ = 0;
  double amount_ = 1.0, dynamics_ = 1.0;
  bool is_transposed_ = false;
  Floats mean_, deviation_, centres_, affine_;
  Linear input_, hidden_, output_;  // of a translator, if there is one
  Floats direction_;
  std::unique_ptr<NoiseWay> noise_;
  std::vector<int> lower_;
  Floats part_, inside_, moved_;  // of a transposition
  Floats x_, inner_, outer_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_BRIDGE_H_
