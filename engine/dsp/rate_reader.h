// Sounds that are known before they are heard, read at another rate: vschaos2/dsp/rate_reader.py.

#ifndef VSCHAOS_ENGINE_DSP_RATE_READER_H_
#define VSCHAOS_ENGINE_DSP_RATE_READER_H_

#include "base/floats.h"
#include "nn/linear.h"

namespace engine {

// Stretches of `width` samples, `stride` apart, each into `made` ones.
class RateReader {
 public:
  // The matrix, as the file has it, [width][made].
  void Make(const float* matrix, int width, int made, int stride);

  int width() const { return product_.inputs(); }
  // Samples that are returned where so many are there.
  int Due(int samples) const {
    return samples < width() ? 0 : ((samples - width()) / stride_ + 1) * product_.outputs();
  }
  // How many of them have been read then, and are needed no longer.
  int Read(int samples) const { return Due(samples) / product_.outputs() * stride_; }
  // At least so many are returned for these, but for a sound's first.
  int Least(int samples) const { return samples / stride_ * product_.outputs(); }

  // All that are due of these [count], with room behind their end.
  void operator()(const float* samples, int count, float* out) const;

 private:
  static constexpr int kRows = 4;

  int stride_ = 1;
  Linear product_;
  mutable Rows made_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_RATE_READER_H_
