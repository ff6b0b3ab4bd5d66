// Processors of a chain, each on sub-blocks of 64 samples: see vschaos2/processors/.

#ifndef VSCHAOS_ENGINE_FAMILIES_CHAIN_PROCESSORS_H_
#define VSCHAOS_ENGINE_FAMILIES_CHAIN_PROCESSORS_H_

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "base/floats.h"
#include "families/chain_controller.h"
#include "file/model_file.h"
#include "nn/linear.h"

namespace engine {

constexpr double kPi = 3.14159265358979323846;
constexpr double kPerDecibel = 0.11512925464970229;  // ln 10 / 20
constexpr double kInaudible = 1e-100;  // states below it are none: what ever dies away costs time
constexpr int kRoomLines = 6;

class Processor {
 public:
  virtual ~Processor() = default;
  virtual void Forget() = 0;
  // A sub-block in place, a row for each channel, and what its values reach at its end.
  virtual void Play(const double* values, Rows* sound) = 0;
};

// s' = A s + B x, y = C s + D x.
struct Section {
  double a00, a01, a10, a11, b0, b1, c0, c1, d;
};

// A sub-block through sections in series, in place; two states of each.
void RunSections(const std::vector<Section>& sections, double* samples, double* states);

// From one number to one, by two layers of units: tanh, or sines of so many radians.
struct CurveNet {
  static constexpr int kUnits = 16;

  float swing = 0.0f;  // 0: tanh
  Linear first, second, last;

  // A sub-block; `spare` has two rows for each sample, of Linear::kPadding.
  void operator()(const float* x, float* y, Rows* spare) const;
};

// A row of settings: what a processor is made from, the same for all voices.
struct ProcessorPlan {
  enum class Kind {
    kGain, kPolarity, kOffset, kTanh, kClip, kLevel, kCompressor, kExpander, kFilter, kPhaseShift,
    kMlp, kSiren, kRational, kFir, kTremolo, kPhaser, kDelayed, kEcho, kRoom, kSpace
  };
  // A filter of several, in series.
  struct Band {
    enum class Shape { kLowPass, kHighPass, kPeak, kLowShelf, kHighShelf };
    Shape shape;
    bool has_gain, has_q;
  };

  Kind kind = Kind::kGain;
  double rate_hz = 0.0;
  int channels = 0, outputs = 0, values = 0;
  std::vector<Band> bands;
  int hop = 1;   // sub-blocks, over which a filter or an echo crosses to the next
  int paths = 1;  // gains of a compressor
  int stages = 0;  // of a phaser
  int longest = 0;  // delay in samples
  std::array<int, kRoomLines> lengths{};  // of a room's lines in samples
  bool has_pan = false, has_echo = false, has_room = false, has_eq = false;  // of a space
  std::shared_ptr<const CurveNet> curve;
  // Taps, or coefficients of polynomials; of a turn of phases those of each chain's all-passes.
  std::vector<float> taps, below;
  std::vector<Section> leading, lagging;
};

// Throws Refused for what the engine does not know, or values that are not as many as it takes;
// `name` is that of its tensors.
ProcessorPlan ReadPlan(const ModelFile& file, const Json& row, const std::string& name,
                       double rate_hz, int channels, int values);

// What is made must not outlive its plan.
std::unique_ptr<Processor> MakeProcessor(const ProcessorPlan& plan);
std::unique_ptr<Processor> MakeFilter(const ProcessorPlan& plan);
std::unique_ptr<Processor> MakeDynamics(const ProcessorPlan& plan);
std::unique_ptr<Processor> MakePhaseShift(const ProcessorPlan& plan);
std::unique_ptr<Processor> MakeCurve(const ProcessorPlan& plan);
std::unique_ptr<Processor> MakeSwept(const ProcessorPlan& plan);
std::unique_ptr<Processor> MakeSpace(const ProcessorPlan& plan);

// Half a cosine, from 0 towards 1: the share of what is crossed to.
std::vector<double> CosineRise(int count);

// Values that run straight, within each sub-block, from what they were to what they reach.
class Ramps {
 public:
  void Make(int values) {
    last_.resize(static_cast<std::size_t>(values));
    rows_.resize(std::size_t(values) * kSubBlock);
  }
  void Forget() { has_begun_ = false; }
  // Of the next sub-block; whether any differs from that of the one before.
  bool Run(const double* ends);
  // Whether each stands at one number.
  bool is_still() const { return is_still_; }
  const double* operator[](int value) const { return rows_.data() + std::size_t(value) * kSubBlock; }
  double End(int value) const { return (*this)[value][kSubBlock - 1]; }

 private:
  bool has_begun_ = false, is_still_ = true;
  std::vector<double> last_, rows_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_CHAIN_PROCESSORS_H_
