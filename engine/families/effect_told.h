// How a network of an effect is told of knobs, and of how it was played: see vschaos2/nets/conditioning.py
// and temporal_film.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_EFFECT_TOLD_H_
#define VSCHAOS_ENGINE_FAMILIES_EFFECT_TOLD_H_

#include <string>

#include "base/floats.h"
#include "file/model_file.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

namespace engine {

// What finished blocks of 128 samples, and knobs, have said: the peaks of each go through an LSTM.
class BlockMemory {
 public:
  static constexpr int kBlock = 128;  // samples

  // What one sound has said.
  struct Past {
    int since = 0;  // samples of the block that has begun
    Floats peaks;   // of it so far
    Floats first, second;  // told where it began, and where it will end
    Floats mixed;
    Recurrent::Memory memory;
  };

  // Tensors under `name`; peaks are mixed down to `inputs` numbers, or heard as they are if 0.
  void Read(const ModelFile& file, const std::string& name, int channels, int knobs, int units,
            int inputs);
  int units() const { return units_.hidden(); }

  Past Begun() const;
  static void Forget(Past* past);

  // The part of the way from `first` to `second` that the next sample stands at, 0 to 1.
  static float Way(const Past& past) { return static_cast<float>(past.since + 1) / kBlock; }
  // Hears that sample, when it has been told.
  void Hear(const float* x, const float* knobs, Past* past) const;

 private:
  int channels_ = 0, knobs_ = 0, inputs_ = 0;
  Linear mix_;
  Recurrent units_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_EFFECT_TOLD_H_
