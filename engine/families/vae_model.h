// A trained VAE: latents of magnitudes, magnitudes of latents. See vschaos2/families/vae/vae.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_MODEL_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_MODEL_H_

#include <memory>

#include "base/floats.h"
#include "families/vae_memory.h"
#include "families/vae_parts.h"
#include "file/model_file.h"
#include "nn/layers.h"
#include "nn/linear.h"

namespace engine {

class VaeModel {
 public:
  static constexpr int kRows = kRowsAtOnce;  // frames at a time, at most

  // So many numbers stand beside every frame, and beside every latent point. One that does not
  // hear has no encoder, and is asked for nothing that needs one.
  VaeModel(const ModelFile& file, int beside_frames, int beside_latents, bool hears = true);

  int bins() const { return bins_; }
  int latent_dim() const { return latent_dim_; }
  int point_dim() const { return point_dim_; }  // a latent and what stands beside it
  int feature_dim() const { return encoder_->feature_dim(); }
  bool has_coherence() const { return has_coherence_; }

  // Magnitudes [rows][stride] and what stands beside them [rows][beside_frames] → posterior means,
  // the first numbers of points [rows][point_dim], and deviations [rows][Z] if there is room.
  void Encode(const float* magnitudes, int stride, const float* beside, int rows, float* points,
              float* deviations);
  // The features of a row that was encoded last [feature_dim]; good until anything else is asked.
  const float* Features(int row) const { return inner_[row]; }
  // Points [rows][point_dim] → magnitudes [rows][stride]; the stride holds bins rounded up to 128.
  void Decode(const float* points, int rows, VaeMemory::Past* past, float* magnitudes, int stride);
  // Points [rows][point_dim] → coherence [rows][stride].
  void Coherence(const float* points, int rows, float* coherence, int stride);

  VaeMemory::Past Begun() const { return memory_.Begun(); }
  void Forget(VaeMemory::Past* past) const { memory_.Forget(past); }

 private:
  enum class Contrast { kLog1p, kLog, kLinear };

  void ReadBounds(const ModelFile& file);
  void Compress(float* row) const;
  void Expand(float* row) const;

  int bins_, features_, latent_dim_, beside_frames_, point_dim_;
  Contrast contrast_;
  float scale_;
  bool is_normal_, has_coherence_ = false;

  VaeMemory memory_;
  Linear mel_, inverse_mel_;  // where there are bands
  std::unique_ptr<FrameEncoder> encoder_;
  Linear head_;
  std::unique_ptr<FrameDecoder> decoder_;
  bool is_bounded_;
  Floats ceiling_, gain_;
  float greatest_;  // norm of a frame
  Linear coherence_first_, coherence_last_;
  int bins_together_ = 1;

  Rows given_, inner_, outer_, told_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_MODEL_H_
