// Random numbers of a normal distribution, the same from every start.

#ifndef VSCHAOS_ENGINE_BASE_RANDOM_H_
#define VSCHAOS_ENGINE_BASE_RANDOM_H_

#include <cmath>
#include <cstdint>

namespace engine {

class Random {
 public:
  // Mean 0, deviation 1: Box and Muller's pair, one at a time.
  float Normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
    const double angle = 6.283185307179586476925286766559 * Uniform();
    spare_ = static_cast<float>(radius * std::sin(angle));
    has_spare_ = true;
    return static_cast<float>(radius * std::cos(angle));
  }

 private:
  // In [0, 1): the upper bits of a counter that is mixed (splitmix64; Steele, Lea & Flood 2014).
  double Uniform() {
    std::uint64_t bits = state_ += 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    bits ^= bits >> 31;
    return static_cast<double>(bits >> 11) * 0x1p-53;
  }

  std::uint64_t state_ = 1;
  float spare_ = 0.0f;
  bool has_spare_ = false;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_BASE_RANDOM_H_
