// Notes into sound: `decode`, in several voices.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/resampler.h"
#include "core/stream.h"
#include "core/voices.h"

namespace vschaos {

namespace {

constexpr int kSlice = 128;  // samples mixed at once

class Instrument final : public Stream {
 public:
  Instrument(const engine::ModelFile& file, const About& about, int host_rate_hz)
      : model_(file, "decode", Voices::kMost), host_hz_(host_rate_hz) {
    model_.TellRate(host_rate_hz);
    const int values = model_.values(), axes = model_.first();
    axes_.assign(axes, 0.0f);
    defaults_.assign(axes, 0.0f);
    labels_.assign(model_.labels(), -1.0f);
    moved_.assign(axes, 0.0f);
    inlets_.assign(axes + model_.labels(), std::vector<float>(values, 0.0f));
    for (auto& inlet : inlets_) in_.push_back(inlet.data());
    made_.assign(Voices::kMost, std::vector<float>(model_.block(), 0.0f));
    spare_.assign(std::max(0, model_.outlets() - 1), std::vector<float>(model_.block()));
    for (const auto& place : about.places) {
      if (static_cast<int>(place.size()) == axes) places_.push_back(place);
    }
    if (!places_.empty()) defaults_ = places_[0];
    resamples_ = model_.rate_hz() != host_hz_;
    if (resamples_) {
      out_.Make(model_.rate_hz(), host_hz_, 2 * kSlice);
      waits_ = static_cast<int>(std::ceil((out_.half() + 1.0) * host_hz_ / model_.rate_hz()));
    }
    model_.Begin();
    voices_.Begin(model_.block() + model_.delay(), static_cast<float>(model_.rate_hz()));
  }

  int latency() const override {
    const double late = double(model_.block() + model_.delay()) * host_hz_ / model_.rate_hz();
    return waits_ + static_cast<int>(std::lround(late));
  }

  void Reset() override {
    model_.Reset();
    voices_.Begin(model_.block() + model_.delay(), static_cast<float>(model_.rate_hz()));
    at_ = model_.block();
    for (auto& sound : made_) std::fill(sound.begin(), sound.end(), 0.0f);
    if (resamples_) out_.Reset();
    frame_ = 0;
  }

  void Set(const Parameter& parameter, float value) override {
    switch (parameter.target) {
      case Parameter::Target::kAxis:
        if (parameter.index < static_cast<int>(axes_.size())) axes_[parameter.index] = value;
        break;
      case Parameter::Target::kLabel:
        if (parameter.index < static_cast<int>(labels_.size())) labels_[parameter.index] = value;
        break;
      case Parameter::Target::kVoices:
        voices_.SetCount(static_cast<int>(std::lround(value)));
        break;
      case Parameter::Target::kAttack:
        voices_.SetTimes(attack_ms_ = value, release_ms_);
        break;
      case Parameter::Target::kRelease:
        voices_.SetTimes(attack_ms_, release_ms_ = value);
        break;
      case Parameter::Target::kDrone:
        voices_.SetDrone(value > 0.5f);
        break;
      case Parameter::Target::kByItself:
        moves_ = value > 0.5f && model_.has_prior();
        break;
      default:
        model_.Set(parameter, value);
    }
  }

  void Run(const float* const*, float* const* out, int frames, const Message* messages,
           int count) override {
    int next = 0;
    for (int done = 0; done < frames;) {
      for (; next < count && static_cast<int>(messages[next].frame) <= done; ++next) {
        Hear(messages[next].bytes);
      }
      int until = frames;
      if (next < count) until = std::min(until, static_cast<int>(messages[next].frame));
      const int length = std::min(until - done, kSlice);
      if (resamples_) {
        Resampled(out[0] + done, length);
      } else {
        Make(out[0] + done, length);
      }
      done += length;
    }
    std::copy_n(out[0], frames, out[1]);
  }

