// Recurrent layers, a step at a time: LSTM and GRU, as torch has them.

#ifndef VSCHAOS_ENGINE_NN_RECURRENT_H_
#define VSCHAOS_ENGINE_NN_RECURRENT_H_

#include <vector>

#include "base/floats.h"
#include "nn/linear.h"

namespace engine {

// Layers one above the other; a step of each is one product of all its gates with what it hears and
// its own units beside each other.
class Recurrent {
 public:
  enum class Kind { kLstm, kGru };

  // What the layers remember: of each what it heard last, its units behind that, and its cells.
  struct Memory {
    std::vector<Floats> heard, cells;
  };

  void Make(Kind kind, int inputs, int hidden, int layers);
  // The weights of a layer, as torch stores them: [gates · hidden][inputs or hidden].
  void Place(int layer, const float* of_inputs, const float* of_units, const float* input_bias,
             const float* unit_bias);

  int gates() const { return kind_ == Kind::kLstm ? 4 : 3; }  // rows of weights of each unit
  int inputs(int layer) const { return layer == 0 ? inputs_ : hidden_; }
  int hidden() const { return hidden_; }
  int layers() const { return static_cast<int>(layers_.size()); }

  Memory Begun() const;
  static void Forget(Memory* memory);
  float* units(Memory* memory, int layer) const {
    return memory->heard[layer].data() + inputs(layer);
  }

  // One step; the last layer's units after it, which are good until the next.
  const float* Step(const float* x, Memory* memory) const;

 private:
  void StepLstm(float* units, float* cells) const;
  void StepGru(float* units) const;

  Kind kind_ = Kind::kLstm;
  int inputs_ = 0, hidden_ = 0;
  int stride_ = 0;  // from one gate to the next
  std::vector<Linear> layers_;
  mutable Floats gates_;  // of the step at hand
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_NN_RECURRENT_H_
