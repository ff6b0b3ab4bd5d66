// The last step before the outlets: sound where there is some, and no click where it stops.

#ifndef VSCHAOS_CORE_FADER_H_
#define VSCHAOS_CORE_FADER_H_

#include <cstring>
#include <vector>

namespace vschaos {

// Where sound goes missing, the last value sinks to zero in a straight line; where it comes back,
// it rises from zero. The very first sound is not touched, so that a stream is exact from its
// first sample.
class Fader {
 public:
  static constexpr int kFadeSamples = 64;

  void Init(int channels) {
    last_.assign(channels, 0.0f);
    state_ = State::kFresh;
  }

  // Writes `frames` samples of every channel. `samples` points at the first sample of the first
  // channel, the next channel `stride` further; nullptr: nothing is there to play.
  void Process(const float* samples, int stride, float* const* out, int frames) {
    const int channels = static_cast<int>(last_.size());
    if (samples && state_ == State::kFresh) state_ = State::kPlaying;
    if (samples && state_ == State::kPlaying) {
      for (int c = 0; c < channels; ++c) {
        std::memcpy(out[c], samples + std::size_t(c) * stride, frames * sizeof(float));
        last_[c] = out[c][frames - 1];
      }
      return;
    }
    for (int i = 0; i < frames; ++i) {
      Advance(samples != nullptr);
      for (int c = 0; c < channels; ++c) {
        float& value = out[c][i];
        switch (state_) {
          case State::kFresh:
          case State::kSilent:
            value = 0.0f;
            break;
          case State::kFadingOut:
            value = last_[c] * remaining_ / kFadeSamples;
            continue;  // last_ stays what it was when the sound stopped
          case State::kFadingIn:
            value = samples[std::size_t(c) * stride + i];
            value *= float(kFadeSamples - remaining_) / kFadeSamples;
            break;
          case State::kPlaying:
            value = samples[std::size_t(c) * stride + i];
            break;
        }
        last_[c] = value;
      }
    }
  }

 private:
  enum class State { kFresh, kPlaying, kFadingOut, kSilent, kFadingIn };

  // The state of the next sample. A fade that has begun to sink ends at zero first.
  void Advance(bool has_sound) {
    if (state_ == State::kFadingOut || (state_ == State::kFadingIn && has_sound)) {
      if (--remaining_ > 0) return;
      state_ = state_ == State::kFadingIn ? State::kPlaying : State::kSilent;
    } else if (has_sound && state_ == State::kSilent) {
      state_ = State::kFadingIn;
      remaining_ = kFadeSamples - 1;
    } else if (!has_sound && (state_ == State::kPlaying || state_ == State::kFadingIn)) {
      state_ = State::kFadingOut;
      remaining_ = kFadeSamples - 1;
    }
  }

  State state_ = State::kFresh;
  int remaining_ = 0;
  std::vector<float> last_;
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_FADER_H_
