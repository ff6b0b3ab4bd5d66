#include "dsp/refinement.h"

#include <cmath>

#include "base/vectors.h"

namespace engine {

namespace {

constexpr float kMomentum = 0.9f;

}  // namespace

void Refinement::Make(int n_fft, int hop, int most_frames, const float* window, Fourier* fourier) {
  n_fft_ = n_fft;
  hop_ = hop;
  bins_ = n_fft / 2 + 1;
  window_ = window;
  fourier_ = fourier;
  before_real_.Make(most_frames, bins_);
  before_imaginary_.Make(most_frames, bins_);
  analysis_real_.Make(bins_);
  analysis_imaginary_.Make(bins_);
  frame_.Make(n_fft);
  signal_.Make(n_fft + std::size_t(most_frames) * hop);
}

void Refinement::operator()(int frames, int steps, const Rows& windows, const float* past,
                            const Rows& magnitudes, Rows* real, Rows* imaginary, float* phase) {
  for (int step = 0; step < steps; ++step) {
    signal_.Zero();
    for (int f = frames - 1; f >= 0; --f) {
      fourier_->Inverse((*real)[f], (*imaginary)[f], frame_.data());
      float* const to = signal_.data() + std::size_t(f) * hop_;
      const float* const frame = frame_.data();
      ForEach(n_fft_, [&](int i) {
        Store(to + i, Load(to + i) + Load(frame + i) * Load(window_ + i));
      });
    }
    for (int i = 0; i < n_fft_ - hop_; ++i) signal_[i] += past[i];
    for (int f = 0; f < frames; ++f) {
      const float *from = signal_.data() + std::size_t(f) * hop_, *window = windows[f];
      float* const frame = frame_.data();
      ForEach(n_fft_, [&](int i) { Store(frame + i, Load(from + i) * Load(window + i)); });
      fourier_->Forward(frame, analysis_real_.data(), analysis_imaginary_.data());
      ForEach(bins_, [&](int k) {
        const Vector r = Load(analysis_real_.data() + k), i = Load(analysis_imaginary_.data() + k);
        Vector to_r = r, to_i = i;
        if (step > 0) {
          to_r = r + kMomentum * (r - Load(before_real_[f] + k));
          to_i = i + kMomentum * (i - Load(before_imaginary_[f] + k));
        }
        Store(before_real_[f] + k, r);
        Store(before_imaginary_[f] + k, i);
        const Vector length = Root(to_r * to_r + to_i * to_i);
        const Vector gain = Select(length > Vector{},
                                   Load(magnitudes[f] + k) / Greatest(length, Splat(1e-37f)),
                                   Vector{});
        Store((*real)[f] + k, to_r * gain);
        Store((*imaginary)[f] + k, to_i * gain);
      });
    }
  }
  const float *r = (*real)[frames - 1], *i = (*imaginary)[frames - 1];
  for (int k = 0; k < bins_; ++k) {
    const float sign = k % 2 ? -1.0f : 1.0f;
    phase[k] = std::atan2(i[k] * sign, r[k] * sign);
  }
}

}  // namespace engine
