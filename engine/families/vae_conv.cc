// Convolutions over frequency: see vschaos2/nets/encoders.py, decoders.py, layers.py.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/refused.h"
#include "families/layers_of_file.h"
#include "families/vae_parts.h"
#include "nn/bin_convolution.h"
#include "nn/layers.h"
#include "nn/linear.h"

namespace engine {

namespace {

constexpr int kMostStages = 64, kMostChannels = 65536, kLongestKernel = 999, kMostStride = 64;
constexpr int kMostNumbers = 1 << 22;  // of a frame at any stage
constexpr float kVarianceFloor = 1e-5f;

// NAME.weight and NAME.bias of a convolution, or of a transposed one of twice the stride.
BinConvolution ReadConvolution(const ModelFile& file, const std::string& name, int inputs,
                               int outputs, int kernel, int stride) {
  BinConvolution layer;
  layer.Make(file.Find(name + ".weight", {outputs, inputs, kernel}),
             file.Find(name + ".bias", {outputs}), inputs, outputs, kernel, stride, kernel / 2);
  return layer;
}

BinConvolution ReadTransposed(const ModelFile& file, const std::string& name, int inputs,
                              int outputs, int stride) {
  BinConvolution layer;
  layer.MakeTransposed(file.Find(name + ".weight", {inputs, outputs, 2 * stride}),
                       file.Find(name + ".bias", {outputs}), inputs, outputs, stride);
  return layer;
}

void MakeBins(Bins* bins, int count, int channels) {
  if (std::int64_t(count) * channels > kMostNumbers) {
    Refuse("has convolutions that would need too much memory");
  }
  bins->Make(count, channels);
}

// x + Conv(SiLU(Conv(GroupNorm(x)))), then SiLU.
class ConvBlock {
 public:
  void Read(const ModelFile& file, const std::string& name, int bins, int channels, int kernel) {
    gain_ = file.Copy(name + ".norm.weight", channels);
    offset_ = file.Copy(name + ".norm.bias", channels);
    first_ = ReadConvolution(file, name + ".first", channels, channels, kernel, 1);
    second_ = ReadConvolution(file, name + ".second", channels, channels, kernel, 1);
    MakeBins(&inner_, bins, channels);
    MakeBins(&outer_, bins, channels);
  }

  void operator()(Bins* x) {
    const int count = x->count * x->channels;
    double sum = 0.0, square = 0.0;
    for (int i = 0; i < count; ++i) sum += x->values[i];
    const double mean = sum / count;
    for (int i = 0; i < count; ++i) square += (x->values[i] - mean) * (x->values[i] - mean);
    const auto scale = static_cast<float>(1.0 / std::sqrt(square / count + kVarianceFloor));
    for (int bin = 0; bin < x->count; ++bin) {
      for (int c = 0; c < x->channels; ++c) {
        inner_.row(bin)[c] =
            (x->row(bin)[c] - static_cast<float>(mean)) * scale * gain_[c] + offset_[c];
      }
    }
    first_(inner_, outer_.values.data());
    Silu(outer_.values.data(), count);
    second_(outer_, inner_.values.data());
    for (int i = 0; i < count; ++i) x->values[i] += inner_.values[i];
    Silu(x->values.data(), count);
  }

 private:
  Floats gain_, offset_;
  BinConvolution first_, second_;
  Bins inner_, outer_;
};

struct Stage {
  BinConvolution convolution;
  ConvBlock block;
  Bins made;
};

// What a file says of the convolutions of a part.
struct Sizes {
  std::vector<int> channels;
  int kernel, stride;

  Sizes(const ModelFile& file, const std::string& part) {
    const Json& sizes = file.settings().At(part + "_sizes");
    for (const Json& count : sizes.At("channels").Items()) {
      channels.push_back(count.Whole("channels", 1, kMostChannels));
    }
    kernel = sizes.At("kernel_size").Whole("kernel_size", 1, kLongestKernel);
    stride = sizes.At("stride").Whole("stride", 1, kMostStride);
    if (channels.empty() || channels.size() > kMostStages) Refuse("has no stages to play");
  }
};

class ConvEncoder : public FrameEncoder {
 public:
  ConvEncoder(const ModelFile& file, int features, int beside) {
    const Sizes sizes(file, "encoder");
    MakeBins(&given_, features, 1 + beside);
    int bins = features, incoming = 1 + beside;
    for (std::size_t i = 0; i < sizes.channels.size(); ++i) {
      const std::string name = "encoder.stage" + std::to_string(i);
      const int outgoing = sizes.channels[i];
      Stage stage;
      stage.convolution = ReadConvolution(file, name + ".convolution", incoming, outgoing,
                                          sizes.kernel, sizes.stride);
      bins = stage.convolution.Count(bins);
      if (bins < 1) Refuse("has stages that leave nothing of a frame: export it again");
      MakeBins(&stage.made, bins, outgoing);
      stage.block.Read(file, name, bins, outgoing, 3);
      stages_.push_back(std::move(stage));
      incoming = outgoing;
    }
  }

