// Sound through an effect: see vschaos2/families/effect/streaming_effect.py.
//
//     forward    sound ─> input_db ─> network, told its knobs ─> mix, output_db, bypass ─> sound
//     modulate   the same; signals beside the sound are added to the knobs
//
// At a host's rate that is not the model's, the network hears and says at its own, and the sound as
// it is waits as long as that takes.
// Whatever is set is reached along a raised cosine.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/refused.h"
#include "families/layers_of_file.h"
#include "families/effect_net.h"
#include "families/effect_rate.h"
#include "families/families.h"

namespace engine {

namespace {

constexpr int kMostChannels = 2, kMostKnobs = 64, kFastestRate = 1500000, kMostRates = 8;
constexpr double kLongestGlideMs = 500.0;
constexpr float kPi = 3.14159265358979f;
// What glides behind the knobs.
enum { kMix, kInput, kOutput, kBypass, kLevels };
constexpr const char* kLevelNames[] = {"mix", "input_db", "output_db", "bypass"};

// A factor of so many dB, which need not be worked out where it rests.
class Gain {
 public:
  float operator()(float decibels) {
    if (decibels != decibels_) {
      decibels_ = decibels;
      gain_ = std::pow(10.0f, decibels / 20.0f);
    }
    return gain_;
  }

 private:
  float decibels_ = 0.0f, gain_ = 1.0f;
};

// What one method of one voice remembers.
struct Path {
  std::unique_ptr<EffectStream> stream;
  Floats origins;  // where its glides began
  int since = 0;   // samples ago
  Gain before, after;
  Recent heard, answers;  // at a host's rate, and at the model's, where these differ
};

class Effect : public Program {
 public:
  ENGINE_ONCE Effect(const ModelFile& file, const std::vector<std::string>& methods, int voices);

  void Process(int method, int voice, const float* const* in, float* const* out,
               int samples) override;
  void Changed(const Control& control) override;
  ENGINE_ONCE void Begin(const Control& control) override;
  void Reset() override;
  bool IsHeard(const Control& control) const override { return FindSetting(control.name) >= 0; }
  void Show(const Control& event, std::vector<Control>* controls) const override;
  int DelaySamples(int) const override { return bridge_ ? bridge_->delay() : 0; }
  std::vector<double> Reading(const std::string&) const override {
    return std::vector<double>(modulates_.size(), DelaySamples(0));
  }

 private:
  ENGINE_ONCE void ReadRates(const Json& settings);
  void SetRate(int rate_hz);
  void Bridge(Path* path, int count);
  int FindSetting(const std::string& name) const;
  float ValueAt(const Path& path, int which, int samples_ahead) const;
  void Move(Path* path, int count);
  void Hear(bool modulates, const float* const* in, int at, int count);
  void Play(Path* path, bool modulates, const float* const* in, float* const* out, int at,
            int count);

  EffectShape shape_;
  std::vector<std::string> glides_;  // names of the knobs, then of levels
  Floats lowest_, highest_;          // of the knobs
  std::vector<std::string> settings_;  // of the network, beside the knobs
  std::vector<double> learnt_;         // where they stand by themselves
  float input_gain_, output_gain_, greatest_;
  bool is_physical_, glides_itself_;
  int rate_hz_ = 0;  // the model's own
  double glide_ms_ = 0.0;
  std::vector<HostBridge> bridges_;
  const HostBridge* bridge_ = nullptr;  // the one in use
  Floats rise_;  // how far a glide has come after so many samples
  int glide_ = 1;  // samples of a glide
  Floats goal_;  // what is set
  std::unique_ptr<EffectNet> net_;
  std::vector<bool> modulates_;  // of each method
  std::vector<Path> paths_;      // methods of the first voice, of the second …

