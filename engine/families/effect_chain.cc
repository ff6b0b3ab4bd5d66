// Processors in series, each with its controller: see vschaos2/processors/chain.py and glide.py.

#include <algorithm>
#include <cmath>

#include "base/refused.h"
#include "families/chain_controller.h"
#include "families/chain_processors.h"
#include "families/effect_net.h"

namespace engine {

namespace {

constexpr int kMostProcessors = 64, kLongestGlide = 4096, kMostPresets = 1000;

class ChainNet : public EffectNet {
 public:
  ChainNet(const ModelFile& file, const EffectShape& shape);
  std::unique_ptr<EffectStream> Begun() const override;
  int presets() const override { return presets_; }
  void Choose(int first, int second, double morph) override;

 private:
  friend class ChainStream;

  void ReadPresets(const ModelFile& file);
  // A number of a preset is the sum of two floats.
  double Raw(int preset, std::size_t value) const {
    const std::size_t at = std::size_t(preset) * raw_.size() + value;
    return double(given_[at]) + double(given_[at + raw_.size() * std::size_t(presets_)]);
  }

  const EffectShape shape_;
  std::vector<ProcessorPlan> plans_;
  std::vector<Controller> controllers_;
  int values_ = 0;               // of all processors
  std::vector<double> weights_;  // of a glide, the oldest sub-block first
  int presets_ = 0;
  Floats given_;             // of all presets
  std::vector<double> raw_;  // where it stands between them
};

class ChainStream : public EffectStream {
 public:
  explicit ChainStream(const ChainNet* net);
  void Forget() override;
  void Play(const Rows& sound, const Rows& knobs, int count, Rows* made) override;
  void Hold(int setting, double value) override {
    held_[setting] = 1.0;
    values_[setting] = value;
  }
  void Release(int setting) override { held_[setting] = 0.0; }

 private:
  void Glide(const Rows& knobs);

