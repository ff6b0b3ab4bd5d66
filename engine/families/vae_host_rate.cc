#include "families/vae_host_rate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "base/refused.h"
#include "base/vectors.h"

namespace engine {

namespace {

constexpr int kFastestRate = 1500000, kLongestWindow = 65536, kMostRates = 16, kMostFactor = 16;

// A number of a bin; those below 0 and above the last one as their mirror images.
int Mirrored(int index, int bins) {
  index = std::abs(index);
  if (index >= bins) index = 2 * (bins - 1) - index;
  return std::min(std::max(index, 0), bins - 1);
}

}  // namespace

ENGINE_ONCE void HostRate::Read(const ModelFile& file, int n_fft, int hop, int model_bins) {
  const Json* const host = file.settings().Find("host");
  factor_ = host ? host->At("factor").Whole("factor", 1, kMostFactor) : 1;
  bins_ = n_fft / factor_ / 2 + 1;
  if (n_fft % factor_ != 0 || bins_ != model_bins) {
    Refuse("has a window that does not fit its model's: export it again");
  }
  if (!host) return;
  own_hz_ = host->At("own_hz").Whole("own_hz", 1, kFastestRate);
  least_ = static_cast<float>(host->At("least").Number());
  if (!(least_ > 0.0f)) Refuse("has no least level: export it again");
  longest_ = host->At("longest").Whole("longest", std::max(2, hop), kLongestWindow);
  host_bins_ = n_fft / 2 + 1;
  padded_ = 2 * n_fft;
  const auto& rows = host->At("rates").Items();
  if (rows.empty() || rows.size() > kMostRates) Refuse("has rates that nobody could choose");
  for (const Json& row : rows) {
    rates_.emplace_back();
    ReadRate(file, row, &rates_.back());
  }
  if (!Set(file.about().Whole("sample_rate_hz"))) Refuse("begins at a rate it does not know");
  fourier_ = std::make_unique<Fourier>(padded_);
  frame_.Make(padded_);
  real_.Make(padded_ / 2 + 1);
  imaginary_.Make(padded_ / 2 + 1);
  compressed_.Make(bins_);
  power_.Make(host_bins_);
}

ENGINE_ONCE void HostRate::ReadRate(const ModelFile& file, const Json& row, Rate* rate) {
  const std::string name = "host" + std::to_string(rates_.size() - 1);
  rate->rate_hz = row.At("rate_hz").Whole("rate_hz", 1, kFastestRate);
  rate->length = row.At("length").Whole("length", 2, std::min(longest_, padded_));
  rate->is_own = factor_ == 1 && rate->rate_hz == own_hz_;
  if (rate->is_own) return;
  rate->scale = static_cast<float>(row.At("scale").Number());
  rate->missing = static_cast<float>(row.At("missing").Number());
  rate->window = file.Copy(name + ".window", longest_);
  rate->heard.Make(std::size_t(bins_) * kNeighbours * 2);
  rate->heard.Copy(file.Find(name + ".heard", {bins_, kNeighbours, 2}), rate->heard.size());
  rate->played.Make(std::size_t(host_bins_) * kCubic);
  rate->played.Copy(file.Find(name + ".played", {host_bins_, kCubic}), rate->played.size());
  const double step = double(factor_) * own_hz_ / rate->rate_hz;
  const double padded_step = step * padded_ / (2 * (host_bins_ - 1));
  for (int bin = 0; bin < bins_; ++bin) {
    const int below = static_cast<int>(std::floor(bin * padded_step));
    for (int i = 0; i < kNeighbours; ++i) {
      rate->heard_index.push_back(Mirrored(below + i - (kNeighbours / 2 - 1), padded_ / 2 + 1));
    }
  }
  for (int bin = 0; bin < host_bins_; ++bin) {
    const int below = static_cast<int>(std::floor(bin * (1.0 / step)));
    for (int i = 0; i < kCubic; ++i) rate->played_index.push_back(Mirrored(below + i - 1, bins_));
  }
}

bool HostRate::Set(int rate_hz) {
  const int before = row_;
  for (std::size_t row = 0; row < rates_.size(); ++row) {
    if (rates_[row].rate_hz == rate_hz) row_ = static_cast<int>(row);
  }
  return row_ != before;
}

void HostRate::Heard(const float* samples, float* magnitudes) {
  const Rate& rate = rates_[row_];
  frame_.Zero();
  float* const to = frame_.data() + (padded_ - rate.length) / 2;
  const int from = longest_ - rate.length;
  for (int i = 0; i < rate.length; ++i) to[i] = samples[from + i] * rate.window[from + i];
  fourier_->Forward(frame_.data(), real_.data(), imaginary_.data());
  const int* index = rate.heard_index.data();
  const float* weight = rate.heard.data();
  for (int bin = 0; bin < bins_; ++bin) {
    float real = 0.0f, imaginary = 0.0f;
    for (int i = 0; i < kNeighbours; ++i, ++index, weight += 2) {
      real += real_[*index] * weight[0];
      imaginary += imaginary_[*index] * weight[1];
    }
    magnitudes[bin] = std::sqrt(real * real + imaginary * imaginary);
  }
}

void HostRate::Spread(const float* values, float* made) const {
  const Rate& rate = rates_[row_];
  const int* index = rate.played_index.data();
  const float* weight = rate.played.data();
  for (int bin = 0; bin < host_bins_; ++bin, index += kCubic, weight += kCubic) {
    float sum = 0.0f;
    for (int i = 0; i < kCubic; ++i) sum += values[index[i]] * weight[i];
    made[bin] = sum;
  }
}

void HostRate::Played(const float* magnitudes, float* made) {
  const Rate& rate = rates_[row_];
  ForEach(bins_, [&](int k) {
    Store(compressed_.data() + k, LogarithmOf1Plus(Load(magnitudes + k) / least_));
  });
  Spread(compressed_.data(), power_.data());
  const float level = least_ * rate.scale;
  ForEach(host_bins_, [&](int k) {
    const Vector x = Greatest(ExponentialLess1(Load(power_.data() + k)), Vector{}) * level;
    Store(power_.data() + k, x * x);
  });
  for (int k = 0; k < host_bins_; ++k) {
    const float left = power_[k > 0 ? k - 1 : 1];
    const float right = power_[k + 1 < host_bins_ ? k + 1 : host_bins_ - 2];
    const float bent = left - 2.0f * power_[k] + right;
    made[k] = std::sqrt(std::max(0.0f, power_[k] + rate.missing / 2.0f * bent));
  }
}

void HostRate::Coherence(const float* coherence, float* made) const {
  Spread(coherence, made);
  for (int k = 0; k < host_bins_; ++k) made[k] = std::min(std::max(made[k], 0.0f), 1.0f);
}

}  // namespace engine
