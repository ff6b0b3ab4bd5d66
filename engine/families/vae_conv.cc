// Convolutions over frequency: see vschaos2/nets/encoders.py, decoders.py, layers.py.
//
// A frame is rows, one for each bin, of channels: a convolution is a product of each row with its
// neighbours beside it.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/refused.h"
#include "families/layers_of_file.h"
#include "families/vae_parts.h"
#include "nn/layers.h"
#include "nn/linear.h"

namespace engine {

namespace {

constexpr int kMostStages = 64, kMostChannels = 65536, kLongestKernel = 999, kMostStride = 64;
constexpr int kMostNumbers = 1 << 22;  // of a frame at any stage
constexpr float kVarianceFloor = 1e-5f;

// Rows of so many channels, one behind the other.
struct Bins {
  int count = 0, channels = 0;
  Floats values;

  void Make(int bins, int of_each) {
    if (std::int64_t(bins) * of_each > kMostNumbers) {
      throw Refused("has convolutions that would need too much memory");
    }
    count = bins;
    channels = of_each;
    values.Make(std::size_t(bins) * of_each);
  }
  float* row(int bin) { return values.data() + std::size_t(bin) * channels; }
  const float* row(int bin) const { return values.data() + std::size_t(bin) * channels; }
};

// y[q] = Σ_k W_k x[q stride - padding + k] + b; outside there are zeros.
class Convolution {
 public:
  // Torch's weights [outputs][inputs][kernel].
  void Read(const ModelFile& file, const std::string& name, int inputs, int outputs, int kernel,
            int stride, int padding) {
    kernel_ = kernel;
    stride_ = stride;
    padding_ = padding;
    const float* const from = file.Find(name + ".weight", {outputs, inputs, kernel});
    Floats row(std::size_t(kernel) * inputs);
    taps_.Make(kernel * inputs, outputs);
    for (int o = 0; o < outputs; ++o) {
      for (int i = 0; i < inputs; ++i) {
        for (int k = 0; k < kernel; ++k) {
          row[std::size_t(k) * inputs + i] = from[(std::size_t(o) * inputs + i) * kernel + k];
        }
      }
      taps_.Place(row.data(), true, 0, kernel * inputs, o, 1);
    }
    taps_.AddBias(file.Find(name + ".bias", {outputs}), 0, outputs);
    MakeRoom(inputs);
  }

  // Torch's weights of a transposed convolution [inputs][outputs][2 stride]: a row and the one
  // before it make `stride` rows of `outputs`, the first of them `padding` before the row's own.
  void ReadTransposed(const ModelFile& file, const std::string& name, int inputs, int outputs,
                      int stride) {
    kernel_ = 2;
    stride_ = padding_ = 1;
    const float* const from = file.Find(name + ".weight", {inputs, outputs, 2 * stride});
    const float* const bias = file.Find(name + ".bias", {outputs});
    Floats row(std::size_t(2) * inputs);
    taps_.Make(2 * inputs, stride * outputs);
    for (int k = 0; k < stride; ++k) {
      for (int o = 0; o < outputs; ++o) {
        for (int i = 0; i < inputs; ++i) {
          const float* const of = from + (std::size_t(i) * outputs + o) * 2 * stride;
          row[i] = of[k + stride];
          row[inputs + i] = of[k];
        }
        taps_.Place(row.data(), true, 0, 2 * inputs, k * outputs + o, 1);
        taps_.AddBias(bias + o, k * outputs + o, 1);
      }
    }
    MakeRoom(inputs);
  }

  int Count(int bins) const { return (bins + 2 * padding_ - kernel_) / stride_ + 1; }