  int feature_dim() const override {
    return stages_.back().made.count * stages_.back().made.channels;
  }

  void Features(const float* frames, int stride, int rows, float* features,
                int feature_stride) override {
    for (int r = 0; r < rows; ++r) {
      const float* const frame = frames + r * stride;
      for (int bin = 0; bin < given_.count; ++bin) {
        given_.row(bin)[0] = frame[bin];
        std::copy_n(frame + given_.count, given_.channels - 1, given_.row(bin) + 1);
      }
      const Bins* x = &given_;
      for (Stage& stage : stages_) {
        stage.convolution(*x, stage.made.values.data());
        stage.block(&stage.made);
        x = &stage.made;
      }
      float* to = features + r * feature_stride;  // a channel behind the other
      for (int c = 0; c < x->channels; ++c) {
        for (int bin = 0; bin < x->count; ++bin) *to++ = x->row(bin)[c];
      }
    }
  }

 private:
  Bins given_;
  std::vector<Stage> stages_;
};

class ConvDecoder : public FrameDecoder {
 public:
  ConvDecoder(const ModelFile& file, int inputs, int features, int outputs) : features_(features) {
    const Sizes sizes(file, "decoder");
    padding_ = sizes.stride / 2;
    std::int64_t scale = 1;
    for (std::size_t i = 0; i < sizes.channels.size(); ++i) {
      scale = std::min<std::int64_t>(scale * sizes.stride, kMostNumbers);
    }
    int bins = static_cast<int>((outputs + scale - 1) / scale), incoming = sizes.channels[0];
    MakeBins(&given_, bins, incoming);
    input_ = ReadLinear(file, "decoder.input", inputs, incoming * bins);
    seed_.Make(kRowsAtOnce, RoundUp(incoming * bins, Linear::kPadding));
    for (std::size_t i = 0; i < sizes.channels.size(); ++i) {
      const std::string name = "decoder.stage" + std::to_string(i);
      const int outgoing = i + 1 < sizes.channels.size() ? sizes.channels[i + 1] : 1;
      Stage stage;
      stage.block.Read(file, name, bins, incoming, sizes.kernel);
      stage.convolution =
          ReadTransposed(file, name + ".up", incoming, outgoing, sizes.stride);
      // Torch cuts the padding off at both ends.
      const int after = (bins - 1) * sizes.stride - 2 * padding_ + 2 * sizes.stride;
      MakeBins(&stage.made, after, outgoing);
      raw_ = std::max(raw_, (bins + 1) * sizes.stride * outgoing);
      stages_.push_back(std::move(stage));
      bins = after;
      incoming = outgoing;
    }
    if (bins < features) Refuse("has a decoder that makes no whole frame: export it again");
    uncut_.Make(raw_);
  }

  void Frames(const float* points, int stride, int rows, float* frames,
              int frame_stride) override {
    input_(points, stride, seed_[0], seed_.stride(), rows);
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < given_.channels; ++c) {
        for (int bin = 0; bin < given_.count; ++bin) {
          given_.row(bin)[c] = seed_[r][c * given_.count + bin];
        }
      }
      Bins* x = &given_;
      for (Stage& stage : stages_) {
        stage.block(x);
        stage.convolution(*x, uncut_.data());
        stage.made.values.Copy(uncut_.data() + padding_ * stage.made.channels,
                               stage.made.values.size());
        x = &stage.made;
      }
      std::memcpy(frames + r * frame_stride, x->values.data(), features_ * sizeof(float));
    }
  }

 private:
  int features_, padding_, raw_ = 0;
  Linear input_;
  Rows seed_;
  Bins given_;
  std::vector<Stage> stages_;
  Floats uncut_;
};

}  // namespace

std::unique_ptr<FrameEncoder> ReadConvEncoder(const ModelFile& file, int features, int beside) {
  return std::make_unique<ConvEncoder>(file, features, beside);
}

std::unique_ptr<FrameDecoder> ReadConvDecoder(const ModelFile& file, int inputs, int features,
                                              int outputs) {
  return std::make_unique<ConvDecoder>(file, inputs, features, outputs);
}

}  // namespace engine
