#include "families/vae_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/refused.h"
#include "families/layers_of_file.h"

namespace engine {

namespace {

constexpr int kMostLatents = 1024, kLongestWindow = 32768;
constexpr float kExponentLimit = 20.0f;
constexpr float kLogFloor = 1e-5f;
constexpr float kLogStdLimit = 6.0f;
constexpr float kHeardLogStd = -30.0f;  // of a latent that is heard, not learnt

}  // namespace

ENGINE_ONCE VaeModel::VaeModel(const ModelFile& file, int beside_frames, int beside_latents,
                               bool hears)
    : beside_frames_(beside_frames) {
  const Json& settings = file.settings();
  bins_ = settings.At("model_n_fft").Whole("model_n_fft", 64, kLongestWindow) / 2 + 1;
  latent_dim_ = settings.At("latent_dim").Whole("latent_dim", 1, kMostLatents);
  point_dim_ = latent_dim_ + beside_latents;
  memory_.Read(file, point_dim_);
  const int bands = settings.At("n_mels").Whole("n_mels", 0, bins_);
  features_ = bands > 0 ? bands : bins_;
  const std::string& contrast = settings.At("contrast").Text();
  if (contrast != "log1p" && contrast != "log" && contrast != "linear") {
    throw Refused("has the contrast " + contrast + ", which the small engine does not know");
  }
  contrast_ = contrast == "log1p" ? Contrast::kLog1p
              : contrast == "log" ? Contrast::kLog
                                  : Contrast::kLinear;
  const std::string& output = settings.At("output").Text();
  if (output != "softplus" && output != "normal") {
    throw Refused("has the output " + output + ", which the small engine does not know");
  }
  is_normal_ = output == "normal";
  scale_ = file.Find("scale", {})[0];
  if (!(scale_ > 0.0f)) Refuse("has no level of its own: export it again");
  if (bands > 0) {
    mel_.Make(bins_, bands);
    mel_.Place(file.Find("mel", {bins_, bands}), false, 0, bins_, 0, bands);
    inverse_mel_.Make(bands, bins_);
    inverse_mel_.Place(file.Find("inverse_mel", {bands, bins_}), false, 0, bands, 0, bins_);
  }
  const int told = point_dim_ + memory_.width();
  if (hears) {
    encoder_ = ReadEncoder(file, features_, beside_frames_, latent_dim_);
    const int learnt = latent_dim_ - (encoder_->hears_first_latent() ? 1 : 0);
    head_ = ReadLinear(file, "encoder.head", encoder_->feature_dim(), 2 * learnt);
  }
  decoder_ = ReadDecoder(file, told, features_, is_normal_ ? 2 * features_ : features_);
  ReadBounds(file);
  has_coherence_ = file.Has("coherence.first.weight");
  int head = 0;
  if (has_coherence_) {
    bins_together_ = settings.At("bins_together").Whole("bins_together", 1, 1024);
    head = WidthOf(file, "coherence.first.weight", 0);
    const int groups = (bins_ + bins_together_ - 1) / bins_together_;
    coherence_first_ = ReadLinear(file, "coherence.first", point_dim_, head);
    coherence_last_ = ReadLinear(file, "coherence.last", head, groups);
  }
  const int frame = std::max({bins_, features_ + beside_frames_, head});
  given_.Make(kRows, RoundUp(frame, Linear::kPadding));
  inner_.Make(kRows, RoundUp(std::max(hears ? feature_dim() : 0, head), Linear::kPadding));
  outer_.Make(kRows, RoundUp(std::max(frame, 2 * latent_dim_), Linear::kPadding));
  told_.Make(kRows, told);
}

// What no frame of the model exceeds.
ENGINE_ONCE void VaeModel::ReadBounds(const ModelFile& file) {
  const Json& settings = file.settings();
  gain_ = file.Copy("gain", bins_);
  const Json& headroom = settings.At("headroom");
  is_bounded_ = !headroom.is_null();
  greatest_ = 0.0f;
  if (!is_bounded_) return;
  const auto factor = static_cast<float>(headroom.Number());
  const float* const loudest = file.Find("loudest", {features_});
  greatest_ = file.Find("loudest_frame", {})[0] * factor;
  if (!(greatest_ > 0.0f)) Refuse("has a loudest frame of silence: export it again");
  ceiling_.Make(features_);
  for (int k = 0; k < features_; ++k) {
    const double relative = std::max(0.0, double(loudest[k]) * factor / scale_);
    double most = contrast_ == Contrast::kLog1p ? std::log1p(relative)
                  : contrast_ == Contrast::kLog ? std::log(std::max(relative, double(kLogFloor)))
                                                : relative;
    // The x whose softplus is that.
    if (!is_normal_) most += std::log(-std::expm1(-std::max(most, 1e-6)));
    ceiling_[k] = static_cast<float>(most);
  }
}

void VaeModel::Compress(float* row) const {
  ForEach(features_, [&](int k) {
    const Vector relative = Load(row + k) / scale_;
    switch (contrast_) {
      case Contrast::kLog1p:
        Store(row + k, LogarithmOf1Plus(relative));
        break;
      case Contrast::kLog:
        Store(row + k, Logarithm(Greatest(relative, Splat(kLogFloor))));
        break;
      case Contrast::kLinear:
        Store(row + k, relative);
        break;
    }
  });
}

// From the decoder's raw output to linear magnitudes of features, never negative.
void VaeModel::Expand(float* row) const {
  if (is_bounded_) Bound(row, ceiling_.data(), features_);
  if (!is_normal_ && contrast_ == Contrast::kLinear) Softplus(row, features_);
  ForEach(features_, [&](int k) {
    Vector x = Least(Load(row + k), Splat(kExponentLimit));
    if (contrast_ == Contrast::kLinear) {
      x = Greatest(Load(row + k), Vector{});
    } else if (contrast_ == Contrast::kLog1p && is_normal_) {
      x = Greatest(ExponentialLess1(x), Vector{});
    } else {
      x = Exponential(x);  // of softplus(x), less 1, it is the same
    }
    Store(row + k, x * scale_);
  });
}

void VaeModel::Encode(const float* magnitudes, int stride, const float* beside, int rows,
                      float* points, float* deviations) {
  if (mel_.outputs() > 0) {
    mel_(magnitudes, stride, given_[0], given_.stride(), rows);
  } else {
    for (int r = 0; r < rows; ++r) {
      std::memcpy(given_[r], magnitudes + r * stride, bins_ * sizeof(float));
    }
  }
  for (int r = 0; r < rows; ++r) {
    Compress(given_[r]);
    if (beside_frames_ == 0) continue;
    std::memcpy(given_[r] + features_, beside + r * beside_frames_, beside_frames_ * sizeof(float));
  }
  encoder_->Features(given_[0], given_.stride(), rows, inner_[0], inner_.stride());
  head_(inner_[0], inner_.stride(), outer_[0], outer_.stride(), rows);
  const int heard = encoder_->hears_first_latent() ? 1 : 0, learnt = latent_dim_ - heard;
  for (int r = 0; r < rows; ++r) {
    float* const point = points + r * point_dim_;
    if (heard) point[0] = inner_[r][0];
    std::memcpy(point + heard, outer_[r], learnt * sizeof(float));
    for (int i = 0; deviations && i < latent_dim_; ++i) {
      const float log_std = i < heard ? kHeardLogStd : outer_[r][learnt + i - heard];
      deviations[r * latent_dim_ + i] =
          std::exp(kLogStdLimit * std::tanh(log_std / kLogStdLimit));
    }
  }
}

void VaeModel::Decode(const float* points, int rows, VaeMemory::Past* past, float* magnitudes,
                      int stride) {
  for (int r = 0; r < rows; ++r) {
    std::memcpy(told_[r], points + r * point_dim_, point_dim_ * sizeof(float));
    if (memory_.width() > 0) memory_.Step(told_[r], past, told_[r] + point_dim_);
  }
  const bool has_bands = inverse_mel_.outputs() > 0;
  float* const frames = has_bands ? outer_[0] : magnitudes;
  const int frame_stride = has_bands ? outer_.stride() : stride;
  decoder_->Frames(told_[0], told_.stride(), rows, frames, frame_stride);
  for (int r = 0; r < rows; ++r) Expand(frames + r * frame_stride);
  if (has_bands) inverse_mel_(frames, frame_stride, magnitudes, stride, rows);
  for (int r = 0; r < rows; ++r) {
    float* const row = magnitudes + r * stride;
    ForEach(bins_, [&](int k) {
      Store(row + k, Greatest(Load(row + k), Vector{}) * Load(gain_.data() + k));
    });
    if (is_bounded_) BoundNorm(row, greatest_, bins_);
  }
}

void VaeModel::Coherence(const float* points, int rows, float* coherence, int stride) {
  coherence_first_(points, point_dim_, inner_[0], inner_.stride(), rows);
  for (int r = 0; r < rows; ++r) Silu(inner_[r], coherence_first_.outputs());
  coherence_last_(inner_[0], inner_.stride(), outer_[0], outer_.stride(), rows);
  for (int r = 0; r < rows; ++r) {
    for (int k = 0; k < bins_; ++k) coherence[r * stride + k] = outer_[r][k / bins_together_];
  }
}

}  // namespace engine