 private:
  void Hear(const std::uint8_t* bytes) {
    const int kind = bytes[0] & 0xf0, first = bytes[1] & 0x7f, second = bytes[2] & 0x7f;
    if (kind == 0x90 && second > 0) {
      voices_.Play(first, static_cast<float>(second) / 127.0f);
    } else if (kind == 0x80 || kind == 0x90) {
      voices_.LetGo(first);
    } else if (kind == 0xb0 && first == 64) {
      voices_.Pedal(second >= 64);
    } else if (kind == 0xb0 && (first == 120 || first == 123)) {
      voices_.LetAllGo();
    }
  }

  // What a voice plays in the next block.
  void Tell(int voice) {
    const int note = voices_.voice(voice).note;
    const bool speaks = note != Voices::kNoNote, has_pitch = model_.note().pitch >= 0;
    const bool recalls = speaks && !has_pitch && !places_.empty();
    const auto& place = recalls ? places_[note % places_.size()] : defaults_;
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const float value = moves_ ? moved_[i] : place[i] + (axes_[i] - defaults_[i]);
      std::fill(inlets_[i].begin(), inlets_[i].end(), value);
    }
    for (int i = 0; i < model_.labels(); ++i) {
      float value = labels_[i];
      if (speaks && i == model_.note().pitch) value = model_.PitchOf(note);
      if (speaks && i == model_.note().octave) value = model_.OctaveOf(note);
      auto& inlet = inlets_[axes_.size() + i];
      std::fill(inlet.begin(), inlet.end(), value);
    }
  }

  // Samples of the model's, all voices together.
  void Make(float* sound, int samples) {
    float levels[kSlice];
    for (int done = 0; done < samples;) {
      if (at_ == model_.block()) {
        if (moves_) model_.Move(moved_.data());
        for (int voice = 0; voice < Voices::kMost; ++voice) {
          if (!voices_.IsActive(voice)) continue;
          Tell(voice);
          float* out[512] = {made_[voice].data()};
          for (std::size_t c = 0; c < spare_.size(); ++c) out[1 + c] = spare_[c].data();
          model_.Process(voice, in_.data(), out, model_.block());
        }
        at_ = 0;
      }
      const int length = std::min({model_.block() - at_, samples - done, kSlice});
      std::fill_n(sound + done, length, 0.0f);
      for (int voice = 0; voice < Voices::kMost; ++voice) {
        if (!voices_.IsActive(voice)) continue;
        voices_.Levels(voice, levels, length);
        const float* const made = &made_[voice][at_];
        for (int i = 0; i < length; ++i) sound[done + i] += levels[i] * made[i];
      }
      voices_.Pass(length);
      at_ += length;
      done += length;
    }
  }

  void Resampled(float* sound, int frames) {
    const int model_hz = model_.rate_hz();
    for (int i = 0; i < frames; ++i, ++frame_) {
      // What the model makes within this frame of the host.
      const std::int64_t until = (frame_ + 1) * model_hz / host_hz_;
      float made[kSlice];
      while (out_.written() < until) {
        const int count = static_cast<int>(std::min<std::int64_t>(until - out_.written(), kSlice));
        Make(made, count);
        for (int k = 0; k < count; ++k) out_.Write(made[k]);
      }
      const std::int64_t numerator = (frame_ - waits_) * model_hz;
      sound[i] = numerator < 0 ? 0.0f : out_.Read(numerator / host_hz_, numerator % host_hz_);
    }
  }

  Model model_;
  const int host_hz_;
  Voices voices_;
  Resampler out_;
  bool resamples_ = false, moves_ = false;
  int waits_ = 0, at_ = 0;
  float attack_ms_ = 10.0f, release_ms_ = 250.0f;
  std::vector<float> axes_, defaults_, labels_, moved_;
  std::vector<std::vector<float>> places_, inlets_, made_, spare_;
  std::vector<const float*> in_;
  std::int64_t frame_ = 0;
};

}  // namespace

std::unique_ptr<Stream> MakeInstrument(const engine::ModelFile& file, const About& about,
                                       const std::vector<float>& values, int host_rate_hz) {
  auto made = std::make_unique<Instrument>(file, about, host_rate_hz);
  for (std::size_t i = 0; i < values.size(); ++i) made->Set(about.parameters[i], values[i]);
  made->Reset();
  return made;
}

}  // namespace vschaos