  // Rows of x → Count rows of outputs, one behind the other.
  void operator()(const Bins& x, float* y) {
    const int count = Count(x.count), inputs = taps_.inputs() / kernel_;
    for (int q = 0; q < count; q += kRowsAtOnce) {
      const int rows = std::min(kRowsAtOnce, count - q);
      for (int r = 0; r < rows; ++r) {
        for (int k = 0; k < kernel_; ++k) {
          const int bin = (q + r) * stride_ - padding_ + k;
          float* const to = given_[r] + k * inputs;
          if (bin >= 0 && bin < x.count) {
            std::memcpy(to, x.row(bin), inputs * sizeof(float));
          } else {
            std::fill_n(to, inputs, 0.0f);
          }
        }
      }
      taps_(given_[0], given_.stride(), made_[0], made_.stride(), rows);
      for (int r = 0; r < rows; ++r, y += taps_.outputs()) {
        std::memcpy(y, made_[r], taps_.outputs() * sizeof(float));
      }
    }
  }

 private:
  void MakeRoom(int inputs) {
    given_.Make(kRowsAtOnce, kernel_ * inputs);
    made_.Make(kRowsAtOnce, RoundUp(taps_.outputs(), Linear::kPadding));
  }

  int kernel_ = 1, stride_ = 1, padding_ = 0;
  Linear taps_;
  Rows given_, made_;
};

// x + Conv(SiLU(Conv(GroupNorm(x)))), then SiLU.
class ConvBlock {
 public:
  void Read(const ModelFile& file, const std::string& name, int bins, int channels, int kernel) {
    gain_ = file.Copy(name + ".norm.weight", channels);
    offset_ = file.Copy(name + ".norm.bias", channels);
    first_.Read(file, name + ".first", channels, channels, kernel, 1, kernel / 2);
    second_.Read(file, name + ".second", channels, channels, kernel, 1, kernel / 2);
    inner_.Make(bins, channels);
    outer_.Make(bins, channels);
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
  Convolution first_, second_;
  Bins inner_, outer_;
};

struct Stage {
  Convolution convolution;
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
    if (channels.empty() || channels.size() > kMostStages) throw Refused("has no stages to play");
  }
};

class ConvEncoder : public FrameEncoder {
 public:
  ConvEncoder(const ModelFile& file, int features, int beside) {
    const Sizes sizes(file, "encoder");
    given_.Make(features, 1 + beside);
    int bins = features, incoming = 1 + beside;
    for (std::size_t i = 0; i < sizes.channels.size(); ++i) {
      const std::string name = "encoder.stage" + std::to_string(i);
      const int outgoing = sizes.channels[i];
      Stage stage;
      stage.convolution.Read(file, name + ".convolution", incoming, outgoing, sizes.kernel,
                             sizes.stride, sizes.kernel / 2);
      bins = stage.convolution.Count(bins);
      if (bins < 1) throw Refused("has stages that leave nothing of a frame: export it again");
      stage.made.Make(bins, outgoing);
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
    given_.Make(bins, incoming);
    input_ = ReadLinear(file, "decoder.input", inputs, incoming * bins);
    seed_.Make(kRowsAtOnce, RoundUp(incoming * bins, Linear::kPadding));
    for (std::size_t i = 0; i < sizes.channels.size(); ++i) {
      const std::string name = "decoder.stage" + std::to_string(i);
      const int outgoing = i + 1 < sizes.channels.size() ? sizes.channels[i + 1] : 1;
      Stage stage;
      stage.block.Read(file, name, bins, incoming, sizes.kernel);
      stage.convolution.ReadTransposed(file, name + ".up", incoming, outgoing, sizes.stride);
      // Torch cuts the padding off at both ends.
      const int after = (bins - 1) * sizes.stride - 2 * padding_ + 2 * sizes.stride;
      stage.made.Make(after, outgoing);
      raw_ = std::max(raw_, (bins + 1) * sizes.stride * outgoing);
      stages_.push_back(std::move(stage));
      bins = after;
      incoming = outgoing;
    }
    if (bins < features) throw Refused("has a decoder that makes no whole frame: export it again");
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
