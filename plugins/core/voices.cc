#include "core/voices.h"

#include <algorithm>
#include <cmath>

namespace vschaos {

namespace {

constexpr float kReached = 1e-4f;  // -80 dB

// Of a way that is all but a twentieth gone in so many milliseconds.
float StepOf(float ms, float rate_hz) { return 1.0f - std::exp(-3000.0f / (ms * rate_hz)); }

}  // namespace

void Voices::Begin(int late, float rate_hz) {
  late_ = late;
  rate_hz_ = rate_hz;
  SetTimes(attack_ms_, release_ms_);
  Reset();
}

void Voices::Reset() {
  for (Voice& voice : voices_) voice = Voice();
  first_ = changing_ = 0;
  now_ = orders_ = 0;
  is_pedal_down_ = false;
  Drone();
}

void Voices::SetTimes(float attack_ms, float release_ms) {
  attack_ms_ = attack_ms;
  release_ms_ = release_ms;
  rising_ = StepOf(attack_ms, rate_hz_);
  falling_ = StepOf(release_ms, rate_hz_);
}

void Voices::SetCount(int count) {
  count_ = std::clamp(count, 1, kMost);
  for (int i = count_; i < kMost; ++i) {
    if (voices_[i].is_held) End(i);
  }
  Drone();
}

void Voices::SetDrone(bool is_on) {
  if (is_on == drones_) return;
  drones_ = is_on;
  if (is_on) {
    Drone();
    return;
  }
  for (int i = 0; i < count_; ++i) {
    if (voices_[i].is_held && !voices_[i].is_down && !is_pedal_down_) End(i);
  }
}

// Where nobody holds anything, the last note goes on.
void Voices::Drone() {
  if (!drones_) return;
  int last = 0;
  for (int i = 0; i < count_; ++i) {
    if (voices_[i].is_held) return;
    if (voices_[i].since > voices_[last].since) last = i;
  }
  Voice& voice = voices_[last];
  voice.is_held = true;
  voice.since = ++orders_;
  Later(last, 1.0f);
}

// One that is silent, or else that was let go first, or else the oldest.
int Voices::Free() const {
  int found = 0;
  const auto rank = [this](int i) { return IsActive(i) ? voices_[i].is_held ? 2 : 1 : 0; };
  for (int i = 1; i < count_; ++i) {
    const bool is_before = voices_[i].since < voices_[found].since;
    if (rank(i) < rank(found) || (rank(i) == rank(found) && is_before)) found = i;
  }
  return found;
}

void Voices::Play(int note, float level) {
  int chosen = -1;
  for (int i = 0; i < count_; ++i) {
    const bool is_drone = voices_[i].is_held && !voices_[i].is_down && !is_pedal_down_;
    if (is_drone || (voices_[i].is_held && voices_[i].note == note)) chosen = i;
  }
  if (chosen < 0) chosen = Free();
  Voice& voice = voices_[chosen];
  voice.note = note;
  voice.is_held = voice.is_down = true;
  voice.since = ++orders_;
  Later(chosen, level);
}

void Voices::LetGo(int note) {
  for (int i = 0; i < count_; ++i) {
    Voice& voice = voices_[i];
    if (!voice.is_down || voice.note != note) continue;
    voice.is_down = false;
    if (is_pedal_down_) continue;
    int held = 0;
    for (int k = 0; k < count_; ++k) held += voices_[k].is_held;
    if (!drones_ || held > 1) End(i);
  }
}

void Voices::Pedal(bool is_down) {
  if (is_pedal_down_ && !is_down) {
    is_pedal_down_ = false;
    for (int i = 0; i < count_; ++i) {
      if (voices_[i].is_held && !voices_[i].is_down) End(i);
    }
    Drone();
  }
  is_pedal_down_ = is_down;
}

void Voices::LetAllGo() {
  is_pedal_down_ = false;
  for (int i = 0; i < kMost; ++i) {
    if (voices_[i].is_held) End(i);
  }
  Drone();
}

void Voices::End(int index) {
  Voice& voice = voices_[index];
  voice.is_held = voice.is_down = false;
  voice.since = ++orders_;
  Later(index, 0.0f);
}

void Voices::Later(int voice, float target) {
  if (changing_ == kMostChanges) {  // more than anybody plays: the oldest happens now
    const Change& oldest = changes_[first_];
    voices_[oldest.voice].target = oldest.target;
    --voices_[oldest.voice].waiting;
    first_ = (first_ + 1) % kMostChanges;
    --changing_;
  }
  changes_[(first_ + changing_++) % kMostChanges] = {now_ + late_, voice, target};
  ++voices_[voice].waiting;
}

void Voices::Levels(int index, float* levels, int samples) {
  Voice& voice = voices_[index];
  int next = 0;
  for (int i = 0; i < samples; ++i) {
    for (; next < changing_; ++next) {
      const Change& change = changes_[(first_ + next) % kMostChanges];
      if (change.time > now_ + i) break;
      if (change.voice != index) continue;
      voice.target = change.target;
      --voice.waiting;
    }
    const float way = voice.target - voice.level;
    voice.level += (way > 0.0f ? rising_ : falling_) * way;
    if (std::fabs(way) < kReached) voice.level = voice.target;
    levels[i] = voice.level;
  }
}

void Voices::Pass(int samples) {
  now_ += samples;
  while (changing_ > 0 && changes_[first_].time < now_) {
    first_ = (first_ + 1) % kMostChanges;
    --changing_;
  }
}

}  // namespace vschaos
