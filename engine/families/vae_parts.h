// Encoders and decoders of an instrument: frames to features, and points to frames.
//
// See vschaos2/nets/encoders.py, decoders.py and harmonic.py. Each keeps room for its sums, and
// works out up to kRowsAtOnce frames at a time; a frame's numbers are the same with any others.

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_PARTS_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_PARTS_H_

#include <memory>

#include "base/floats.h"
#include "file/model_file.h"

namespace engine {

constexpr int kRowsAtOnce = 4;

class FrameEncoder {
 public:
  virtual ~FrameEncoder() = default;
  virtual int feature_dim() const = 0;
  // Whether the first feature is the first latent, which is heard and not learnt.
  virtual bool hears_first_latent() const { return false; }
  // Frames in the contrast, and what stands beside them, [rows][stride] → features
  // [rows][feature_stride], whose rows have room behind their end.
  virtual void Features(const float* frames, int stride, int rows, float* features,
                        int feature_stride) = 0;
};

class FrameDecoder {
 public:
  virtual ~FrameDecoder() = default;
  // Points [rows][stride] → raw frames [rows][frame_stride], with room for a Linear's outputs.
  virtual void Frames(const float* points, int stride, int rows, float* frames,
                      int frame_stride) = 0;
};

// Parts that read frames of so many features and so many numbers beside them, for latents of
// `latent_dim`; and points of `inputs` numbers. Of what a decoder says of each frame only the means,
// the first `features` of `outputs`, are played. Throw Refused.
std::unique_ptr<FrameEncoder> ReadEncoder(const ModelFile& file, int features, int beside,
                                          int latent_dim);
std::unique_ptr<FrameDecoder> ReadDecoder(const ModelFile& file, int inputs, int features,
                                          int outputs);

std::unique_ptr<FrameEncoder> ReadDenseEncoder(const ModelFile& file, int inputs, int linear);
std::unique_ptr<FrameDecoder> ReadDenseDecoder(const ModelFile& file, int inputs, int features,
                                               int outputs);
std::unique_ptr<FrameEncoder> ReadConvEncoder(const ModelFile& file, int features, int beside);
std::unique_ptr<FrameDecoder> ReadConvDecoder(const ModelFile& file, int inputs, int features,
                                              int outputs);
std::unique_ptr<FrameEncoder> ReadHarmonicEncoder(const ModelFile& file, int bins, int beside,
                                                  int latent_dim);
std::unique_ptr<FrameDecoder> ReadHarmonicDecoder(const ModelFile& file, int inputs, int bins);

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_PARTS_H_
