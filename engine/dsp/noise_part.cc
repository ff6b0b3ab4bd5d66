#include "dsp/noise_part.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/vectors.h"
#include "dsp/phase.h"

namespace engine {

namespace {

constexpr int kRadius = 6;
constexpr float kToneFrom = 0.3f, kToneOver = 0.6f;
constexpr float kOnsetFrom = 0.4f, kOnsetOver = 0.3f;
constexpr float kAttackFrom = 0.6f, kAttackOver = 0.4f;
constexpr float kNoiseCoherence = 0.5f, kCoherentOver = 0.225f;
constexpr float kCoherentDepth = 0.45f, kCoherentToneOver = 0.5f;
constexpr double kEuler = 0.5772156649015329;
const float kRayleighBias = static_cast<float>(
    0.5 * std::log(3.14159265358979323846 / 2.0) - 0.5 * (std::log(2.0) - kEuler));

// How far L stands above its neighbours, from 0 to 1; then the greatest of five bins.
void ToneWeight(const float* logs, const float* smooth, const float* low, float* spare,
                float* weight, int bins) {
  float* const padded = spare + 2;
  spare[0] = spare[1] = 0.0f;
  ForEach(bins, [&](int k) {
    const Vector height = Load(logs + k) - Load(smooth + k) - kToneFrom;
    Store(padded + k, Clamp(height * (1.0f / kToneOver), 0.0f, 1.0f));
  });
  padded[bins] = padded[bins + 1] = 0.0f;
  ForEach(bins, [&](int k) {
    Vector most = Greatest(Load(spare + k), Load(spare + k + 1));
    most = Greatest(most, Greatest(Load(spare + k + 2), Load(spare + k + 3)));
    Store(weight + k, Greatest(Greatest(most, Load(spare + k + 4)), Load(low + k)));
  });
}

void LearntWeight(const float* logs, const float* smooth, const float* coherence,
                  const float* low, float* weight, int bins) {
  const float slope = (kToneFrom + kCoherentDepth) / (kCoherentOver * kCoherentToneOver);
  ForEach(bins, [&](int k) {
    const Vector height = (Load(logs + k) - Load(smooth + k) - kToneFrom) * (1.0f / kCoherentToneOver);
    const Vector excess = Clamp(Load(coherence + k) - kNoiseCoherence, 0.0f, kCoherentOver);
    Store(weight + k, Greatest(Clamp(height + excess * slope, 0.0f, 1.0f), Load(low + k)));
  });
}

}  // namespace

void NeighbourMean(const float* logs, float* means, float* sums, int bins) {
  constexpr int kSpan = 2 * kRadius + 1;
  // torch sums in double precision, and rounds each sum.
  double sum = 0.0;
  for (int k = 0; k < bins; ++k) sums[k] = static_cast<float>(sum += logs[k]);
  const float part = static_cast<float>(1.0 / kSpan);
  const int count = bins - kSpan, last = count - 1;
  for (int k = 0; k < count; ++k) means[kRadius + 1 + k] = (sums[k + kSpan] - sums[k]) * part;
  for (int k = 0; k <= kRadius; ++k) means[k] = means[kRadius + 1];
  for (int k = kRadius + 2 + last; k < bins; ++k) means[k] = means[kRadius + 1 + last];
}

void TexturedGain::Make(int bins, const float* low) {
  bins_ = bins;
  for (Floats* row :
       {&low_, &wanted_, &given_, &smooth_, &smooth_given_, &weight_, &spare_}) {
    row->Make(bins + 4);
  }
  low_.Copy(low, bins);
}

void TexturedGain::operator()(const float* magnitudes, const float* heard, float texture,
                              float* gain) {
  LogMagnitude(magnitudes, wanted_.data(), bins_);
  LogMagnitude(heard, given_.data(), bins_);
  NeighbourMean(wanted_.data(), smooth_.data(), spare_.data(), bins_);
  NeighbourMean(given_.data(), smooth_given_.data(), spare_.data(), bins_);
  ToneWeight(wanted_.data(), smooth_.data(), low_.data(), spare_.data(), weight_.data(), bins_);
  ForEach(bins_, [&](int k) {
    const Vector noise =
        Exponential(Load(smooth_.data() + k) - Load(smooth_given_.data() + k) - kRayleighBias);
    const Vector tone = Load(magnitudes + k) / Greatest(Load(heard + k), Splat(1e-12f));
    const Vector part = (1.0f - Load(weight_.data() + k)) * texture;
    // As torch's lerp, from the nearer end.
    const Vector from_tone = tone + part * (noise - tone);
    const Vector from_noise = noise - (noise - tone) * (1.0f - part);
    Store(gain + k, Select(part < Splat(0.5f), from_tone, from_noise));
  });
}

void WhiteNoise::Frame(std::int64_t frame, int hop, Fourier* fourier, float* scratch, float* real,
                       float* imaginary) const {
  const int n_fft = fourier->size();
  for (int at = 0; at < n_fft; at += hop, ++frame) {
    const std::int64_t h = frame % kStarts;
    const float* const samples = table + (h * kSquare + kStep) * h % kStarts;
    for (int i = 0; i < hop; ++i) scratch[at + i] = samples[i] * window[at + i];
  }
  fourier->Forward(scratch, real, imaginary);
}

void NoisePart::Make(int n_fft, int hop, const float* low, const WhiteNoise* noise) {
  n_fft_ = n_fft;
  hop_ = hop;
  bins_ = n_fft / 2 + 1;
  noise_ = noise;
  for (Floats* row : {&low_, &sums_, &smooth_, &smooth_before_, &weight_, &spare_}) {
    row->Make(bins_ + 4);
  }
  low_.Copy(low, bins_);
  samples_.Make(n_fft);
  queue_real_.Make(kMostWaiting, bins_);
  queue_imaginary_.Make(kMostWaiting, bins_);
}

void NoisePart::SetAmount(float amount) {
  amount_ = amount;
  // Once there is noise on its way, it leaves with the frames that it belongs to.
  is_on_ = is_on_ || amount > 0.0f;
}

void NoisePart::Start(int waiting) {
  waiting_ = waiting;
  oldest_ = 0;
  queue_real_.Zero();
  queue_imaginary_.Zero();
  is_on_ = amount_ > 0.0f;
}

void NoisePart::operator()(float* magnitudes, const float* before, const float* now,
                           std::int64_t frame, const float* coherence, Fourier* fourier,
                           float* real, float* imaginary) {
  NeighbourMean(now, smooth_.data(), sums_.data(), bins_);
  NeighbourMean(before, smooth_before_.data(), sums_.data(), bins_);
  if (coherence) {
    LearntWeight(now, smooth_.data(), coherence, low_.data(), weight_.data(), bins_);
  } else {
    ToneWeight(now, smooth_.data(), low_.data(), spare_.data(), weight_.data(), bins_);
  }
  noise_->Frame(frame, hop_, fourier, samples_.data(), real, imaginary);
  ForEach(bins_, [&](int k) {
    Vector moved = Load(smooth_.data() + k) - Load(smooth_before_.data() + k);
    if (!coherence) moved = Greatest(moved, -moved);
    const float from = coherence ? kAttackFrom : kOnsetFrom;
    const float over = coherence ? kAttackOver : kOnsetOver;
    const Vector sudden = Clamp((moved - from) * (1.0f / over), 0.0f, 1.0f);
    const Vector weight = Greatest(Load(weight_.data() + k), sudden);
    const Vector part = (1.0f - weight * weight) * amount_;
    const Vector magnitude = Load(magnitudes + k);
    const Vector noise = Root(part) * magnitude;
    Store(magnitudes + k, magnitude * (amount_ == 1.0f ? weight : Root(1.0f - part)));
    Store(real + k, Load(real + k) * noise);
    Store(imaginary + k, Load(imaginary + k) * noise);
  });
  if (waiting_ == 0) return;
  float *held_real = queue_real_[oldest_], *held_imaginary = queue_imaginary_[oldest_];
  std::swap_ranges(real, real + bins_, held_real);
  std::swap_ranges(imaginary, imaginary + bins_, held_imaginary);
  oldest_ = (oldest_ + 1) % waiting_;
}

}  // namespace engine
