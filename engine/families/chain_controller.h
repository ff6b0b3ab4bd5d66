// What sets the parameters of a processor: see vschaos2/processors/controllers.py and parameter.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_CHAIN_CONTROLLER_H_
#define VSCHAOS_ENGINE_FAMILIES_CHAIN_CONTROLLER_H_

#include <string>
#include <vector>

#include "base/floats.h"
#include "file/model_file.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

namespace engine {

constexpr int kSubBlock = 64;  // samples, in which chains work

// Fixed values; or raw numbers, which knobs, and the sound before a sub-block, add to; or which
// are told, and moved by knobs along axes.
class Controller {
 public:
  struct Past {
    Recurrent::Memory memory;
    Floats levels;  // mean and peak of the sub-block before
    Floats heard, first, second, added;
  };

  // A row of settings, its tensors under `name`; throws Refused.
  void Read(const ModelFile& file, const Json& row, const std::string& name, int knobs);
  int count() const { return static_cast<int>(base_.size()); }

  Past Begun() const;
  static void Forget(Past* past);

  bool is_placed() const { return kind_ == Kind::kPlaced; }
  // The values that a sub-block of the sound reaches at its end; knobs from 0 to 1, and raw numbers
  // of a placed one.
  void operator()(const Rows& sound, int channels, const double* knobs, const double* raw,
                  double* values, Past* past) const;

 private:
  enum class Kind { kFixed, kTold, kFollowing, kPlaced };

  Kind kind_ = Kind::kFixed;
  int knobs_ = 0;
  std::vector<double> base_;                 // values, or raw numbers
  std::vector<double> least_, span_, pace_;  // of ranges
  std::vector<double> is_log_;  // 1, or 0
  std::vector<std::vector<double>> axes_;  // raw, of each knob from its middle to its end
  Linear first_, second_, head_;
  Recurrent units_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_CHAIN_CONTROLLER_H_
