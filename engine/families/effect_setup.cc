// An effect as a file has it.

#include <algorithm>
#include <iterator>

#include "base/refused.h"
#include "families/effect.h"

namespace engine {

namespace {

constexpr int kMostChannels = 2, kMostKnobs = 64, kFastestRate = 1500000, kMostRates = 8;
constexpr double kLongestGlideMs = 500.0;
constexpr const char* kLevelNames[] = {"mix", "input_db", "output_db", "bypass"};

}  // namespace

Effect::Effect(const ModelFile& file, const std::vector<std::string>& methods, int voices) {
  const Json& settings = file.settings();
  shape_.channels = settings.At("channels").Whole("channels", 1, kMostChannels);
  shape_.outputs = settings.At("outputs").Whole("outputs", 1, kMostChannels);
  for (const Json& name : settings.At("knobs").Items()) glides_.push_back(name.Text());
  shape_.knobs = static_cast<int>(glides_.size());
  if (shape_.knobs > kMostKnobs) Refuse("has more knobs than any effect: export it again");
  glides_.insert(glides_.end(), std::begin(kLevelNames), std::end(kLevelNames));
  if (shape_.knobs > 0) {
    lowest_ = file.Copy("lowest", shape_.knobs);
    highest_ = file.Copy("highest", shape_.knobs);
    for (int k = 0; k < shape_.knobs; ++k) {
      if (!(lowest_[k] < highest_[k])) Refuse("has a knob without a range: export it again");
    }
  }
  input_gain_ = *file.Find("input_gain", {});
  output_gain_ = *file.Find("output_gain", {});
  is_physical_ = settings.At("is_physical").Truth();
  glides_itself_ = settings.At("glides").Truth();
  greatest_ = static_cast<float>(settings.At("greatest").Number());
  goal_.Make(glides_.size());
  const std::string& kind = settings.At("net").Text();
  if (kind == "LSTM" || kind == "GRU") {
    net_ = ReadRecurrentNet(file, shape_, kind == "LSTM");
  } else if (kind == "TCN" || kind == "GCN" || kind == "SSM") {
    net_ = ReadLayeredNet(file, shape_, kind);
  } else if (kind == "WaveNet") {
    net_ = ReadWaveNet(file, shape_);
  } else if (kind == "Chain" || kind == "Collection") {
    net_ = ReadChainNet(file, shape_);
    for (const Json& name : settings.At("settings").Items()) settings_.push_back(name.Text());
    for (const Json& value : settings.At("learnt").Items()) learnt_.push_back(value.Number());
    if (learnt_.size() != settings_.size()) Refuse("does not say where its settings stand");
    if (file.about().Whole("block_samples") % kEffectSamples != 0) {
      Refuse("has blocks that a chain cannot be played in: export it again");
    }
  } else {
    throw Refused("has a network of the kind " + kind + ", which the small engine does not know");
  }
  const Json& shapes = file.about().At("methods");
  for (const std::string& name : methods) {
    const bool modulates = name == "modulate" && shape_.knobs > 0;
    if (!modulates && name != "forward") {
      throw Refused("has the method " + name + ", which the small engine does not know");
    }
    const Json& row = shapes.At(name);
    const int inlets = shape_.channels + (modulates ? shape_.knobs : 0);
    if (row.Whole("inlets") != inlets || row.Whole("outlets") != shape_.outputs ||
        row.Whole("in_ratio") != 1 || row.Whole("out_ratio") != 1) {
      throw Refused(name + " has other channels than the small engine plays");
    }
    modulates_.push_back(modulates);
  }
  paths_.resize(methods.size() * static_cast<std::size_t>(voices));
  for (EffectPath& path : paths_) {
    path.stream = net_->Begun();
    path.origins.Make(glides_.size());
  }
  ReadRates(settings);
  moving_.Make(static_cast<int>(glides_.size()), kEffectSamples);
  sound_.Make(shape_.channels, kEffectSamples);
  knobs_.Make(shape_.knobs, kEffectSamples);
  for (Rows* rows : {&dry_, &wet_}) rows->Make(shape_.outputs, kEffectSamples);
}

void Effect::ReadRates(const Json& settings) {
  rate_hz_ = settings.At("rate_hz").Whole("rate_hz", 1, kFastestRate);
  glide_ms_ = settings.At("glide_ms").Number();
  if (!(glide_ms_ >= 0.0 && glide_ms_ <= kLongestGlideMs)) Refuse("glides for too long");
  const int block = settings.At("block").Whole("block", 1, kEffectSamples);
  const std::string& net = settings.At("net").Text();
  if ((net == "Chain" || net == "Collection") && block != kEffectSamples) {
    Refuse("has blocks that a chain cannot be played in: export it again");
  }
  const auto& rates = settings.At("host_rates_hz").Items();
  if (rates.size() > kMostRates) Refuse("has more rates than anybody could choose");
  int longest = rate_hz_, heard = 0, made = 0;
  for (const Json& rate : rates) {
    const int hz = rate.Whole("host_rates_hz", 1, kFastestRate);
    if (hz == rate_hz_) continue;
    bridges_.emplace_back(hz, rate_hz_, block);
    longest = std::max(longest, hz);
    heard = std::max(heard, bridges_.back().heard_size());
    // With what is made of a few samples of the host.
    const int step = static_cast<int>(std::int64_t(kEffectSamples) * rate_hz_ / hz) + 2 * block;
    made = std::max(made, bridges_.back().made_size() + step);
  }
  rise_.Make(static_cast<std::size_t>(glide_ms_ * longest / 1000.0) + 2);
  for (EffectPath& path : paths_) {
    if (bridges_.empty()) break;
    path.heard.Make(shape_.channels + shape_.knobs + shape_.outputs, heard + 2 * kEffectSamples);
    path.answers.Make(shape_.outputs, made + kEffectSamples);
  }
  SetRate(rate_hz_);
}

void Effect::Begin(const Control& control) {
  if (FindSetting(control.name) >= 0) {
    if (control.kind == Control::Kind::kNumber) return;  // it shows what was learnt
    throw Refused("has a setting " + control.name + " that is no number: export it again");
  }
  if (const int chooser = FindChooser(control.name); chooser >= 0) {
    const bool is_choice = control.kind == Control::Kind::kChoice &&
                           static_cast<int>(control.choices.size()) == net_->presets();
    if (chooser == 2 ? control.kind != Control::Kind::kNumber : !is_choice) {
      throw Refused("has a " + control.name + " that is none of its presets: export it again");
    }
    return Changed(control);
  }
  const bool glides = std::find(glides_.begin(), glides_.end(), control.name) != glides_.end();
  const bool is_plain = control.kind == Control::Kind::kNumber ||
                        control.kind == Control::Kind::kSwitch;
  if (glides ? !is_plain : control.name != "sample_rate") {
    throw Refused("has a control " + control.name + " that the small engine does not know");
  }
  if (control.name == "sample_rate") {
    std::vector<double> known(1, rate_hz_);
    for (const HostBridge& bridge : bridges_) known.push_back(bridge.rate_hz());
    bool is_known = !control.integers.empty();
    for (const double hz : control.integers) {
      is_known = is_known && std::find(known.begin(), known.end(), hz) != known.end();
    }
    if (!is_known) Refuse("has a sample_rate that it cannot be played at: export it again");
  }
  Changed(control);
}

}  // namespace engine
