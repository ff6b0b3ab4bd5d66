// A trained VAE of dense layers: latents of magnitudes, magnitudes of latents.
//
// See vschaos2/families/vae/vae.py and nets/encoders.py, nets/decoders.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_MODEL_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_MODEL_H_

#include <string>
#include <vector>

#include "base/floats.h"
#include "file/model_file.h"
#include "nn/layers.h"
#include "nn/linear.h"

namespace engine {

class VaeModel {
 public:
  static constexpr int kRows = 4;  // frames at a time, at most

  explicit VaeModel(const ModelFile& file);

  int latent_dim() const { return latent_dim_; }
  bool has_coherence() const { return has_coherence_; }

  // Magnitudes [rows][stride] → posterior means [rows][Z], and deviations if `deviations` is one.
  void Encode(const float* magnitudes, int stride, int rows, float* means, float* deviations);
  // Latents [rows][Z] → magnitudes [rows][stride]; the stride holds bins rounded up to 128.
  void Decode(const float* latents, int rows, float* magnitudes, int stride);
  // Latents [rows][Z] → coherence [rows][stride].
  void Coherence(const float* latents, int rows, float* coherence, int stride);

 private:
  enum class Contrast { kLog1p, kLog, kLinear };

  // x + W₂ · SiLU(W₁ · LayerNorm(x)).
  struct Block {
    LayerNorm norm;
    Linear first, second;
  };

  std::vector<Block> Blocks(const ModelFile& file, const std::string& name, int count, int width);
  void ReadEncoder(const ModelFile& file);
  void ReadDecoder(const ModelFile& file);
  void Residual(const std::vector<Block>& blocks, int width, int rows);
  void Compress(float* row) const;
  void Expand(float* row) const;

  int bins_, features_, latent_dim_;
  Contrast contrast_;
  float scale_;
  bool is_normal_, has_coherence_ = false;

  Linear mel_, inverse_mel_;  // where there are bands
  int encoder_width_, decoder_width_;
  bool encoder_is_linear_, decoder_is_linear_;  // a linear map beside the layers
  Linear encoder_first_, encoder_head_, decoder_first_, decoder_last_;
  std::vector<Block> encoder_blocks_, decoder_blocks_;
  LayerNorm encoder_norm_, decoder_norm_;
  bool is_bounded_;
  Floats ceiling_, gain_;
  float greatest_;  // norm of a frame
  Linear coherence_first_, coherence_last_;
  int bins_together_ = 1;

  int stride_;
  Floats given_, stream_, inner_, outer_;  // [kRows][stride_] each
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_MODEL_H_
