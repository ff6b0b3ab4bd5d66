// Onsets in sound as it comes: see vschaos2/events/detector.py, flux.py and onset_net.py.
//
//     sound ─> bands of a frame ─> how much louder than lately ─> a peak ─> where it began ─> impulse

#ifndef VSCHAOS_ENGINE_FAMILIES_ONSET_DETECTOR_H_
#define VSCHAOS_ENGINE_FAMILIES_ONSET_DETECTOR_H_

#include <memory>
#include <vector>

#include "base/floats.h"
#include "dsp/attack.h"
#include "dsp/fourier.h"
#include "file/model_file.h"
#include "nn/dilated.h"

namespace engine {

// How is listened, the same for all streams.
struct Listening {
  float threshold = 0.05f, likelihood = 0.75f;
  double least_gap_ms = 40.0;
  bool by_net = false;
};

// What listening at one rate asks for.
struct OnsetRate {
  // A row of the file; throws Refused.
  OnsetRate(const ModelFile& file, const Json& row, int number);

  // Magnitudes of bands of the window's samples, which are good until the next.
  const float* Bands(const float* samples);

  int rate_hz, hop, window_samples, bands;
  int measured, recent, peak, delay;
  int kept;  // samples that it looks back
  float decay;
  Attack attack;
  Linear gathered;  // bands into groups, which the net hears

 private:
  struct Band {
    int first, count;
    std::size_t weights;  // where its own begin
  };
  Floats window_, weights_;
  std::vector<Band> of_bands_;
  std::unique_ptr<Fourier> fourier_;
  Floats frame_, real_, imaginary_, found_;
};

// Causal layers over frames, which hear notes.
class OnsetNet {
 public:
  static constexpr int kGroups = 24, kLayers = 3;
  using Past = std::vector<Dilated::Past>;

  explicit OnsetNet(const ModelFile& file);
  Past Begun() const;
  // The log-odds of an onset, as the next frame has it: [2 · kGroups], with room for a Linear's.
  float operator()(const Rows& heard, Past* past);

 private:
  Dilated layers_[kLayers];
  Linear last_;
  Rows inner_, outer_;
};

class OnsetStream {
 public:
  // For any of the rates; all of these must outlive it.
  void Make(const std::vector<OnsetRate>& rates, OnsetNet* net, const Listening* listening);
  // Begins anew at one of the rates.
  void Forget(OnsetRate* rate);
  void Process(const float* sound, float* impulses, int count);

 private:
  void Frame();
  bool IsPeak(float flux);
  bool IsLikely();
  float Energy(int ago, int count);
  void Decide(bool is_peak);

  OnsetRate* rate_ = nullptr;
  OnsetNet* net_ = nullptr;
  const Listening* listening_ = nullptr;
  OnsetNet::Past past_;
  Floats history_, hop_;  // samples that frames heard, and those since
  int into_ = 0;
  Rows bands_, loud_, grown_, groups_;  // bands of the last frames, the newest first
  float reference_ = 0.0f, said_[2] = {};
  Floats flux_, sorted_, energy_;
  Floats told_;  // impulses to come, in a ring
  int now_ = 0;
  int since_last_ = 0, since_asked_ = -1;  // samples; -1: nothing is in question
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_ONSET_DETECTOR_H_
