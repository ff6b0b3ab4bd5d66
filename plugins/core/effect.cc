// Sound through a model: `forward`.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/resampler.h"
#include "core/stream.h"

namespace vschaos {

namespace {

constexpr int kChannels = 2;
constexpr int kMostDirect = 256;  // samples at once of a model that plays any block

class Effect final : public Stream {
 public:
  Effect(const engine::ModelFile& file, const About& about, int host_rate_hz)
      : model_(file, "forward", kChannels), host_hz_(host_rate_hz) {
    model_.TellRate(host_rate_hz);
    is_direct_ = model_.block() == 1;
    block_ = is_direct_ ? kMostDirect : model_.block();
    labels_.assign(model_.labels(), std::vector<float>(block_, -1.0f));
    for (const Parameter& parameter : about.parameters) {
      has_mix_ = has_mix_ || parameter.target == Parameter::Target::kMix;
    }
    // A model of one channel plays two with a voice each.
    voices_ = model_.first() == 1 && model_.sounds() == 1 ? kChannels : 1;
    for (auto* sides : {&heard_, &made_}) {
      sides->assign(kChannels, std::vector<float>(block_, 0.0f));
    }
    spare_.assign(std::max(0, model_.outlets() - model_.sounds()), std::vector<float>(block_));
    resamples_ = model_.rate_hz() != host_hz_;
    if (resamples_) {
      for (int side = 0; side < kChannels; ++side) {
        ins_[side].Make(host_hz_, model_.rate_hz(), 2);
        outs_[side].Make(model_.rate_hz(), host_hz_, 2 * block_ + 2048);
      }
      // What is read was made: see Run.
      const std::int64_t needed = outs_[0].half() + (is_direct_ ? 1 : block_) + 2;
      waits_ = static_cast<int>(std::ceil(double(needed) * host_hz_ / model_.rate_hz())) + ins_[0].half() + 1;
    }
    model_.Begin();
    if (has_mix_) {
      std::size_t size = 1;
      while (size < static_cast<std::size_t>(latency() + 1)) size *= 2;
      dry_.assign(kChannels, std::vector<float>(size, 0.0f));
    }
  }

  int latency() const override {
    if (!resamples_) return model_.delay() + (is_direct_ ? 0 : block_);
    const double delay = double(model_.delay()) * host_hz_ / model_.rate_hz();
    return waits_ + static_cast<int>(std::lround(delay));
  }

  void Reset() override {
    model_.Reset();
    at_ = 0;
    for (auto* sides : {&heard_, &made_, &dry_}) {
      for (auto& side : *sides) std::fill(side.begin(), side.end(), 0.0f);
    }
    for (int side = 0; resamples_ && side < kChannels; ++side) {
      ins_[side].Reset();
      outs_[side].Reset();
    }
    taken_ = frame_ = dry_at_ = 0;
    mix_ = mix_target_;
  }

  void Set(const Parameter& parameter, float value) override {
    if (parameter.target == Parameter::Target::kMix) {
      mix_target_ = value;
    } else if (parameter.target == Parameter::Target::kLabel) {
      if (parameter.index < model_.labels()) {
        auto& label = labels_[parameter.index];
        std::fill(label.begin(), label.end(), value);
      }
    } else {
      model_.Set(parameter, value);
    }
  }

  void Run(const float* const* in, float* const* out, int frames, const Message*, int) override {
    for (int done = 0; done < frames;) {
      const int count = std::min(frames - done, kMostDirect);
      float wet[kChannels][kMostDirect], dry[kChannels][kMostDirect];
      for (int side = 0; side < kChannels; ++side) {
        std::copy_n(in[side] + done, count, dry[side]);
      }
      resamples_ ? Resampled(dry, wet, count) : Plain(dry, wet, count);
      for (int side = 0; side < kChannels; ++side) std::copy_n(wet[side], count, out[side] + done);
      if (has_mix_) Mix(dry, out, done, count);
      done += count;
    }
  }

 private:
  using Sides = float[kChannels][kMostDirect];

  void MakeBlock(int samples) {
    const float* in[2 + Model::kMostLabels];
    float* out[512];
    const bool is_mixed = model_.first() == 1 && voices_ == 1;
    for (int i = 0; is_mixed && i < samples; ++i) {
      heard_[0][i] = 0.5f * (heard_[0][i] + heard_[1][i]);
    }
    for (int voice = 0; voice < voices_; ++voice) {
      for (int c = 0; c < model_.first(); ++c) in[c] = heard_[voice + c].data();
      for (int c = 0; c < model_.labels(); ++c) in[model_.first() + c] = labels_[c].data();
      for (int c = 0; c < model_.sounds(); ++c) out[c] = made_[voice + c].data();
      for (std::size_t c = 0; c < spare_.size(); ++c) out[model_.sounds() + c] = spare_[c].data();
      model_.Process(voice, in, out, samples);
    }
    // Of a model that hears one channel and makes one, both are there; else one is both.
    if (voices_ == 1 && model_.sounds() == 1) std::copy_n(made_[0].data(), samples, made_[1].data());
  }

