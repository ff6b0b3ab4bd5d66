// Up to noise as one instrument, down again as another: see vschaos2/flows/noise_bridge.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_NOISE_WAY_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_NOISE_WAY_H_

#include <vector>

#include "file/model_file.h"
#include "nn/dilated.h"

namespace engine {

class NoiseWay {
 public:
  using Past = std::vector<Dilated::Past>;  // of each layer, of each time that the net is asked

  // Throws Refused.
  NoiseWay(const ModelFile& file, const Json& settings, int latent_dim, int instruments);

  Past Begun() const;
  // A frame of standardised latents, in place.
  void operator()(int source, int target, float* x, Past* past);

 private:
  // One time that the net is asked: what it hears, and what of place and answer is the slope.
  struct Stage {
    float heard, kept, said;
    bool is_guided;
    int first_past;
  };

  const float* Ask(int stage, int instrument, const float* x, Dilated::Past* past);
  void Slope(int stage, int source, int target, const float* x, Past* past, float* slope);

  int latent_dim_, instruments_, width_, steps_;
  float guidance_;
  std::vector<float> levels_;
  std::vector<Stage> stages_;
  std::vector<Dilated> taps_;
  std::vector<Linear> outputs_;
  Linear input_, output_;
  Floats told_;
  Rows inner_, gated_, spread_;
  Floats heard_, said_, other_, slope_, there_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_NOISE_WAY_H_
