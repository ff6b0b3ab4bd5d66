// Sound between a host's rate and a model's own, in blocks of any length: see
// vschaos2/dsp/resampling.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_EFFECT_RATE_H_
#define VSCHAOS_ENGINE_FAMILIES_EFFECT_RATE_H_

#include <cstdint>

#include "base/floats.h"

namespace engine {

// The last samples of several rows, by their numbers; those before number 0 are silence.
class Recent {
 public:
  void Make(int rows, int least);
  void Forget() {
    rows_.Zero();
    count_ = 0;
  }
  std::int64_t count() const { return count_; }  // the number of the next sample

  // Samples of a row with the numbers from count() on, before Advance says how many they are.
  void Write(int row, const float* samples, int count);
  void Advance(int count) { count_ += count; }
  // Those from a number on, one behind the other.
  const float* At(int row, std::int64_t number) const { return rows_[row] + (number & mask_); }

 private:
  Rows rows_;  // each twice, so that all that is read lies in one piece
  std::int64_t count_ = 0, mask_ = 0;
};

// Samples at one rate read at the times of another.
class Resampling {
 public:
  // Throws Refused for rates that have no such bridge.
  void Make(int from_hz, int to_hz);

  int ahead() const { return half_; }  // samples that are read after the one below
  int up() const { return up_; }
  int down() const { return down_; }

  // What a row has at a sample of the other rate; or, on a straight line, between two.
  float operator()(const Recent& of, int row, std::int64_t number) const;
  float Between(const Recent& of, int row, std::int64_t number) const;

 private:
  std::int64_t Below(std::int64_t number, int* fraction) const;

  int up_ = 1, down_ = 1, half_ = 0;
  Rows kernels_;  // of each fraction of a sample
};

// To a model's rate and back.
class HostBridge {
 public:
  // The model computes multiples of so many samples.
  HostBridge(int host_hz, int model_hz, int block);

  int rate_hz() const { return rate_hz_; }
  int delay() const { return delay_; }            // in the host's samples
  int heard_size() const { return heard_size_; }  // samples of the host that must be kept
  int made_size() const { return made_size_; }    // of the model
  const Resampling& inward() const { return inward_; }
  const Resampling& outward() const { return outward_; }
  // The model's samples that are due after so many of the host's.
  std::int64_t Due(std::int64_t heard) const;

 private:
  int rate_hz_, block_, delay_, heard_size_, made_size_;
  Resampling inward_, outward_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_EFFECT_RATE_H_
