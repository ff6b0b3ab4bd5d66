#include "families/vae_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/refused.h"

namespace engine {

namespace {

constexpr int kWidest = 65536, kMostBlocks = 64, kMostLatents = 1024, kLongestWindow = 32768;
constexpr float kExponentLimit = 20.0f;
constexpr float kLogFloor = 1e-5f;
constexpr float kLogStdLimit = 6.0f;

// A layer of a name's weights; those of torch's own layers lie by output.
ENGINE_ONCE Linear ReadLinear(const ModelFile& file, const std::string& name, int inputs, int outputs) {
  Linear layer(inputs, outputs);
  layer.Place(file.Find(name + ".weight", {outputs, inputs}), true, 0, inputs, 0, outputs);
  layer.AddBias(file.Find(name + ".bias", {outputs}), 0, outputs);
  return layer;
}

ENGINE_ONCE LayerNorm ReadNorm(const ModelFile& file, const std::string& name, int width) {
  LayerNorm norm;
  norm.Make(file.Find(name + ".weight", {width}), file.Find(name + ".bias", {width}), width);
  return norm;
}

int WidthOf(const ModelFile& file, const std::string& name, std::size_t axis) {
  const Tensor tensor = file.Find(name);
  if (tensor.shape.size() != 2 || tensor.shape[axis] < 1 || tensor.shape[axis] > kWidest) {
    throw Refused(name + " is no matrix of a layer: export the file again");
  }
  return tensor.shape[axis];
}

}  // namespace

ENGINE_ONCE VaeModel::VaeModel(const ModelFile& file, int beside_frames, int beside_latents)
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
  if (!(scale_ > 0.0f)) throw Refused("has no level of its own: export it again");
  if (bands > 0) {
    mel_.Make(bins_, bands);
    mel_.Place(file.Find("mel", {bins_, bands}), false, 0, bins_, 0, bands);
    inverse_mel_.Make(bands, bins_);
    inverse_mel_.Place(file.Find("inverse_mel", {bands, bins_}), false, 0, bands, 0, bins_);
  }
  ReadEncoder(file);
  ReadDecoder(file);
  has_coherence_ = file.Has("coherence.first.weight");
  int head = 0;
  if (has_coherence_) {
    bins_together_ = settings.At("bins_together").Whole("bins_together", 1, 1024);
    head = WidthOf(file, "coherence.first.weight", 0);
    const int groups = (bins_ + bins_together_ - 1) / bins_together_;
    coherence_first_ = ReadLinear(file, "coherence.first", point_dim_, head);
    coherence_last_ = ReadLinear(file, "coherence.last", head, groups);
  }
  const int told = point_dim_ + memory_.width();
  const int most = std::max({bins_, 2 * features_, features_ + beside_frames_, head,
                             encoder_width_ + 2 * latent_dim_, decoder_width_ + told});
  stride_ = RoundUp(most, Linear::kPadding) + Linear::kPadding;
  for (Floats* rows : {&given_, &stream_, &inner_, &outer_, &told_}) {
    rows->Make(std::size_t(stride_) * kRows);
  }
}

std::vector<VaeModel::Block> VaeModel::Blocks(const ModelFile& file, const std::string& name,
                                              int count, int width) {
  std::vector<Block> blocks(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const std::string block = name + ".block" + std::to_string(i);
    blocks[i].norm = ReadNorm(file, block + ".norm", width);
    blocks[i].first = ReadLinear(file, block + ".first", width, width);
    blocks[i].second = ReadLinear(file, block + ".second", width, width);
  }
  return blocks;
}

// The linear map beside the layers reads the same frame: its weights stand beside theirs.
ENGINE_ONCE void VaeModel::ReadEncoder(const ModelFile& file) {
  const Json& settings = file.settings();
  const int width = encoder_width_ = WidthOf(file, "encoder.first.weight", 1);
  const int beside = file.Has("encoder.linear.weight") ? latent_dim_ : 0;
  const int given = features_ + beside_frames_;
  encoder_is_linear_ = beside > 0;
  encoder_first_.Make(given, width + beside);
  encoder_first_.Place(file.Find("encoder.first.weight", {given, width}), false, 0, given, 0,
                       width);
  encoder_first_.AddBias(file.Find("encoder.first.bias", {width}), 0, width);
  if (beside > 0) {
    encoder_first_.Place(file.Find("encoder.linear.weight", {given, beside}), false, 0, given,
                         width, beside);
    encoder_first_.AddBias(file.Find("encoder.linear.bias", {beside}), width, beside);
  }
  const int count = settings.At("encoder_blocks").Whole("encoder_blocks", 0, kMostBlocks);
  encoder_blocks_ = Blocks(file, "encoder", count, width);
  encoder_norm_ = ReadNorm(file, "encoder.norm", width);
  encoder_head_ = ReadLinear(file, "encoder.head", width + beside, 2 * latent_dim_);
}

