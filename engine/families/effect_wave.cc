// WaveNet at audio rate, as .nam files have it: see vschaos2/nets/wavenet.py.
//
// Of a layer, with sound and knobs u, z = conv(h) + U u, a = φ(z), h ← h + M a, s ← s + S a; of an
// array, its layers, then a head, s ← conv(s), that the next array's layers go on with.

#include <algorithm>
#include <cstring>

#include "base/refused.h"
#include "families/effect_net.h"
#include "families/layers_of_file.h"
#include "nn/bent.h"
#include "nn/dilated.h"

namespace engine {

namespace {

constexpr int kMostChannels = 1024, kMostLayers = 128, kLongestKernel = 256;
constexpr int kMostDilation = 1 << 16;
constexpr std::int64_t kMostRemembered = 1 << 22;  // numbers, by all layers of one sound

enum class Gate { kNone, kGated, kBlended };

struct WaveLayer {
  Dilated taps;
  Linear told, mix, skip;  // the last two of no outputs: as it is
  Bent bend, gate_bend;
  Gate gate = Gate::kNone;
};

struct WaveArray {
  int channels, bottleneck, heard;
  Linear input;
  std::vector<WaveLayer> layers;
  Dilated head;
};

// A layer that adds no constants.
Linear ReadMatrix(const ModelFile& file, const std::string& name, int inputs, int outputs) {
  Linear layer(inputs, outputs);
  layer.Place(file.Find(name + ".weight", {outputs, inputs, 1}), true, 0, inputs, 0, outputs);
  return layer;
}

class WaveNet : public EffectNet {
 public:
  ENGINE_ONCE WaveNet(const ModelFile& file, const EffectShape& shape);
  std::unique_ptr<EffectStream> Begun() const override;

 private:
  friend class WaveStream;

  ENGINE_ONCE void ReadArray(const ModelFile& file, const Json& row, const std::string& name,
                             int inputs);
  ENGINE_ONCE void ReadLayer(const ModelFile& file, const Json& row, const std::string& name,
                             WaveArray* array);
  ENGINE_ONCE void ReadTaps(const ModelFile& file, const std::string& name, int inputs, int outputs,
                            int kernel, int dilation, bool has_bias, Dilated* taps);

  const EffectShape shape_;
  const int told_;  // numbers that every layer is told
  float scale_ = 1.0f;
  std::vector<WaveArray> arrays_;
  std::vector<Dilated> behind_;  // behind all arrays, with an activation before each
  Bent bend_;
  int widest_ = 1;
  std::int64_t remembered_ = 0;
};

class WaveStream : public EffectStream {
 public:
  ENGINE_ONCE explicit WaveStream(const WaveNet* net);
  void Forget() override;
  void Play(const Rows& sound, const Rows& knobs, int count, Rows* made) override;

 private:
  void Run(int count, bool is_silent);
  void Convolve(const Dilated& taps, const Rows& x, int count, bool is_silent, Rows* y);
  void PlayLayer(const WaveArray& array, const WaveLayer& layer, int count, bool is_silent);

