#include "families/hit_voices.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "base/refused.h"

namespace engine {

namespace {

constexpr double kFadeMs = 4.0;
constexpr float kPi = 3.14159265358979f;
constexpr int kMostRates = 64, kFastest = 1500000, kMostRead = 1 << 16;
constexpr std::int64_t kMostToCome = 1 << 20;

}  // namespace

ENGINE_ONCE HitStage::HitStage(const ModelFile& file) : sound_(file) {
  const Json& settings = file.settings();
  const int own_hz = settings.At("own_hz").Whole("own_hz", 1, kFastest);
  for (const Json& row : settings.At("rates").Items()) {
    if (rates_.size() == kMostRates) Refuse("has more rates than any host");
    Read(file, row, own_hz);
  }
  const int part = sound_.part_samples();
  made_.Make(part);
  waiting_.Make(std::size_t(part) + 2 * widest_);
  heard_.Make(longest_);
}

// A rate of a host: its own row of the file.
ENGINE_ONCE void HitStage::Read(const ModelFile& file, const Json& row, int own_hz) {
  const int number = static_cast<int>(rates_.size());
  Rate rate{row.At("rate_hz").Whole("rate_hz", 1, kFastest), 0, 0, 0, 0, {}, {}};
  const int part = sound_.part_samples();
  int first = part - sound_.delay_samples(), least = part, most = part;
  if (rate.rate_hz != own_hz) {
    const std::string name = "rate" + std::to_string(number) + ".matrix";
    const int width = row.At("width").Whole("width", 1, kMostRead);
    const int stride = row.At("stride").Whole("stride", 1, width);
    const int made = row.At("made").Whole("made", 1, kMostRead);
    rate.waiting = row.At("waiting").Whole("waiting", 0, width - 1);
    rate.reader.Make(file.Find(name, {width, made}), width, made, stride);
    if (std::int64_t((part + 2 * width) / stride + 1) * made > kMostToCome) {
      Refuse("has a rate at which no hit can be played: export it again");
    }
    first = rate.reader.Due(rate.waiting + first);
    least = rate.reader.Least(part);
    most = rate.reader.Due(part + 2 * width);
    widest_ = std::max(widest_, width);
  }
  rate.fade = static_cast<int>(kFadeMs * rate.rate_hz / 1000.0 + 0.5);
  rate.step = part / 2;
  while (rate.step > 0 && (rate.step > least || rate.step + rate.fade > first)) rate.step /= 2;
  if (rate.step == 0) Refuse("has a rate at which no hit can be played: export it again");
  rate.length = 2 * rate.step + rate.fade + most;
  rate.ramp.Make(rate.fade);
  for (int i = 0; i < rate.fade; ++i) {
    const float fall = (static_cast<float>(i) + 1.0f) / (static_cast<float>(rate.fade) + 1.0f);
    rate.ramp[i] = 0.5f + 0.5f * std::cos(kPi * fall);
  }
  longest_ = std::max(longest_, rate.length + rate.step);
  rates_.push_back(std::move(rate));
}

bool HitStage::Has(int rate_hz) const {
  return std::any_of(rates_.begin(), rates_.end(),
                     [&](const Rate& rate) { return rate.rate_hz == rate_hz; });
}

void HitStage::SetRate(int rate_hz) {
  for (const Rate& rate : rates_) {
    if (rate.rate_hz == rate_hz) rate_ = &rate;
  }
}

void HitVoices::Make(HitStage* stage) {
  stage_ = stage;
  const HitSound& sound = stage->sound_;
  voices_ = std::vector<Voice>(kVoices);
  for (Voice& voice : voices_) {
    voice.future.Make(stage->longest_);
    voice.latents.Make(std::size_t(sound.parts()) * sound.part_frames() * sound.latent_dim());
    voice.waiting.Make(stage->widest_);
    voice.state = sound.Begun();
  }
}

void HitVoices::Forget() {
  for (Voice& voice : voices_) {
    voice.future.Zero();
    voice.part = kIdle;
    voice.ready = 0;
    voice.age = 0;
  }
  at_ = 0;
  strikes_ = 0;
}

// A voice that is silent, or else the one that was struck first.
int HitVoices::FindFree(int at, int polyphony) const {
  int oldest = 0;
  for (int i = 0; i < polyphony; ++i) {
    if (voices_[i].part == kIdle && voices_[i].ready <= at) return i;
    if (voices_[i].age < voices_[oldest].age) oldest = i;
  }
  return oldest;
}

void HitVoices::Fade(Voice* voice, int at) const {
  const int fade = stage_->rate_->fade, end = at + fade;
  float* const future = voice->future.data() + at_;
  for (int i = 0; i < fade; ++i) future[at + i] *= stage_->rate_->ramp[i];
  if (voice->ready > end) std::memset(future + end, 0, (voice->ready - end) * sizeof(float));
  voice->part = kIdle;
  voice->ready = std::min(voice->ready, end);
}

void HitVoices::Strike(int at, const Floats& latents, float gain, int polyphony, bool is_choked) {
  const int chosen = FindFree(at, polyphony);
  for (int i = 0; i < kVoices; ++i) {
    const bool ends = is_choked || i >= polyphony || i == chosen;
    if (ends && voices_[i].ready > at) Fade(&voices_[i], at);
  }
  Voice* const voice = &voices_[chosen];
  voice->latents.Copy(latents.data(), voice->latents.size());
  voice->gain = gain;
  voice->age = ++strikes_;
  voice->part = 0;
  voice->waits = stage_->rate_->waiting;
  std::fill_n(voice->waiting.data(), voice->waits, 0.0f);
  stage_->sound_.Forget(&voice->state);
  Render(voice, at);
}

// The next part of a voice, from a sample to come on.
void HitVoices::Render(Voice* voice, int at) {
  HitSound& sound = stage_->sound_;
  float* const made = stage_->made_.data();
  const int part = voice->part, size = sound.part_frames() * sound.latent_dim();
  const bool is_over = sound.Render(part, voice->latents.data() + std::size_t(part) * size,
                                    &voice->state, made);
  const int before = part == 0 ? sound.delay_samples() : 0;
  ++voice->part;
  if (voice->part == sound.parts() || (is_over && part > 0)) voice->part = kIdle;
  const float* heard = nullptr;
  const int count = Read(voice, made + before, sound.part_samples() - before, &heard);
  float* const future = voice->future.data() + at_ + at;
  for (int i = 0; i < count; ++i) future[i] += heard[i] * voice->gain;
  voice->ready = at + count;
}

// What a voice rendered, at the host's rate: all of it, once it is idle. How many samples.
int HitVoices::Read(Voice* voice, const float* sound, int count, const float** heard) const {
  const RateReader& reader = stage_->rate_->reader;
  *heard = sound;
  if (reader.width() == 0) return count;
  float* const joined = stage_->waiting_.data();
  std::copy_n(voice->waiting.data(), voice->waits, joined);
  std::copy_n(sound, count, joined + voice->waits);
  int all = voice->waits + count;
  if (voice->part == kIdle) {
    std::fill_n(joined + all, reader.width(), 0.0f);
    all += reader.width();
  }
  const int read = reader.Read(all);
  reader(joined, all, stage_->heard_.data());
  *heard = stage_->heard_.data();
  voice->waits = all - read;
  std::copy_n(joined + read, voice->waits, voice->waiting.data());
  return reader.Due(all);
}

void HitVoices::Advance(int count, float* out) {
  std::fill_n(out, count, 0.0f);
  for (Voice& voice : voices_) {  // one after another: a sum's bits differ with its order
    if (voice.ready == 0) continue;
    const float* const future = voice.future.data() + at_;
    for (int i = 0; i < count; ++i) out[i] += future[i];
    voice.ready = std::max(0, voice.ready - count);
  }
  at_ += count;
  const int step = stage_->rate_->step;
  if (at_ < step) return;
  at_ = 0;
  for (Voice& voice : voices_) {
    float* const future = voice.future.data();
    std::memmove(future, future + step, voice.ready * sizeof(float));
    std::memset(future + voice.ready, 0, step * sizeof(float));
    if (voice.part != kIdle && voice.ready < step + stage_->rate_->fade) {
      Render(&voice, voice.ready);
    }
  }
}

}  // namespace engine