// The linear map from the latents is added to the last layer: they stand beside its input.
ENGINE_ONCE void VaeModel::ReadDecoder(const ModelFile& file) {
  const Json& settings = file.settings();
  const int width = decoder_width_ = WidthOf(file, "decoder.first.weight", 0);
  const int outputs = is_normal_ ? 2 * features_ : features_;
  decoder_is_linear_ = file.Has("decoder.linear.weight");
  const int told = point_dim_ + memory_.width();
  decoder_first_ = ReadLinear(file, "decoder.first", told, width);
  const int count = settings.At("decoder_blocks").Whole("decoder_blocks", 0, kMostBlocks);
  decoder_blocks_ = Blocks(file, "decoder", count, width);
  decoder_norm_ = ReadNorm(file, "decoder.norm", width);
  // Of a Normal the mean alone is played: the second half of the outputs is left out.
  decoder_last_.Make(width + (decoder_is_linear_ ? told : 0), features_);
  decoder_last_.Place(file.Find("decoder.last.weight", {outputs, width}), true, 0, width, 0,
                      features_);
  decoder_last_.AddBias(file.Find("decoder.last.bias", {outputs}), 0, features_);
  if (decoder_is_linear_) {
    decoder_last_.Place(file.Find("decoder.linear.weight", {outputs, told}), true, width, told, 0,
                        features_);
    decoder_last_.AddBias(file.Find("decoder.linear.bias", {outputs}), 0, features_);
  }
  gain_ = file.Copy("gain", bins_);
  const Json& headroom = settings.At("headroom");
  is_bounded_ = !headroom.is_null();
  greatest_ = 0.0f;
  if (!is_bounded_) return;
  const auto factor = static_cast<float>(headroom.Number());
  const float* const loudest = file.Find("loudest", {features_});
  greatest_ = file.Find("loudest_frame", {})[0] * factor;
  if (!(greatest_ > 0.0f)) throw Refused("has a loudest frame of silence: export it again");
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

void VaeModel::Residual(const std::vector<Block>& blocks, int width, int rows) {
  for (const Block& block : blocks) {
    for (int r = 0; r < rows; ++r) {
      block.norm(stream_.data() + r * stride_, inner_.data() + r * stride_);
    }
    block.first(inner_.data(), stride_, outer_.data(), stride_, rows);
    for (int r = 0; r < rows; ++r) Silu(outer_.data() + r * stride_, width);
    block.second(outer_.data(), stride_, inner_.data(), stride_, rows);
    for (int r = 0; r < rows; ++r) {
      float* const to = stream_.data() + r * stride_;
      const float* const from = inner_.data() + r * stride_;
      for (int i = 0; i < width; ++i) to[i] += from[i];
    }
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
    mel_(magnitudes, stride, given_.data(), stride_, rows);
  } else {
    for (int r = 0; r < rows; ++r) {
      std::memcpy(given_.data() + r * stride_, magnitudes + r * stride, bins_ * sizeof(float));
    }
  }
  for (int r = 0; r < rows; ++r) {
    float* const row = given_.data() + r * stride_;
    Compress(row);
    if (beside_frames_ > 0) {
      std::memcpy(row + features_, beside + r * beside_frames_, beside_frames_ * sizeof(float));
    }
  }
  encoder_first_(given_.data(), stride_, stream_.data(), stride_, rows);
  Residual(encoder_blocks_, encoder_width_, rows);
  for (int r = 0; r < rows; ++r) {
    const float* const from = stream_.data() + r * stride_;
    float* const to = inner_.data() + r * stride_;
    encoder_norm_(from, to);
    if (encoder_is_linear_) {
      std::memcpy(to + encoder_width_, from + encoder_width_, latent_dim_ * sizeof(float));
    }
  }
  encoder_head_(inner_.data(), stride_, outer_.data(), stride_, rows);
  for (int r = 0; r < rows; ++r) {
    const float* const found = outer_.data() + r * stride_;
    std::memcpy(points + r * point_dim_, found, latent_dim_ * sizeof(float));
    if (!deviations) continue;
    for (int i = 0; i < latent_dim_; ++i) {
      const float log_std = found[latent_dim_ + i];
      deviations[r * latent_dim_ + i] =
          std::exp(kLogStdLimit * std::tanh(log_std / kLogStdLimit));
    }
  }
}

void VaeModel::Decode(const float* points, int rows, VaeMemory::Past* past, float* magnitudes,
                      int stride) {
  const int told = point_dim_ + memory_.width();
  for (int r = 0; r < rows; ++r) {
    float* const to = told_.data() + r * stride_;
    std::memcpy(to, points + r * point_dim_, point_dim_ * sizeof(float));
    if (memory_.width() > 0) memory_.Step(to, past, to + point_dim_);
  }
  decoder_first_(told_.data(), stride_, stream_.data(), stride_, rows);
  Residual(decoder_blocks_, decoder_width_, rows);
  for (int r = 0; r < rows; ++r) {
    float* const to = inner_.data() + r * stride_;
    decoder_norm_(stream_.data() + r * stride_, to);
    Silu(to, decoder_width_);
    if (decoder_is_linear_) {
      std::memcpy(to + decoder_width_, told_.data() + r * stride_, told * sizeof(float));
    }
  }
  const bool has_bands = inverse_mel_.outputs() > 0;
  float* const frames = has_bands ? outer_.data() : magnitudes;
  const int frame_stride = has_bands ? stride_ : stride;
  decoder_last_(inner_.data(), stride_, frames, frame_stride, rows);
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
  coherence_first_(points, point_dim_, inner_.data(), stride_, rows);
  for (int r = 0; r < rows; ++r) Silu(inner_.data() + r * stride_, coherence_first_.outputs());
  coherence_last_(inner_.data(), stride_, outer_.data(), stride_, rows);
  for (int r = 0; r < rows; ++r) {
    const float* const groups = outer_.data() + r * stride_;
    for (int k = 0; k < bins_; ++k) coherence[r * stride + k] = groups[k / bins_together_];
  }
}

}  // namespace engine
