// Layers one behind the other: see vschaos2/nets/layered.py, audio_conv.py and state_space.py.
//
//     TCN  h ← h + W tanh(conv(h))                   GCN  h ← h + W tanh(conv₁(h)) σ(conv₂(h))
//     SSM  h ← h + W tanh(a) σ(b), a and b of the states that h drives

#include <algorithm>
#include <cstring>

#include "base/refused.h"
#include "families/layers_of_file.h"
#include "families/effect_net.h"
#include "families/effect_told.h"
#include "nn/dilated.h"
#include "nn/state_space.h"

namespace engine {

namespace {

constexpr int kMostChannels = 1024, kMostLayers = 33, kMostKernel = 64, kMostStates = 256;
constexpr int kMostDilation = 1 << 20;
constexpr std::int64_t kMostRemembered = 1 << 22;  // numbers, by all layers of one sound

struct Layer {
  Dilated taps;
  StateSpace states;
  Linear spread;
  Film film;
  Linear mix;
};

struct LayerPast {
  Dilated::Past taps;
  StateSpace::Past states;
  Film::Past film;
};

class LayeredNet : public EffectNet {
 public:
  ENGINE_ONCE LayeredNet(const ModelFile& file, const EffectShape& shape, const std::string& kind);
  std::unique_ptr<EffectStream> Begun() const override;

 private:
  friend class LayeredStream;

  ENGINE_ONCE void ReadTaps(const ModelFile& file, const std::string& name, int dilation, Layer* layer);
  ENGINE_ONCE void ReadStates(const ModelFile& file, const std::string& name, int count, Layer* layer);

  const EffectShape shape_;
  const bool is_gated_, has_states_;
  int width_ = 0, inner_ = 0;
  Conditioning conditioning_;
  Linear input_, readout_;
  std::vector<Layer> layers_;
};

class LayeredStream : public EffectStream {
 public:
  ENGINE_ONCE explicit LayeredStream(const LayeredNet* net);
  void Forget() override;
  void Play(const Rows& sound, const Rows& knobs, int count, Rows* made) override;

 private:
  void PlayLayer(const Layer& layer, int count, LayerPast* past);
  void Bend(const float* said, float* bent) const;

