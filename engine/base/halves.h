// Half floats, as files of web pages have them.

#ifndef VSCHAOS_ENGINE_BASE_HALVES_H_
#define VSCHAOS_ENGINE_BASE_HALVES_H_

#include <cmath>
#include <cstdint>

namespace engine {

// The number that these bits of IEEE 754 stand for: a sign, 5 of exponent, 10 of fraction.
inline float FromHalf(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const auto fraction = static_cast<float>(bits & 1023);
  float size = std::ldexp(fraction + (exponent ? 1024.0f : 0.0f), (exponent ? exponent : 1) - 25);
  if (exponent == 31) size = fraction == 0.0f ? INFINITY : NAN;
  return bits & 0x8000 ? -size : size;
}

}  // namespace engine

#endif  // VSCHAOS_ENGINE_BASE_HALVES_H_
