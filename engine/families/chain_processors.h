// Processors of a chain, each on sub-blocks of 64 samples: see vschaos2/processors/.

#ifndef VSCHAOS_ENGINE_FAMILIES_CHAIN_PROCESSORS_H_
#define VSCHAOS_ENGINE_FAMILIES_CHAIN_PROCESSORS_H_

#include <memory>
#include <string>
#include <vector>

#include "base/floats.h"
#include "families/chain_controller.h"
#include "file/json.h"

namespace engine {

class Processor {
 public:
  virtual ~Processor() = default;
  virtual void Forget() = 0;
  // A sub-block in place, a row for each channel, and what its values reach at its end.
  virtual void Play(const double* values, Rows* sound) = 0;
};

// A row of settings: what a processor is made from, the same for all voices.
struct ProcessorPlan {
  enum class Kind {
    kGain, kPolarity, kOffset, kTanh, kClip, kLevel, kCompressor, kExpander, kFilter
  };
  // A filter of several, in series.
  struct Band {
    enum class Shape { kLowPass, kHighPass, kPeak, kLowShelf, kHighShelf };
    Shape shape;
    bool has_gain, has_q;
  };

  Kind kind;
  double rate_hz;
  int channels, values;
  std::vector<Band> bands;
  int hop = 1;   // sub-blocks, over which a filter crosses to the next
  int paths = 1;  // gains of a compressor
};

// Throws Refused for what the engine does not know, or values that are not as many as it takes.
ProcessorPlan ReadPlan(const Json& row, double rate_hz, int channels, int values);

std::unique_ptr<Processor> MakeProcessor(const ProcessorPlan& plan);
std::unique_ptr<Processor> MakeFilter(const ProcessorPlan& plan);
std::unique_ptr<Processor> MakeDynamics(const ProcessorPlan& plan);

// Values that run straight, within each sub-block, from what they were to what they reach.
class Ramps {
 public:
  void Make(int values) {
    last_.resize(static_cast<std::size_t>(values));
    rows_.resize(std::size_t(values) * kSubBlock);
  }
  void Forget() { has_begun_ = false; }
  // Of the next sub-block.
  void Run(const double* ends) {
    is_still_ = true;
    for (std::size_t p = 0; p < last_.size(); ++p) {
      const double start = has_begun_ ? last_[p] : ends[p];
      double* const row = rows_.data() + p * kSubBlock;
      is_still_ = is_still_ && start == ends[p];
      for (int t = 0; t < kSubBlock; ++t) row[t] = start + (ends[p] - start) * ((t + 1) / 64.0);
      last_[p] = ends[p];
    }
    has_begun_ = true;
  }
  bool is_still() const { return is_still_; }
  const double* operator[](int value) const { return rows_.data() + std::size_t(value) * kSubBlock; }

 private:
  bool has_begun_ = false, is_still_ = true;
  std::vector<double> last_, rows_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_CHAIN_PROCESSORS_H_
