// A trained VAE of dense layers: latents of magnitudes, magnitudes of latents.
//
// See vschaos2/families/vae/vae.py and nets/encoders.py, nets/decoders.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_MODEL_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_MODEL_H_

#include <string>
#include <vector>

#include "base/floats.h"
#include "families/vae_memory.h"
#include "file/model_file.h"
#include "nn/layers.h"
#include "nn/linear.h"

namespace engine {

class VaeModel {
 public:
  static constexpr int kRows = 4;  // frames at a time, at most

  // So many numbers stand beside every frame, and beside every latent point.
  VaeModel(const ModelFile& file, int beside_frames, int beside_latents);

  int bins() const { return bins_; }
  int latent_dim() const { return latent_dim_; }
  int point_dim() const { return point_dim_; }  // a latent and what stands beside it
  int feature_dim() const { return encoder_width_ + (encoder_is_linear_ ? latent_dim_ : 0); }
  bool has_coherence() const { return has_coherence_; }

  // Magnitudes [rows][stride] and what stands beside them [rows][beside_frames] → posterior means,
  // the first numbers of points [rows][point_dim], and deviations [rows][Z] if there is room.
  void Encode(const float* magnitudes, int stride, const float* beside, int rows, float* points,
              float* deviations);
  // The features of a row that was encoded last [feature_dim]; good until anything else is asked.
  const float* Features(int row) const { return inner_.data() + std::size_t(row) * stride_; }
  // Points [rows][point_dim] → magnitudes [rows][stride]; the stride holds bins rounded up to 128.
  void Decode(const float* points, int rows, VaeMemory::Past* past, float* magnitudes, int stride);
  // Points [rows][point_dim] → coherence [rows][stride].
  void Coherence(const float* points, int rows, float* coherence, int stride);

  VaeMemory::Past Begun() const { return memory_.Begun(); }
  void Forget(VaeMemory::Past* past) const { memory_.Forget(past); }

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

  int bins_, features_, latent_dim_, beside_frames_, point_dim_;
  Contrast contrast_;
  float scale_;
  bool is_normal_, has_coherence_ = false;

  VaeMemory memory_;
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
  Floats given_, stream_, inner_, outer_, told_;  // [kRows][stride_] each
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_MODEL_H_