  const LayeredNet* const net_;
  Conditioning::Past past_;
  std::vector<LayerPast> pasts_;
  Rows heard_, told_, h_, said_, bent_, mixed_;  // of all samples that are worked out together
};

LayeredNet::LayeredNet(const ModelFile& file, const EffectShape& shape, const std::string& kind)
    : shape_(shape), is_gated_(kind != "TCN"), has_states_(kind == "SSM") {
  const Json& settings = file.settings();
  width_ = settings.At("hidden_dims").Whole("hidden_dims", 1, kMostChannels);
  inner_ = is_gated_ ? 2 * width_ : width_;
  conditioning_.Read(file, shape);
  input_ = ReadLinear(file, "input", conditioning_.heard(), width_);
  const std::vector<Json>* const dilations =
      has_states_ ? nullptr : &settings.At("dilations").Items();
  const int count = dilations ? static_cast<int>(std::min<std::size_t>(dilations->size(), 1000))
                              : settings.At("layers").Whole("layers", 1, kMostLayers);
  if (count < 1 || count > kMostLayers) Refuse("has too many layers: export it again");
  const int states = has_states_ ? settings.At("n_states").Whole("n_states", 1, kMostStates) : 0;
  layers_.resize(static_cast<std::size_t>(count));
  std::int64_t remembered = 0;
  for (int place = 0; place < count; ++place) {
    Layer* const layer = &layers_[place];
    const std::string name = "layers." + std::to_string(place);
    if (has_states_) {
      ReadStates(file, name, states, layer);
    } else {
      const int dilation = (*dilations)[place].Whole("dilations", 1, kMostDilation);
      const int kernel = settings.At("kernel").Whole("kernel", 2, kMostKernel);
      remembered += std::int64_t(kernel) * dilation * width_;
      if (remembered > kMostRemembered) {
        Refuse("remembers more than the small engine has room for");
      }
      ReadTaps(file, name, dilation, layer);
    }
    layer->film.Read(file, name + ".film", conditioning_, inner_);
    layer->mix = ReadLinear(file, name + ".mix", width_, width_);
  }
  readout_ = ReadLinear(file, "readout", width_, shape.outputs);
}

void LayeredNet::ReadTaps(const ModelFile& file, const std::string& name, int dilation,
                          Layer* layer) {
  const int kernel = file.settings().At("kernel").Whole("kernel", 2, kMostKernel);
  const float* const weight = file.Find(name + ".taps.weight", {inner_, width_, kernel});
  layer->taps.Make(width_, inner_, kernel, dilation, kEffectSamples);
  layer->taps.Place(weight, file.Find(name + ".taps.bias", {inner_}));
}

void LayeredNet::ReadStates(const ModelFile& file, const std::string& name, int count,
                            Layer* layer) {
  const auto find = [&](const char* of, std::initializer_list<int> shape) {
    return file.Find(name + ".states." + of, shape);
  };
  const auto all = {width_, count};
  layer->states.Make(width_, count, find("log_step", {width_}), find("log_decay", all),
                     find("turns", all), find("read_real", all), find("read_imag", all),
                     find("direct", {width_}));
  layer->spread = ReadLinear(file, name + ".spread", width_, inner_);
}

std::unique_ptr<EffectStream> LayeredNet::Begun() const {
  return std::make_unique<LayeredStream>(this);
}

LayeredStream::LayeredStream(const LayeredNet* net) : net_(net) {
  past_ = net->conditioning_.Begun();
  for (const Layer& layer : net->layers_) {
    LayerPast past;
    if (net->has_states_) {
      past.states = layer.states.Begun();
    } else {
      past.taps = layer.taps.Begun();
    }
    past.film = layer.film.Begun();
    pasts_.push_back(std::move(past));
  }
  heard_.Make(kEffectSamples, net->conditioning_.heard());
  told_.Make(kEffectSamples, net->conditioning_.told());
  const int width = RoundUp(net->width_, Linear::kPadding);
  for (Rows* rows : {&h_, &bent_, &mixed_}) rows->Make(kEffectSamples, width);
  said_.Make(kEffectSamples, RoundUp(std::max(net->inner_, net->shape_.outputs), Linear::kPadding));
}

void LayeredStream::Forget() {
  Conditioning::Forget(&past_);
  for (std::size_t place = 0; place < pasts_.size(); ++place) {
    LayerPast* const past = &pasts_[place];
    Dilated::Forget(&past->taps);
    std::fill(past->states.begin(), past->states.end(), 0.0);
    net_->layers_[place].film.Forget(&past->film);
  }
}

void LayeredStream::Bend(const float* said, float* bent) const {
  if (!net_->is_gated_) {
    ForEach(net_->width_, [&](int i) { Store(bent + i, HyperbolicTangent(Load(said + i))); });
    return;
  }
  const float* const gate = said + net_->width_;
  ForEach(net_->width_, [&](int i) {
    Store(bent + i, HyperbolicTangent(Load(said + i)) * Sigmoid(Load(gate + i)));
  });
}

void LayeredStream::PlayLayer(const Layer& layer, int count, LayerPast* past) {
  if (net_->has_states_) {
    for (int t = 0; t < count; ++t) layer.states(h_[t], bent_[t], &past->states);
    layer.spread(bent_[0], bent_.stride(), said_[0], said_.stride(), count);
  } else {
    layer.taps(h_, count, &said_, &past->taps);
  }
  for (int t = 0; t < count; ++t) {
    layer.film(told_[t], said_[t], &past->film);
    Bend(said_[t], bent_[t]);
  }
  layer.mix(bent_[0], bent_.stride(), mixed_[0], mixed_.stride(), count);
  for (int t = 0; t < count; ++t) {
    float *const h = h_[t], *const mixed = mixed_[t];
    ForEach(net_->width_, [&](int i) { Store(h + i, Load(h + i) + Load(mixed + i)); });
  }
}

void LayeredStream::Play(const Rows& sound, const Rows& knobs, int count, Rows* made) {
  for (int t = 0; t < count; ++t) {
    net_->conditioning_.Next(sound, knobs, t, heard_[t], told_[t], &past_);
  }
  net_->input_(heard_[0], heard_.stride(), h_[0], h_.stride(), count);
  for (std::size_t place = 0; place < pasts_.size(); ++place) {
    PlayLayer(net_->layers_[place], count, &pasts_[place]);
  }
  net_->readout_(h_[0], h_.stride(), said_[0], said_.stride(), count);
  for (int o = 0; o < net_->shape_.outputs; ++o) {
    for (int t = 0; t < count; ++t) (*made)[o][t] = said_[t][o];
  }
}

}  // namespace

std::unique_ptr<EffectNet> ReadLayeredNet(const ModelFile& file, const EffectShape& shape,
                                          const std::string& kind) {
  return std::make_unique<LayeredNet>(file, shape, kind);
}

}  // namespace engine
