// Networks of effects: sound and knobs in, sound out, sample by sample; see vschaos2/nets/audio_rate.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_EFFECT_NET_H_
#define VSCHAOS_ENGINE_FAMILIES_EFFECT_NET_H_

#include <memory>
#include <string>

#include "base/floats.h"
#include "file/model_file.h"

namespace engine {

constexpr int kEffectSamples = 64;  // at most, that are worked out together

struct EffectShape {
  int channels, knobs, outputs;
};

// One sound on its way through a network.
class EffectStream {
 public:
  virtual ~EffectStream() = default;

  // Silence is all that was heard.
  virtual void Forget() = 0;
  // The next `count` samples, kEffectSamples at most, each row those of a channel or a knob.
  virtual void Play(const Rows& sound, const Rows& knobs, int count, Rows* made) = 0;

  // Lets one of the file's settings stand at a value; gives it back to what was learnt.
  virtual void Hold(int, double) {}
  virtual void Release(int) {}
};

// What is learnt, the same for all its streams, which must not outlive it.
class EffectNet {
 public:
  virtual ~EffectNet() = default;
  virtual std::unique_ptr<EffectStream> Begun() const = 0;
  // Of a collection: how many presets there are, and between which two of them it stands.
  virtual int presets() const { return 0; }
  virtual void Choose(int /*first*/, int /*second*/, double /*morph*/) {}
};

// The network of a file, of a kind; throws Refused for what it does not know.
std::unique_ptr<EffectNet> ReadRecurrentNet(const ModelFile& file, const EffectShape& shape,
                                            bool is_lstm);
std::unique_ptr<EffectNet> ReadChainNet(const ModelFile& file, const EffectShape& shape);
std::unique_ptr<EffectNet> ReadWaveNet(const ModelFile& file, const EffectShape& shape);
std::unique_ptr<EffectNet> ReadLayeredNet(const ModelFile& file, const EffectShape& shape,
                                          const std::string& kind);

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_EFFECT_NET_H_
