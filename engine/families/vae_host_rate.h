// A model of frames at a host's sample rate, where that is another: spectra are warped.
//
// See vschaos2/dsp/host_rate.py for the reasons and the tables, which the file holds.

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_HOST_RATE_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_HOST_RATE_H_

#include <memory>
#include <vector>

#include "base/floats.h"
#include "dsp/fourier.h"
#include "file/model_file.h"

namespace engine {

class HostRate {
 public:
  // For windows and hops of so many samples of the host, and a model of so many bins. A file of
  // one rate needs nothing.
  void Read(const ModelFile& file, int n_fft, int hop, int model_bins);

  // The rate from now on, one of the file's; whether it is another than before.
  bool Set(int rate_hz);
  // Whether anything is to be done at this rate.
  bool is_warped() const { return row_ >= 0 && !rates_[row_].is_own; }
  // Samples that `Heard` reads; 0: at no rate any.
  int longest() const { return longest_; }

  // What a model hears of the last samples [longest]: magnitudes of its bins.
  void Heard(const float* samples, float* magnitudes);
  // A model's magnitudes as the host's frames have them.
  void Played(const float* magnitudes, float* made);
  // What a model says of its bins, for the host's, 0 to 1.
  void Coherence(const float* coherence, float* made) const;

 private:
  static constexpr int kNeighbours = 8, kCubic = 4;

  struct Rate {
    int rate_hz = 0, length = 0;
    bool is_own = false;
    float scale = 1.0f, missing = 0.0f;
    Floats window;  // [longest]
    std::vector<int> heard_index, played_index;
    Floats heard, played;  // weights: [bins][kNeighbours][2], [host's bins][kCubic]
  };

  void ReadRate(const ModelFile& file, const Json& row, Rate* rate);
  void Spread(const float* values, float* made) const;

  int bins_ = 0, host_bins_ = 0, padded_ = 0, longest_ = 0, factor_ = 1, own_hz_ = 0;
  int row_ = -1;
  float least_ = 1.0f;
  std::vector<Rate> rates_;
  std::unique_ptr<Fourier> fourier_;
  Floats frame_, real_, imaginary_, compressed_, power_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_HOST_RATE_H_