  const ChainNet* const net_;
  std::vector<std::unique_ptr<Processor>> processors_;
  std::vector<Controller::Past> pasts_;
  std::vector<double> held_, values_;  // of each value, whether it is held, and where
  std::vector<double> targets_, moved_;  // knobs, whether values are held, and where
  std::vector<double> history_;  // targets of the sub-blocks before, the oldest first
  bool has_begun_ = false;
  std::vector<double> ends_;  // of one processor
};

ChainNet::ChainNet(const ModelFile& file, const EffectShape& shape) : shape_(shape) {
  const Json& settings = file.settings();
  const double rate_hz = settings.At("rate_hz").Number();
  const std::vector<Json>& rows = settings.At("processors").Items();
  if (rows.empty() || rows.size() > kMostProcessors) {
    Refuse("has a chain of no processors, or of more than any");
  }
  controllers_.resize(rows.size());
  int channels = shape.channels;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const std::string number = std::to_string(n);
    controllers_[n].Read(file, rows[n].At("controller"), "controllers." + number + ".adds",
                         shape.knobs);
    plans_.push_back(ReadPlan(file, rows[n], "processors." + number, rate_hz, channels,
                              controllers_[n].count()));
    values_ += controllers_[n].count();
    channels = plans_.back().outputs;
  }
  if (channels != shape.outputs) Refuse("has a chain that makes other channels than it says");
  if (settings.At("net").Text() == "Collection") {
    ReadPresets(file);
  } else if (static_cast<int>(settings.At("settings").Items().size()) != values_) {
    Refuse("has settings that are not its values: export it again");
  }
  for (const Controller& controller : controllers_) {
    if (controller.is_placed() != (presets_ > 0)) {
      Refuse("has a controller that hears no presets, or hears some where there are none");
    }
  }
  const int length = settings.At("glide").Whole("glide", 2, kLongestGlide);
  for (int i = length - 1; i >= 0; --i) {
    const auto risen = [&](int at) { return 0.5 - 0.5 * std::cos(kPi * at / length); };
    weights_.push_back(risen(i + 1) - risen(i));
  }
}

ENGINE_ONCE void ChainNet::ReadPresets(const ModelFile& file) {
  presets_ = file.settings().At("presets").Whole("presets", 1, kMostPresets + 1);
  const float* const from = file.Find("presets", {2, presets_, values_});
  raw_.resize(static_cast<std::size_t>(values_));
  given_.Make(2 * raw_.size() * std::size_t(presets_));
  given_.Copy(from, given_.size());
  Choose(0, 0, 0.0);
}

void ChainNet::Choose(int first, int second, double morph) {
  for (std::size_t v = 0; v < raw_.size(); ++v) {
    const double begun = Raw(first, v);
    raw_[v] = begun + morph * (Raw(second, v) - begun);
  }
}

std::unique_ptr<EffectStream> ChainNet::Begun() const {
  return std::make_unique<ChainStream>(this);
}

ChainStream::ChainStream(const ChainNet* net) : net_(net) {
  std::size_t most = 1;
  for (std::size_t n = 0; n < net->plans_.size(); ++n) {
    processors_.push_back(MakeProcessor(net->plans_[n]));
    pasts_.push_back(net->controllers_[n].Begun());
    most = std::max(most, static_cast<std::size_t>(net->plans_[n].values));
  }
  const auto values = static_cast<std::size_t>(net->values_);
  held_.resize(values);
  values_.resize(values);
  targets_.resize(net->shape_.knobs + 2 * values + net->raw_.size());
  moved_.resize(targets_.size());
  history_.resize(targets_.size() * (net->weights_.size() - 1));
  ends_.resize(most);
}

void ChainStream::Forget() {
  has_begun_ = false;
  for (const auto& processor : processors_) processor->Forget();
  for (Controller::Past& past : pasts_) Controller::Forget(&past);
}

// Leaves what the targets have become at the end of the sub-block; the first are met at once.
void ChainStream::Glide(const Rows& knobs) {
  const int told = net_->shape_.knobs, values = net_->values_;
  for (int k = 0; k < told; ++k) targets_[k] = knobs[k][kSubBlock - 1];
  for (int v = 0; v < values; ++v) {
    targets_[told + v] = held_[v];
    targets_[told + values + v] = held_[v] * values_[v];
  }
  std::copy(net_->raw_.begin(), net_->raw_.end(), targets_.begin() + told + 2 * values);
  const std::size_t count = targets_.size(), length = net_->weights_.size();
  if (!has_begun_) {
    for (std::size_t i = 0; i + 1 < length; ++i) {
      std::copy(targets_.begin(), targets_.end(), history_.begin() + i * count);
    }
    has_begun_ = true;
  }
  for (std::size_t p = 0; p < count; ++p) {
    // Differences from the newest: what stands still comes out as it went in.
    double away = 0.0;
    for (std::size_t i = 0; i + 1 < length; ++i) {
      away += (history_[i * count + p] - targets_[p]) * net_->weights_[i];
    }
    moved_[p] = targets_[p] + away;
  }
  std::copy(history_.begin() + count, history_.end(), history_.begin());
  std::copy(targets_.begin(), targets_.end(), history_.end() - count);
}

void ChainStream::Play(const Rows& sound, const Rows& knobs, int, Rows* made) {
  for (int c = 0; c < net_->shape_.channels; ++c) std::copy_n(sound[c], kSubBlock, (*made)[c]);
  Glide(knobs);
  const double* const held = moved_.data() + net_->shape_.knobs;
  const double* const at = held + net_->values_;
  const double* const raw = at + net_->values_;
  int first = 0;
  for (std::size_t n = 0; n < processors_.size(); ++n) {
    const Controller& controller = net_->controllers_[n];
    const int channels = net_->plans_[n].channels;
    controller(*made, channels, moved_.data(), raw + first, ends_.data(), &pasts_[n]);
    for (int v = 0; v < controller.count(); ++v) {
      const double share = held[first + v];
      ends_[v] = (1.0 - share) * ends_[v] + at[first + v];
    }
    first += controller.count();
    processors_[n]->Play(ends_.data(), made);
  }
}

}  // namespace

std::unique_ptr<EffectNet> ReadChainNet(const ModelFile& file, const EffectShape& shape) {
  return std::make_unique<ChainNet>(file, shape);
}

}  // namespace engine
