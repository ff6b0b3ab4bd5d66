// Blocks of samples to frames of coefficients, and back: see vschaos2/dsp/streaming.py.

#ifndef VSCHAOS_ENGINE_DSP_GABOR_H_
#define VSCHAOS_ENGINE_DSP_GABOR_H_

#include "base/floats.h"
#include "base/vectors.h"
#include "dsp/fourier.h"

namespace engine {

constexpr float kInputLimit = 1e4f;  // 80 dB above full scale: louder input is a fault of the host

// The newest samples of a stream. What is no number counts as silence.
class RecentSound {
 public:
  // `size` samples before the newest hop are kept.
  void Make(int size, int hop) {
    size_ = size;
    hop_ = hop;
    samples_.Make(std::size_t(size) + hop);
  }
  void Forget() { samples_.Zero(); }
  // size + hop samples that end with these.
  const float* Next(const float* block) {
    samples_.Shift(hop_);
    float* const newest = samples_.data() + size_;
    for (int i = 0; i < hop_; ++i) {
      const float x = block[i];
      newest[i] = std::isfinite(x) ? std::fmin(std::fmax(x, -kInputLimit), kInputLimit) : 0.0f;
    }
    return samples_.data();
  }

 private:
  int size_ = 0, hop_ = 0;
  Floats samples_;
};

// Frames overlap-added: one hop of finished samples for each.
class OverlapAdd {
 public:
  void Make(int frame, int hop) {
    frame_ = frame;
    hop_ = hop;
    tail_.Make(frame);
  }
  void Forget() { tail_.Zero(); }
  // A frame under a window is added; then a hop leaves, to `out` if there is one.
  void Add(const float* frame, const float* window) {
    float* const tail = tail_.data();
    for (int i = 0; i < frame_; ++i) tail[i] += frame[i] * window[i];
  }
  void Leave(float* out) {
    if (out) std::memcpy(out, tail_.data(), hop_ * sizeof(float));
    tail_.Shift(hop_);
  }
  const float* tail() const { return tail_.data(); }

 private:
  int frame_ = 0, hop_ = 0;
  Floats tail_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_GABOR_H_
