// Sound through an effect: see vschaos2/families/effect/streaming_effect.py.
//
//     forward    sound ─> input_db ─> network, told its knobs ─> mix, output_db, bypass ─> sound
//     modulate   the same; signals beside the sound are added to the knobs
//
// At a host's rate that is not the model's, the network hears and says at its own, and the sound as
// it is waits as long as that takes.
//
// Whatever is set is reached along a raised cosine.

#ifndef VSCHAOS_ENGINE_FAMILIES_EFFECT_H_
#define VSCHAOS_ENGINE_FAMILIES_EFFECT_H_

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "families/effect_net.h"
#include "families/effect_rate.h"
#include "play/program.h"

namespace engine {

// What glides behind the knobs.
enum EffectLevel { kMix, kInput, kOutput, kBypass };

// A factor of so many dB, which need not be worked out where it rests.
class GlidingGain {
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
struct EffectPath {
  std::unique_ptr<EffectStream> stream;
  Floats origins;  // where its glides began
  int since = 0;   // samples ago
  GlidingGain before, after;
  Recent heard, answers;  // at a host's rate, and at the model's, where these differ
};

class Effect : public Program {
 public:
Effect(const ModelFile& file, const std::vector<std::string>& methods, int voices);

  void Process(int method, int voice, const float* const* in, float* const* out,
               int samples) override;
  void Changed(const Control& control) override;
void Begin(const Control& control) override;
  void Reset() override;
  bool IsHeard(const Control& control) const override { return FindSetting(control.name) >= 0; }
  void Show(const Control& event, std::vector<Control>* controls) const override;
  int DelaySamples(int) const override { return bridge_ ? bridge_->delay() : 0; }
  std::vector<double> Reading(const std::string&) const override {
    return std::vector<double>(modulates_.size(), DelaySamples(0));
  }

 private:
void ReadRates(const Json& settings);
  void SetRate(int rate_hz);
  void Bridge(EffectPath* path, int count);
  int FindSetting(const std::string& name) const;
  int FindChooser(const std::string& name) const;
  float ValueAt(const EffectPath& path, int which, int samples_ahead) const;
  void Move(EffectPath* path, int count);
  void Hear(bool modulates, const float* const* in, int at, int count);
  void Play(EffectPath* path, bool modulates, const float* const* in, float* const* out, int at,
            int count);

  EffectShape shape_;
  std::vector<std::string> glides_;  // names of the knobs, then of levels
  Floats lowest_, highest_;          // of the knobs
  std::vector<std::string> settings_;  // of the network, beside the knobs
  std::vector<double> learnt_;         // where they stand by themselves
  double chosen_[3] = {};  // of a collection: preset, towards, morph
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
  std::vector<int> modulates_;  // of each method
  std::vector<EffectPath> paths_;      // methods of the first voice, of the second …

  Rows moving_, dry_, sound_, knobs_, wet_;  // of samples that are worked out together
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_EFFECT_H_
