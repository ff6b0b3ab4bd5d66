// Dense residual blocks over features: see vschaos2/nets/layers.py.

#include <algorithm>
#include <cstring>
#include <vector>

#include "families/layers_of_file.h"
#include "families/vae_parts.h"
#include "nn/layers.h"
#include "nn/linear.h"

namespace engine {

namespace {

constexpr int kMostBlocks = 64;

// Rows of x + W₂ · SiLU(W₁ · LayerNorm(x)), and room for them.
class Blocks {
 public:
  void Read(const ModelFile& file, const std::string& name, int width) {
    const int count = file.settings().At(name + "_blocks").Whole(name + "_blocks", 0, kMostBlocks);
    width_ = width;
    blocks_.resize(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      const std::string block = name + ".block" + std::to_string(i);
      blocks_[i].norm = ReadNorm(file, block + ".norm", width);
      blocks_[i].first = ReadLinear(file, block + ".first", width, width);
      blocks_[i].second = ReadLinear(file, block + ".second", width, width);
    }
    inner_.Make(kRowsAtOnce, RoundUp(width, Linear::kPadding));
    outer_.Make(kRowsAtOnce, RoundUp(width, Linear::kPadding));
  }

  void operator()(Rows* stream, int rows) {
    for (const Block& block : blocks_) {
      for (int r = 0; r < rows; ++r) block.norm((*stream)[r], inner_[r]);
      block.first(inner_[0], inner_.stride(), outer_[0], outer_.stride(), rows);
      for (int r = 0; r < rows; ++r) Silu(outer_[r], width_);
      block.second(outer_[0], outer_.stride(), inner_[0], inner_.stride(), rows);
      for (int r = 0; r < rows; ++r) {
        for (int i = 0; i < width_; ++i) (*stream)[r][i] += inner_[r][i];
      }
    }
  }

 private:
  struct Block {
    LayerNorm norm;
    Linear first, second;
  };

  int width_ = 0;
  std::vector<Block> blocks_;
  Rows inner_, outer_;
};

class DenseEncoder : public FrameEncoder {
 public:
  // A linear map beside the layers reads the same frame: its weights stand beside theirs.
  DenseEncoder(const ModelFile& file, int inputs, int linear)
      : width_(WidthOf(file, "encoder.first.weight", 1)), linear_(linear) {
    first_.Make(inputs, width_ + linear);
    Place(file, "encoder.first", inputs, 0, width_);
    if (linear > 0) Place(file, "encoder.linear", inputs, width_, linear);
    blocks_.Read(file, "encoder", width_);
    norm_ = ReadNorm(file, "encoder.norm", width_);
    stream_.Make(kRowsAtOnce, RoundUp(width_ + linear, Linear::kPadding));
  }

  int feature_dim() const override { return width_ + linear_; }

  void Features(const float* frames, int stride, int rows, float* features,
                int feature_stride) override {
    first_(frames, stride, stream_[0], stream_.stride(), rows);
    blocks_(&stream_, rows);
    for (int r = 0; r < rows; ++r) {
      float* const to = features + r * feature_stride;
      norm_(stream_[r], to);
      std::memcpy(to + width_, stream_[r] + width_, linear_ * sizeof(float));
    }
  }

 private:
  void Place(const ModelFile& file, const std::string& name, int inputs, int first, int outputs) {
    const float* const weights = file.Find(name + ".weight", {inputs, outputs});
    first_.Place(weights, false, 0, inputs, first, outputs);
    first_.AddBias(file.Find(name + ".bias", {outputs}), first, outputs);
  }

  int width_, linear_;
  Linear first_;
  Blocks blocks_;
  LayerNorm norm_;
  Rows stream_;
};

class DenseDecoder : public FrameDecoder {
 public:
  // A linear map from the points is added to the last layer: they stand beside its input. What
  // comes after the means is left out.
  DenseDecoder(const ModelFile& file, int inputs, int features, int outputs)
      : width_(WidthOf(file, "decoder.first.weight", 0)),
        linear_(file.Has("decoder.linear.weight") ? inputs : 0) {
    first_ = ReadLinear(file, "decoder.first", inputs, width_);
    blocks_.Read(file, "decoder", width_);
    norm_ = ReadNorm(file, "decoder.norm", width_);
    last_.Make(width_ + linear_, features);
    last_.Place(file.Find("decoder.last.weight", {outputs, width_}), true, 0, width_, 0, features);
    last_.AddBias(file.Find("decoder.last.bias", {outputs}), 0, features);
    if (linear_ > 0) {
      const float* const weights = file.Find("decoder.linear.weight", {outputs, inputs});
      last_.Place(weights, true, width_, inputs, 0, features);
      last_.AddBias(file.Find("decoder.linear.bias", {outputs}), 0, features);
    }
    stream_.Make(kRowsAtOnce, RoundUp(width_, Linear::kPadding));
    inner_.Make(kRowsAtOnce, RoundUp(width_ + linear_, Linear::kPadding));
  }

  void Frames(const float* points, int stride, int rows, float* frames,
              int frame_stride) override {
    first_(points, stride, stream_[0], stream_.stride(), rows);
    blocks_(&stream_, rows);
    for (int r = 0; r < rows; ++r) {
      norm_(stream_[r], inner_[r]);
      Silu(inner_[r], width_);
      std::memcpy(inner_[r] + width_, points + r * stride, linear_ * sizeof(float));
    }
    last_(inner_[0], inner_.stride(), frames, frame_stride, rows);
  }

 private:
  int width_, linear_;
  Linear first_, last_;
  Blocks blocks_;
  LayerNorm norm_;
  Rows stream_, inner_;
};

}  // namespace

std::unique_ptr<FrameEncoder> ReadDenseEncoder(const ModelFile& file, int inputs, int linear) {
  return std::make_unique<DenseEncoder>(file, inputs, linear);
}

std::unique_ptr<FrameDecoder> ReadDenseDecoder(const ModelFile& file, int inputs, int features,
                                               int outputs) {
  return std::make_unique<DenseDecoder>(file, inputs, features, outputs);
}

}  // namespace engine