  void Plain(const Sides& dry, Sides& wet, int count) {
    if (is_direct_) {
      for (int side = 0; side < kChannels; ++side) std::copy_n(dry[side], count, heard_[side].data());
      MakeBlock(count);
      for (int side = 0; side < kChannels; ++side) std::copy_n(made_[side].data(), count, wet[side]);
      return;
    }
    for (int done = 0; done < count;) {
      const int length = std::min(block_ - at_, count - done);
      for (int side = 0; side < kChannels; ++side) {
        std::copy_n(&dry[side][done], length, &heard_[side][at_]);
        std::copy_n(&made_[side][at_], length, &wet[side][done]);
      }
      at_ += length;
      done += length;
      if (at_ == block_) {
        MakeBlock(block_);
        at_ = 0;
      }
    }
  }

  // Sample by sample, so that blocks of a host change nothing: what comes in is read at the model's
  // times as soon as enough of it is there; what the model made is read at the host's, `waits_` late.
  void Resampled(const Sides& dry, Sides& wet, int count) {
    const int model_hz = model_.rate_hz();
    for (int i = 0; i < count; ++i, ++frame_) {
      for (int side = 0; side < kChannels; ++side) ins_[side].Write(dry[side][i]);
      while (true) {
        const std::int64_t numerator = taken_ * host_hz_;
        const std::int64_t whole = numerator / model_hz;
        if (whole + ins_[0].half() >= ins_[0].written()) break;
        for (int side = 0; side < kChannels; ++side) {
          heard_[side][at_] = ins_[side].Read(whole, numerator % model_hz);
        }
        ++taken_;
        if (++at_ < (is_direct_ ? 1 : block_)) continue;
        MakeBlock(at_);
        for (int side = 0; side < kChannels; ++side) {
          for (int k = 0; k < at_; ++k) outs_[side].Write(made_[side][k]);
        }
        at_ = 0;
      }
      const std::int64_t numerator = (frame_ - waits_) * model_hz;
      for (int side = 0; side < kChannels; ++side) {
        const bool is_there = numerator >= 0;
        wet[side][i] =
            is_there ? outs_[side].Read(numerator / host_hz_, numerator % host_hz_) : 0.0f;
      }
    }
  }

  // The dry sound as late as the wet one; a change takes some 10 ms.
  void Mix(const Sides& dry, float* const* out, int done, int count) {
    const std::size_t mask = dry_[0].size() - 1;
    const float step = 100.0f / host_hz_;
    for (int i = 0; i < count; ++i, ++dry_at_) {
      mix_ += std::clamp(mix_target_ - mix_, -step, step);
      for (int side = 0; side < kChannels; ++side) {
        auto& ring = dry_[side];
        ring[static_cast<std::size_t>(dry_at_) & mask] = dry[side][i];
        const float late = dry_at_ < latency() ? 0.0f : ring[static_cast<std::size_t>(dry_at_ - latency()) & mask];
        float& wet = out[side][done + i];
        if (mix_ != 1.0f) wet = mix_ * wet + (1.0f - mix_) * late;
      }
    }
  }

  Model model_;
  const int host_hz_;
  bool is_direct_ = false, resamples_ = false, has_mix_ = false;
  int block_ = 1, voices_ = 1, waits_ = 0, at_ = 0;
  std::vector<std::vector<float>> heard_, made_, labels_, spare_, dry_;
  Resampler ins_[kChannels], outs_[kChannels];
  std::int64_t taken_ = 0, frame_ = 0, dry_at_ = 0;
  float mix_ = 1.0f, mix_target_ = 1.0f;
};

}  // namespace

std::unique_ptr<Stream> MakeEffect(const engine::ModelFile& file, const About& about,
                                   const std::vector<float>& values, int host_rate_hz) {
  auto made = std::make_unique<Effect>(file, about, host_rate_hz);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Parameter& parameter = about.parameters[i];
    // A knob of any model says nothing until it is moved.
    const bool is_moved = parameter.target != Parameter::Target::kKnob || values[i] != parameter.value;
    if (is_moved) made->Set(parameter, values[i]);
  }
  made->Reset();
  return made;
}

}  // namespace vschaos