  Rows moving_, dry_, sound_, knobs_, wet_;  // of samples that are worked out together
};

Effect::Effect(const ModelFile& file, const std::vector<std::string>& methods, int voices) {
  const Json& settings = file.settings();
  shape_.channels = settings.At("channels").Whole("channels", 1, kMostChannels);
  shape_.outputs = settings.At("outputs").Whole("outputs", 1, kMostChannels);
  for (const Json& name : settings.At("knobs").Items()) glides_.push_back(name.Text());
  shape_.knobs = static_cast<int>(glides_.size());
  if (shape_.knobs > kMostKnobs) throw Refused("has more knobs than any effect: export it again");
  glides_.insert(glides_.end(), std::begin(kLevelNames), std::end(kLevelNames));
  if (shape_.knobs > 0) {
    lowest_ = file.Copy("lowest", shape_.knobs);
    highest_ = file.Copy("highest", shape_.knobs);
    for (int k = 0; k < shape_.knobs; ++k) {
      if (!(lowest_[k] < highest_[k])) throw Refused("has a knob without a range: export it again");
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
  } else if (kind == "Chain") {
    net_ = ReadChainNet(file, shape_);
    for (const Json& name : settings.At("settings").Items()) settings_.push_back(name.Text());
    for (const Json& value : settings.At("learnt").Items()) learnt_.push_back(value.Number());
    if (learnt_.size() != settings_.size()) throw Refused("does not say where its settings stand");
    if (file.about().Whole("block_samples") % kEffectSamples != 0) {
      throw Refused("has blocks that a chain cannot be played in: export it again");
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
  for (Path& path : paths_) {
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
  if (!(glide_ms_ >= 0.0 && glide_ms_ <= kLongestGlideMs)) throw Refused("glides for too long");
  const int block = settings.At("block").Whole("block", 1, kEffectSamples);
  if (settings.At("net").Text() == "Chain" && block != kEffectSamples) {
    throw Refused("has blocks that a chain cannot be played in: export it again");
  }
  const auto& rates = settings.At("host_rates_hz").Items();
  if (rates.size() > kMostRates) throw Refused("has more rates than anybody could choose");
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
  for (Path& path : paths_) {
    if (bridges_.empty()) break;
    path.heard.Make(shape_.channels + shape_.knobs + shape_.outputs, heard + 2 * kEffectSamples);
    path.answers.Make(shape_.outputs, made + kEffectSamples);
  }
  SetRate(rate_hz_);
}

// Begins anew at a rate, one of the file's.
void Effect::SetRate(int rate_hz) {
  bridge_ = nullptr;
  for (const HostBridge& bridge : bridges_) {
    if (bridge.rate_hz() == rate_hz) bridge_ = &bridge;
  }
  glide_ = std::max(1, static_cast<int>(glide_ms_ * rate_hz / 1000.0 + 0.5));
  for (int i = 0; i < glide_; ++i) {
    rise_[i] = 0.5f - 0.5f * std::cos(kPi * (static_cast<float>(i) / static_cast<float>(glide_)));
  }
  Reset();
}

// The place of a setting among them, or -1.
int Effect::FindSetting(const std::string& name) const {
  const auto found = std::find(settings_.begin(), settings_.end(), name);
  return found == settings_.end() ? -1 : static_cast<int>(found - settings_.begin());
}

// What a path hears of something set, so many samples after those that it has played.
float Effect::ValueAt(const Path& path, int which, int samples_ahead) const {
  const float goal = goal_[which], origin = path.origins[which];
  const int since = path.since + samples_ahead;
  const bool is_at_once = glides_itself_ && which < shape_.knobs;
  if (is_at_once || since >= glide_ || goal == origin) return goal;
  return origin + rise_[since] * (goal - origin);
}

// Fills what is heard of everything set in the next samples: knobs and levels, dB as factors.
void Effect::Move(Path* path, int count) {
  const int all = static_cast<int>(glides_.size());
  const bool rests = path->since >= glide_;
  for (int which = 0; which < all; ++which) {
    float* const row = moving_[which];
    Gain* const gain = which == shape_.knobs + kInput    ? &path->before
                       : which == shape_.knobs + kOutput ? &path->after
                                                         : nullptr;
    if (rests || path->origins[which] == goal_[which]) {
      std::fill_n(row, count, gain ? (*gain)(goal_[which]) : goal_[which]);
      continue;
    }
    for (int t = 0; t < count; ++t) {
      const float value = ValueAt(*path, which, t + 1);
      row[t] = gain ? (*gain)(value) : value;
    }
  }
  path->since = std::min(path->since + count, glide_);
}

// Fills what enters the network: sound and knobs; and the sound as it is.
void Effect::Hear(bool modulates, const float* const* in, int at, int count) {
  for (int c = 0; c < shape_.channels; ++c) {
    const float* const from = in[c] + at;
    float* const to = sound_[c];
    for (int t = 0; t < count; ++t) {
      to[t] = std::isfinite(from[t]) ? std::min(std::max(from[t], -greatest_), greatest_) : 0.0f;
    }
  }
  for (int o = 0; o < shape_.outputs; ++o) {
    const float* const left = sound_[0];
    const float* const other = sound_[shape_.channels - 1];
    const bool is_mixed = shape_.channels > shape_.outputs;
    const float* const same = o == 0 ? left : other;
    for (int t = 0; t < count; ++t) dry_[o][t] = is_mixed ? 0.5f * (left[t] + other[t]) : same[t];
  }
  const float level = is_physical_ ? 1.0f : input_gain_;
  const float* const before = moving_[shape_.knobs + kInput];
  for (int c = 0; c < shape_.channels; ++c) {
    float* const x = sound_[c];
    for (int t = 0; t < count; ++t) x[t] = x[t] * before[t] * level;
  }
  for (int k = 0; k < shape_.knobs; ++k) {
    const float lowest = lowest_[k], highest = highest_[k];
    const float* const added = modulates ? in[shape_.channels + k] + at : nullptr;
    float* const to = knobs_[k];
    for (int t = 0; t < count; ++t) {
      float value = moving_[k][t];
      if (added) {
        value += std::isfinite(added[t]) ? added[t] : 0.0f;
        value = std::min(std::max(value, lowest), highest);
      }
      const float position = (value - lowest) / (highest - lowest);
      to[t] = is_physical_ ? position : 2.0f * position - 1.0f;
    }
  }
}

// What the network makes of the samples at hand, and the sound as it is, late.
void Effect::Bridge(Path* path, int count) {
  const int told = shape_.channels, as_it_is = told + shape_.knobs;
  Recent *const heard = &path->heard, *const answers = &path->answers;
  const std::int64_t first = heard->count();
  for (int c = 0; c < shape_.channels; ++c) heard->Write(c, sound_[c], count);
  for (int k = 0; k < shape_.knobs; ++k) heard->Write(told + k, knobs_[k], count);
  for (int o = 0; o < shape_.outputs; ++o) heard->Write(as_it_is + o, dry_[o], count);
  heard->Advance(count);
  const std::int64_t due = bridge_->Due(heard->count());
  while (answers->count() < due) {
    const std::int64_t at = answers->count();
    const int size = static_cast<int>(std::min<std::int64_t>(due - at, kEffectSamples));
    for (int t = 0; t < size; ++t) {
      for (int c = 0; c < shape_.channels; ++c) {
        sound_[c][t] = bridge_->inward()(*heard, c, at + t);
      }
      for (int k = 0; k < shape_.knobs; ++k) {
        knobs_[k][t] = bridge_->inward().Between(*heard, told + k, at + t);
      }
    }
    path->stream->Play(sound_, knobs_, size, &wet_);
    for (int o = 0; o < shape_.outputs; ++o) answers->Write(o, wet_[o], size);
    answers->Advance(size);
  }
  const std::int64_t late = first - bridge_->delay();
  for (int o = 0; o < shape_.outputs; ++o) {
    for (int t = 0; t < count; ++t) {
      wet_[o][t] = bridge_->outward()(*answers, o, late + t);
      dry_[o][t] = *heard->At(as_it_is + o, late + t);
    }
  }
}

void Effect::Play(Path* path, bool modulates, const float* const* in, float* const* out, int at,
                  int count) {
  Move(path, count);
  Hear(modulates, in, at, count);
  if (bridge_) {
    Bridge(path, count);
  } else {
    path->stream->Play(sound_, knobs_, count, &wet_);
  }
  const float* const mix = moving_[shape_.knobs + kMix];
  const float level = is_physical_ ? 1.0f : output_gain_;
  const float* const after = moving_[shape_.knobs + kOutput];
  const float* const bypass = moving_[shape_.knobs + kBypass];
  for (int o = 0; o < shape_.outputs; ++o) {
    const float *const dry = dry_[o], *const wet = wet_[o];
    float* const to = out[o] + at;
    for (int t = 0; t < count; ++t) {
      const float made = after[t] * Between(dry[t], wet[t] * level, mix[t]);
      to[t] = Between(made, dry[t], bypass[t]);
    }
  }
}

void Effect::Process(int method, int voice, const float* const* in, float* const* out,
                     int samples) {
  Path* const path = &paths_[voice * modulates_.size() + method];
  for (int at = 0; at < samples; at += kEffectSamples) {
    Play(path, modulates_[method], in, out, at, std::min(kEffectSamples, samples - at));
  }
}

void Effect::Changed(const Control& control) {
  if (control.name == "reset") return Reset();
  if (control.name == "sample_rate") return SetRate(static_cast<int>(control.value));
  const int setting = FindSetting(control.name);
  for (Path& path : paths_) {
    if (setting >= 0) path.stream->Hold(setting, control.value);
    for (int i = 0; control.name == "release" && i < static_cast<int>(settings_.size()); ++i) {
      path.stream->Release(i);
    }
  }
  const auto found = std::find(glides_.begin(), glides_.end(), control.name);
  if (found == glides_.end()) return;
  for (Path& path : paths_) {
    for (int which = 0; which < static_cast<int>(glides_.size()); ++which) {
      path.origins[which] = ValueAt(path, which, 1);
    }
    path.since = 0;
  }
  goal_[found - glides_.begin()] = static_cast<float>(control.value);
}

void Effect::Show(const Control& event, std::vector<Control>* controls) const {
  if (event.name != "release") return;
  for (Control& control : *controls) {
    const int setting = FindSetting(control.name);
    if (setting >= 0) control.value = learnt_[setting];
  }
}

void Effect::Begin(const Control& control) {
  if (FindSetting(control.name) >= 0) {
    if (control.kind == Control::Kind::kNumber) return;  // it shows what was learnt
    throw Refused("has a setting " + control.name + " that is no number: export it again");
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
    if (!is_known) throw Refused("has a sample_rate that it cannot be played at: export it again");
  }
  Changed(control);
}

void Effect::Reset() {
  for (Path& path : paths_) {
    path.stream->Forget();
    path.heard.Forget();
    path.answers.Forget();
    path.origins.Copy(goal_.data(), glides_.size());
    path.since = glide_;
  }
}

}  // namespace

std::unique_ptr<Program> MakeEffect(const ModelFile& file, const std::vector<std::string>& methods,
                                    int voices) {
  return std::make_unique<Effect>(file, methods, voices);
}

}  // namespace engine
