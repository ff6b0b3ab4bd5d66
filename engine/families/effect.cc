#include "families/effect.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "families/families.h"
#include "families/layers_of_file.h"

namespace engine {

namespace {

constexpr float kPi = 3.14159265358979f;

}  // namespace

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

// The place of what chooses among presets, or -1.
int Effect::FindChooser(const std::string& name) const {
  constexpr const char* kNames[] = {"preset", "towards", "morph"};
  const auto found = std::find(std::begin(kNames), std::end(kNames), name);
  return net_->presets() == 0 || found == std::end(kNames) ? -1 : static_cast<int>(found - kNames);
}

// What a path hears of something set, so many samples after those that it has played.
float Effect::ValueAt(const EffectPath& path, int which, int samples_ahead) const {
  const float goal = goal_[which], origin = path.origins[which];
  const int since = path.since + samples_ahead;
  const bool is_at_once = glides_itself_ && which < shape_.knobs;
  if (is_at_once || since >= glide_ || goal == origin) return goal;
  return origin + rise_[since] * (goal - origin);
}

// Fills what is heard of everything set in the next samples: knobs and levels, dB as factors.
void Effect::Move(EffectPath* path, int count) {
  const int all = static_cast<int>(glides_.size());
  const bool rests = path->since >= glide_;
  for (int which = 0; which < all; ++which) {
    float* const row = moving_[which];
    GlidingGain* const gain = which == shape_.knobs + kInput    ? &path->before
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
void Effect::Bridge(EffectPath* path, int count) {
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

void Effect::Play(EffectPath* path, bool modulates, const float* const* in, float* const* out, int at,
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
  EffectPath* const path = &paths_[voice * modulates_.size() + method];
  for (int at = 0; at < samples; at += kEffectSamples) {
    Play(path, modulates_[method], in, out, at, std::min(kEffectSamples, samples - at));
  }
}

void Effect::Changed(const Control& control) {
  if (control.name == "reset") return Reset();
  if (control.name == "sample_rate") return SetRate(static_cast<int>(control.value));
  if (const int chooser = FindChooser(control.name); chooser >= 0) {
    chosen_[chooser] = control.value;
    return net_->Choose(static_cast<int>(chosen_[0]), static_cast<int>(chosen_[1]), chosen_[2]);
  }
  const int setting = FindSetting(control.name);
  for (EffectPath& path : paths_) {
    if (setting >= 0) path.stream->Hold(setting, control.value);
    for (int i = 0; control.name == "release" && i < static_cast<int>(settings_.size()); ++i) {
      path.stream->Release(i);
    }
  }
  const auto found = std::find(glides_.begin(), glides_.end(), control.name);
  if (found == glides_.end()) return;
  for (EffectPath& path : paths_) {
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

void Effect::Reset() {
  for (EffectPath& path : paths_) {
    path.stream->Forget();
    path.heard.Forget();
    path.answers.Forget();
    path.origins.Copy(goal_.data(), glides_.size());
    path.since = glide_;
  }
}

std::unique_ptr<Program> MakeEffect(const ModelFile& file, const std::vector<std::string>& methods,
                                    int voices) {
  return std::make_unique<Effect>(file, methods, voices);
}

}  // namespace engine
