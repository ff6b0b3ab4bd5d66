// How a network of an effect is told of knobs, and of how it was played: see
// vschaos2/nets/conditioning.py, film.py and temporal_film.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_EFFECT_TOLD_H_
#define VSCHAOS_ENGINE_FAMILIES_EFFECT_TOLD_H_

#include <string>

#include "base/floats.h"
#include "families/effect_net.h"
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
    int since = 0;         // samples of the block that has begun
    Floats peaks;          // of it so far
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
  // Hears that sample, when it has been told. Returns whether a block is over.
  bool Hear(const float* x, const float* knobs, Past* past) const;

 private:
  int channels_ = 0, knobs_ = 0, inputs_ = 0;
  Linear mix_;
  Recurrent units_;
};

// What enters a network at a sample, and what its layers are told.
class Conditioning {
 public:
  struct Past {
    BlockMemory::Past blocks;
    Floats sound, knobs;  // of the sample at hand
  };

  void Read(const ModelFile& file, const EffectShape& shape);
  int heard() const { return shape_.channels + (is_beside_ ? told_ : 0); }
  int told() const { return told_; }
  // Those that modulate layers: film or tvfilm; tfilm or ttfilm.
  bool is_film() const { return name_ == "film" || name_ == "tvfilm"; }
  bool is_temporal_film() const { return name_ == "tfilm" || name_ == "ttfilm"; }
  bool is_tiny() const { return name_ == "ttfilm"; }
  const std::string& name() const { return name_; }

  Past Begun() const;
  static void Forget(Past* past) { BlockMemory::Forget(&past->blocks); }

  // Of the next sample, number t of the rows, in order.
  void Next(const Rows& sound, const Rows& knobs, int t, float* heard, float* told,
            Past* past) const;

 private:
  EffectShape shape_ = {};
  std::string name_;
  bool follows_ = false, is_beside_ = false;
  int told_ = 0;
  BlockMemory follower_;
};

// y = h + scale h + shift of a layer's channels, by what is told.
class Film {
 public:
  struct Past {
    bool is_said = false;
    Floats told;  // last, of which was said
    Floats between, said;
    BlockMemory::Past blocks;
    Floats first, second;  // said where the block began, and where it will end
  };

  // Tensors under `name`; what a network is told by knows whether there is anything to read.
  void Read(const ModelFile& file, const std::string& name, const Conditioning& told, int channels);
  Past Begun() const;
  void Forget(Past* past) const;

  // The channels of a sample, which have room behind their end.
  void operator()(const float* told, float* h, Past* past) const;

 private:
  int channels_ = 0, told_ = 0;
  bool is_told_ = false, is_temporal_ = false;
  Linear first_, last_;
  BlockMemory memory_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_EFFECT_TOLD_H_
