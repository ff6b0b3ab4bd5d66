// Recurrent networks at audio rate: see vschaos2/nets/audio_recurrent.py.

#include <cstring>

#include "base/refused.h"
#include "families/layers_of_file.h"
#include "families/effect_net.h"
#include "families/effect_told.h"
#include "nn/recurrent.h"

namespace engine {

namespace {

constexpr int kMostUnits = 1024, kMostLayers = 32;

// The sound itself, as the channel of an output has it: see as_channels of audio_rate.py.
void AddChannel(const Rows& sound, int channels, int output, int outputs, int count, float* y) {
  if (channels <= outputs) {
    const float* const x = sound[channels == outputs ? output : 0];
    for (int t = 0; t < count; ++t) y[t] += x[t];
  } else {
    for (int t = 0; t < count; ++t) y[t] += 0.5f * (sound[0][t] + sound[1][t]);
  }
}

class RecurrentNet : public EffectNet {
 public:
  RecurrentNet(const ModelFile& file, const EffectShape& shape, Recurrent::Kind kind);
  std::unique_ptr<EffectStream> Begun() const override;

 private:
  friend class RecurrentStream;

  const EffectShape shape_;
  bool skips_ = false;
  Conditioning conditioning_;
  Recurrent units_;
  Linear readout_;
  Floats first_units_, first_cells_;  // of a network that begins as it has learnt, every layer's
};

class RecurrentStream : public EffectStream {
 public:
  explicit RecurrentStream(const RecurrentNet* net);
  void Forget() override;
  void Play(const Rows& sound, const Rows& knobs, int count, Rows* made) override;

 private:
  const RecurrentNet* const net_;
  Recurrent::Memory memory_;
  Conditioning::Past past_;
  Floats heard_, told_;  // of a sample
  Rows units_, said_;     // of all samples that are worked out together
};

RecurrentNet::RecurrentNet(const ModelFile& file, const EffectShape& shape, Recurrent::Kind kind)
    : shape_(shape) {
  const Json& settings = file.settings();
  const int hidden = settings.At("hidden_dims").Whole("hidden_dims", 1, kMostUnits);
  const int layers = settings.At("layers").Whole("layers", 1, kMostLayers);
  skips_ = settings.At("skip").Truth();
  conditioning_.Read(file, shape);
  if (conditioning_.is_film() || conditioning_.is_temporal_film()) {
    throw Refused("has recurrent layers told by " + conditioning_.name() +
                  ", which the small engine does not know");
  }
  ReadRecurrent(file, "units", kind, conditioning_.heard(), hidden, layers, &units_);
  readout_ = ReadLinear(file, "readout", hidden, shape.outputs);
  if (file.Has("first") && kind == Recurrent::Kind::kLstm) {
    const float* const first = file.Find("first", {2 * layers * hidden});
    first_units_.Make(std::size_t(layers) * hidden);
    first_cells_.Make(std::size_t(layers) * hidden);
    first_units_.Copy(first, first_units_.size());
    first_cells_.Copy(first + layers * hidden, first_cells_.size());
  }
}

std::unique_ptr<EffectStream> RecurrentNet::Begun() const {
  return std::make_unique<RecurrentStream>(this);
}

RecurrentStream::RecurrentStream(const RecurrentNet* net) : net_(net) {
  memory_ = net->units_.Begun();
  past_ = net->conditioning_.Begun();
  heard_.Make(net->units_.inputs(0));
  told_.Make(net->conditioning_.told());
  units_.Make(kEffectSamples, net->units_.hidden());
  said_.Make(kEffectSamples, RoundUp(net->shape_.outputs, Linear::kPadding));
  Forget();
}

void RecurrentStream::Forget() {
  Recurrent::Forget(&memory_);
  Conditioning::Forget(&past_);
  const int hidden = net_->units_.hidden();
  if (net_->first_units_.size() == 0) return;
  for (int layer = 0; layer < net_->units_.layers(); ++layer) {
    const std::size_t bytes = hidden * sizeof(float);
    std::memcpy(net_->units_.units(&memory_, layer), net_->first_units_.data() + layer * hidden,
                bytes);
    std::memcpy(memory_.cells[layer].data(), net_->first_cells_.data() + layer * hidden, bytes);
  }
}

void RecurrentStream::Play(const Rows& sound, const Rows& knobs, int count, Rows* made) {
  const EffectShape& shape = net_->shape_;
  float* const heard = heard_.data();
  for (int t = 0; t < count; ++t) {
    net_->conditioning_.Next(sound, knobs, t, heard, told_.data(), &past_);
    const float* const units = net_->units_.Step(heard, &memory_);
    std::memcpy(units_[t], units, net_->units_.hidden() * sizeof(float));
  }
  net_->readout_(units_[0], units_.stride(), said_[0], said_.stride(), count);
  for (int o = 0; o < shape.outputs; ++o) {
    float* const y = (*made)[o];
    for (int t = 0; t < count; ++t) y[t] = said_[t][o];
    if (net_->skips_) AddChannel(sound, shape.channels, o, shape.outputs, count, y);
  }
}

}  // namespace

std::unique_ptr<EffectNet> ReadRecurrentNet(const ModelFile& file, const EffectShape& shape,
                                            bool is_lstm) {
  return std::make_unique<RecurrentNet>(
      file, shape, is_lstm ? Recurrent::Kind::kLstm : Recurrent::Kind::kGru);
}

}  // namespace engine
