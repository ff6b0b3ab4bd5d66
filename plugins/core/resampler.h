// A stream of samples read between them: from one rate to another, in any blocks the same.
//
// Band-limited interpolation: Smith and Gossett, "A flexible sampling-rate conversion method"
// (ICASSP 1984), with a Kaiser window of 96 samples: flat to 0.44 of the lower rate, all above
// half of it 90 dB down.

#ifndef VSCHAOS_PLUGINS_CORE_RESAMPLER_H_
#define VSCHAOS_PLUGINS_CORE_RESAMPLER_H_

#include <cstdint>
#include <vector>

namespace vschaos {

class Resampler {
 public:
  // Allocates. `longest`: samples written at most before they are read.
  void Make(int from_hz, int to_hz, int longest);
  void Reset();

  // Samples of the stream that must lie ahead of what is read.
  int half() const { return half_; }
  void Write(float sample);
  std::int64_t written() const { return written_; }
  // The stream at sample `whole` and `part` / to_hz beyond; before the beginning there is silence.
  // All up to whole + half() must have been written.
  float Read(std::int64_t whole, std::int64_t part) const;

 private:
  static constexpr int kPhases = 512, kHalf = 48;

  int half_ = kHalf, to_hz_ = 1, taps_ = 2 * kHalf;
  std::int64_t written_ = 0;
  std::uint64_t mask_ = 0;
  std::vector<float> ring_, table_;  // table: [kPhases + 1][taps]
};

}  // namespace vschaos

#endif  // VSCHAOS_PLUGINS_CORE_RESAMPLER_H_
