#include "families/vae_bridge.h"

#include <algorithm>
#include <cmath>

#include "base/refused.h"
#include "families/layers_of_file.h"
#include "nn/layers.h"

namespace engine {

namespace {

constexpr int kMostInstruments = 1024, kLongest = 256;
constexpr double kStep = 0.25;  // of an amount, in a frame
constexpr float kMostPower = 16.0f, kLeastPower = 1e-12f;  // where there is nothing to play

}  // namespace

ENGINE_ONCE void Bridge::Read(const ModelFile& file, int latent_dim, int bins) {
  const Json* const settings = file.settings().Find("bridge");
  if (!settings) return;
  latent_dim_ = latent_dim;
  bins_ = bins;
  instruments_ = settings->At("instruments").Whole("instruments", 2, kMostInstruments);
  source_ = settings->At("source").Whole("source", 0, instruments_ - 1);
  target_ = settings->At("target").Whole("target", 0, instruments_ - 1);
  const std::string& way = settings->At("way").Text();
  mean_ = file.Copy("bridge.mean", latent_dim);
  deviation_ = file.Copy("bridge.deviation", latent_dim);
  for (int i = 0; i < latent_dim; ++i) {
    if (!(deviation_[i] > 0.0f)) Refuse("has latents that never move: export it again");
  }
  const std::size_t numbers = std::size_t(instruments_) * latent_dim;
  if (way == "bridge") {
    noise_ = std::make_unique<NoiseWay>(file, *settings, latent_dim, instruments_);
  } else if (way == "translator" || way == "affine") {
    centres_.Make(numbers);
    centres_.Copy(file.Find("bridge.centres", {instruments_, latent_dim}), numbers);
    const float* const affine =
        file.Find("bridge.affine", {instruments_, instruments_, latent_dim, latent_dim});
    affine_.Make(numbers * numbers);
    affine_.Copy(affine, affine_.size());
  } else {
    throw Refused("has the way " + way + ", which the small engine does not know");
  }
  int width = latent_dim;
  if (way == "translator") {
    context_ = settings->At("context").Whole("context", 1, kLongest);
    width = WidthOf(file, "bridge.hidden.weight", 0);
    input_ = ReadWideLinear(file, "bridge.input", context_ * latent_dim, width);
    hidden_ = ReadWideLinear(file, "bridge.hidden", width, width);
    output_ = ReadWideLinear(file, "bridge.output", width, latent_dim);
    const int ways = instruments_ * instruments_;
    direction_.Make(std::size_t(ways) * width);
    direction_.Copy(file.Find("bridge.direction", {ways, width}), direction_.size());
  }
  x_.Make(latent_dim);
  for (Floats* row : {&inner_, &outer_}) {
    row->Make(RoundUp(std::max(width, latent_dim), Linear::kPadding));
  }
  lower_.resize(static_cast<std::size_t>(bins));
  for (Floats* row : {&part_, &inside_, &moved_}) row->Make(bins);
}

bool Bridge::Set(const std::string& control, double value) {
  if (!is_there()) return false;
  const int number = std::min(std::max(static_cast<int>(value), 0), instruments_ - 1);
  if (control == "amount") {
    amount_ = value;
  } else if (control == "dynamics") {
    dynamics_ = value;
  } else if (control == "transpose") {
    SetTranspose(value);
  } else if (control == "source") {
    source_ = number;
  } else if (control == "target") {
    target_ = number;
  } else {
    return false;
  }
  return true;
}

Bridge::Past Bridge::Begun() const {
  Past past;
  if (noise_) past.noise = noise_->Begun();
  past.heard.Make(std::size_t(context_) * latent_dim_);
  return past;
}

void Bridge::Forget(Past* past) const {
  past->heard.Zero();
  for (Dilated::Past& layer : past->noise) Dilated::Forget(&layer);
  past->amount = amount_;
}

void Bridge::SetTranspose(double semitones) {
  is_transposed_ = semitones != 0.0;
  const auto ratio = static_cast<float>(std::pow(2.0, semitones / 12.0));
  for (int k = 0; k < bins_; ++k) {
    const float place = static_cast<float>(k) / ratio;
    lower_[k] = std::min(static_cast<int>(place), bins_ - 1);
    part_[k] = place - static_cast<float>(lower_[k]);
    inside_[k] = place <= static_cast<float>(bins_ - 1) ? 1.0f : 0.0f;
  }
}

void Bridge::Transpose(float* magnitudes) {
  if (!is_transposed_) return;
  for (int k = 0; k < bins_; ++k) {
    const float low = magnitudes[lower_[k]], high = magnitudes[std::min(lower_[k] + 1, bins_ - 1)];
    moved_[k] = (low + part_[k] * (high - low)) * inside_[k];
  }
  std::copy_n(moved_.data(), bins_, magnitudes);
}

// What is added to the shortest way, by frames of the past.
void Bridge::Translate(const float* x, Past* past, float* added) {
  past->heard.Shift(latent_dim_);
  std::copy_n(x, latent_dim_, past->heard.data() + std::size_t(context_ - 1) * latent_dim_);
  const int width = hidden_.inputs();
  input_(past->heard.data(), 0, inner_.data(), 0, 1);
  const float* const way =
      direction_.data() + (std::size_t(source_) * instruments_ + target_) * width;
  for (int i = 0; i < width; ++i) inner_[i] += way[i];
  Silu(inner_.data(), width);
  hidden_(inner_.data(), 0, outer_.data(), 0, 1);
  Silu(outer_.data(), width);
  output_(outer_.data(), 0, added, 0, 1);
}

void Bridge::Go(const float* latent, Past* past, float* made) {
  const int dims = latent_dim_;
  for (int i = 0; i < dims; ++i) x_[i] = (latent[i] - mean_[i]) / deviation_[i];
  const float* added = nullptr;
  if (context_ > 0) {
    Translate(x_.data(), past, inner_.data());
    added = inner_.data();
  }
  if (noise_) (*noise_)(source_, target_, x_.data(), &past->noise);
  if (source_ == target_) {  // which stays as it is
    std::copy_n(latent, dims, made);
    return;
  }
  if (!noise_) {
    const float* const from = centres_.data() + source_ * dims;
    const float* const to = centres_.data() + target_ * dims;
    const float* const matrix =
        affine_.data() + (std::size_t(source_) * instruments_ + target_) * dims * dims;
    for (int j = 0; j < dims; ++j) {
      float sum = 0.0f;
      for (int i = 0; i < dims; ++i) sum += (x_[i] - from[i]) * matrix[std::size_t(i) * dims + j];
      made[j] = sum + to[j];
      if (added) made[j] += added[j];
    }
    std::copy_n(made, dims, x_.data());
  }
  for (int i = 0; i < dims; ++i) made[i] = x_[i] * deviation_[i] + mean_[i];
}

float Bridge::NextAmount(Past* past) const {
  const double left = amount_ - past->amount;
  past->amount = std::fabs(left) <= kStep ? amount_ : past->amount + std::copysign(kStep, left);
  return static_cast<float>(past->amount);
}

void Bridge::Level(const float* given, float amount, int bins, float* magnitudes) const {
  double made = 0.0, wanted = 0.0;
  for (int k = 0; k < bins; ++k) {
    made += double(magnitudes[k]) * magnitudes[k];
    wanted += double(given[k]) * given[k];
  }
  const auto power = static_cast<float>(wanted);
  const float gain = std::min(power / std::max(static_cast<float>(made), kLeastPower), kMostPower);
  const float factor = std::pow(gain, 0.5f * (amount * static_cast<float>(dynamics_)));
  for (int k = 0; k < bins; ++k) magnitudes[k] *= factor;
}

}  // namespace engine