  const WaveNet* const net_;
  std::vector<Dilated::Past> pasts_;  // of all convolutions, in their order
  std::size_t at_ = 0;                // of the one to come
  Rows told_, h_, z_, bent_, said_, other_;  // of all samples that are worked out together
};

WaveNet::WaveNet(const ModelFile& file, const EffectShape& shape)
    : shape_(shape), told_(shape.channels + shape.knobs) {
  const Json& settings = file.settings();
  scale_ = static_cast<float>(settings.At("head_scale").Number());
  const std::vector<Json>& rows = settings.At("arrays").Items();
  if (rows.empty() || rows.size() > kMostLayers) Refuse("has too many arrays: export it again");
  int inputs = told_, outputs = 0;
  for (const Json& row : rows) {
    ReadArray(file, row, "arrays." + std::to_string(arrays_.size()), inputs);
    const WaveArray& array = arrays_.back();
    if (arrays_.size() > 1 && outputs != array.heard) {
      Refuse("has arrays that do not fit each other: export it again");
    }
    inputs = array.channels;
    outputs = array.head.outputs();
  }
  const Json& head = settings.At("head");
  if (!head.is_null()) {
    bend_.Read(head.At("bend"));
    const int channels = head.At("channels").Whole("channels", 1, kMostChannels);
    const std::vector<Json>& kernels = head.At("kernels").Items();
    if (kernels.empty() || kernels.size() > kMostLayers) {
      Refuse("has too long a head: export it again");
    }
    for (std::size_t place = 0; place < kernels.size(); ++place) {
      const int wide = place + 1 < kernels.size() ? channels : shape.outputs;
      behind_.emplace_back();
      ReadTaps(file, "heads.0.convs." + std::to_string(place), outputs, wide,
               kernels[place].Whole("kernels", 1, kLongestKernel), 1, true, &behind_.back());
      outputs = wide;
    }
  }
  if (outputs != shape.outputs) Refuse("has other outlets than its network: export it again");
}

void WaveNet::ReadTaps(const ModelFile& file, const std::string& name, int inputs, int outputs,
                       int kernel, int dilation, bool has_bias, Dilated* taps) {
  const std::string of = name + ".taps.";
  const float* const weights = file.Find(of + "weight", {outputs, inputs, kernel});
  remembered_ += std::int64_t(kernel) * dilation * inputs;
  if (remembered_ > kMostRemembered) Refuse("remembers more than the small engine has room for");
  taps->Make(inputs, outputs, kernel, dilation, kEffectSamples);
  taps->Place(weights, has_bias ? file.Find(of + "bias", {outputs}) : nullptr);
  widest_ = std::max({widest_, inputs, outputs});
}

void WaveNet::ReadArray(const ModelFile& file, const Json& row, const std::string& name,
                        int inputs) {
  const auto width = [&](const char* of) { return row.At(of).Whole(of, 1, kMostChannels); };
  arrays_.push_back({width("channels"), width("bottleneck"), width("heard"), {}, {}, {}});
  WaveArray* const array = &arrays_.back();
  array->input = ReadMatrix(file, name + ".input", inputs, array->channels);
  widest_ = std::max(widest_, inputs);
  const std::vector<Json>& layers = row.At("layers").Items();
  if (layers.empty() || layers.size() > kMostLayers) Refuse("has too many layers: export it again");
  for (const Json& layer : layers) {
    ReadLayer(file, layer, name + ".layers." + std::to_string(array->layers.size()), array);
  }
  ReadTaps(file, name + ".head", array->heard, width("head_channels"),
           row.At("head_kernel").Whole("head_kernel", 1, kLongestKernel), 1,
           row.At("head_bias").Truth(), &array->head);
}

void WaveNet::ReadLayer(const ModelFile& file, const Json& row, const std::string& name,
                        WaveArray* array) {
  array->layers.emplace_back();
  WaveLayer* const layer = &array->layers.back();
  const std::string& gate = row.At("gate").Text();
  if (gate != "none" && gate != "gated" && gate != "blended") {
    throw Refused("has a gate " + gate + ", which the small engine does not know");
  }
  layer->gate = gate == "none" ? Gate::kNone : gate == "gated" ? Gate::kGated : Gate::kBlended;
  const int inner = (layer->gate == Gate::kNone ? 1 : 2) * array->bottleneck;
  ReadTaps(file, name + ".conv", array->channels, inner,
           row.At("kernel").Whole("kernel", 1, kLongestKernel),
           row.At("dilation").Whole("dilation", 1, kMostDilation), true, &layer->taps);
  layer->told = ReadMatrix(file, name + ".told", told_, inner);
  layer->bend.Read(row.At("bend"));
  layer->gate_bend.Read(row.At("gate_bend"));
  const bool mixes = row.At("mixes").Truth(), skips = row.At("skips").Truth();
  if (mixes) layer->mix = ReadLinear(file, name + ".mix", array->bottleneck, array->channels);
  if (skips) layer->skip = ReadLinear(file, name + ".skip", array->bottleneck, array->heard);
  if ((!mixes && array->bottleneck != array->channels) ||
      (!skips && array->bottleneck != array->heard)) {
    Refuse("has layers whose widths do not fit: export it again");
  }
}

std::unique_ptr<EffectStream> WaveNet::Begun() const { return std::make_unique<WaveStream>(this); }

WaveStream::WaveStream(const WaveNet* net) : net_(net) {
  for (const WaveArray& array : net->arrays_) {
    for (const WaveLayer& layer : array.layers) pasts_.push_back(layer.taps.Begun());
    pasts_.push_back(array.head.Begun());
  }
  for (const Dilated& taps : net->behind_) pasts_.push_back(taps.Begun());
  told_.Make(kEffectSamples, net->told_);
  for (Rows* rows : {&h_, &z_, &bent_, &said_, &other_}) {
    rows->Make(kEffectSamples, RoundUp(net->widest_, Linear::kPadding));
  }
}

// What silence settles in, knobs in the middle.
void WaveStream::Forget() {
  told_.Zero();
  Run(1, true);
}

// The next convolution; in silence all its past is as this one sample.
void WaveStream::Convolve(const Dilated& taps, const Rows& x, int count, bool is_silent, Rows* y) {
  Dilated::Past* const past = &pasts_[at_++];
  if (is_silent) taps.Fill(x[0], past);
  taps(x, count, y, past);
}

void WaveStream::PlayLayer(const WaveArray& array, const WaveLayer& layer, int count,
                           bool is_silent) {
  const int width = array.bottleneck, inner = layer.taps.outputs();
  Convolve(layer.taps, h_, count, is_silent, &z_);
  layer.told(told_[0], told_.stride(), bent_[0], bent_.stride(), count);
  for (int t = 0; t < count; ++t) {
    float *const z = z_[t], *const bent = bent_[t];
    ForEach(inner, [&](int i) { Store(z + i, Load(z + i) + Load(bent + i)); });
    layer.bend(z, bent, width);
    if (layer.gate == Gate::kNone) continue;
    float* const share = other_[t];
    layer.gate_bend(z + width, share, width);
    const float blended = layer.gate == Gate::kBlended ? 1.0f : 0.0f;
    ForEach(width, [&](int i) {
      const Vector part = Load(share + i);
      Store(bent + i, part * Load(bent + i) + blended * ((1.0f - part) * Load(z + i)));
    });
  }
  const auto add = [&](const Linear& mixed, int to_width, Rows* to) {
    const Rows* from = &bent_;
    if (mixed.outputs() > 0) {
      mixed(bent_[0], bent_.stride(), z_[0], z_.stride(), count);
      from = &z_;
    }
    for (int t = 0; t < count; ++t) {
      float* const sum = (*to)[t];
      const float* const more = (*from)[t];
      ForEach(to_width, [&](int i) { Store(sum + i, Load(sum + i) + Load(more + i)); });
    }
  };
  add(layer.mix, array.channels, &h_);
  add(layer.skip, array.heard, &said_);
}

// What leaves of what is told, in said_.
void WaveStream::Run(int count, bool is_silent) {
  at_ = 0;
  const int heard = net_->arrays_.front().heard;
  for (int t = 0; t < count; ++t) std::memset(said_[t], 0, heard * sizeof(float));
  const Rows* from = &told_;
  for (const WaveArray& array : net_->arrays_) {
    array.input((*from)[0], from->stride(), z_[0], z_.stride(), count);
    std::swap(h_, z_);
    for (const WaveLayer& layer : array.layers) PlayLayer(array, layer, count, is_silent);
    Convolve(array.head, said_, count, is_silent, &other_);
    std::swap(said_, other_);
    from = &h_;
  }
  for (int t = 0; t < count; ++t) {
    for (int i = 0; i < net_->arrays_.back().head.outputs(); ++i) said_[t][i] *= net_->scale_;
  }
  for (const Dilated& taps : net_->behind_) {
    for (int t = 0; t < count; ++t) net_->bend_(said_[t], said_[t], taps.inputs());
    Convolve(taps, said_, count, is_silent, &other_);
    std::swap(said_, other_);
  }
}

void WaveStream::Play(const Rows& sound, const Rows& knobs, int count, Rows* made) {
  for (int t = 0; t < count; ++t) {
    float* const told = told_[t];
    for (int c = 0; c < net_->shape_.channels; ++c) told[c] = sound[c][t];
    for (int k = 0; k < net_->shape_.knobs; ++k) told[net_->shape_.channels + k] = knobs[k][t];
  }
  Run(count, false);
  for (int o = 0; o < net_->shape_.outputs; ++o) {
    for (int t = 0; t < count; ++t) (*made)[o][t] = said_[t][o];
  }
}

}  // namespace

std::unique_ptr<EffectNet> ReadWaveNet(const ModelFile& file, const EffectShape& shape) {
  return std::make_unique<WaveNet>(file, shape);
}

}  // namespace engine
