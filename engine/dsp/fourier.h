// The Fourier transform of real frames, and back.

#ifndef VSCHAOS_ENGINE_DSP_FOURIER_H_
#define VSCHAOS_ENGINE_DSP_FOURIER_H_

#include <vector>

#include "base/floats.h"

namespace engine {

// X[k] = Σ_l x[l] e^(-2πi k l / M) for k = 0 … M/2, and its inverse; M a power of two, 4 or more.
//
// A complex transform of M/2 points (Stockham's, radix 4, real and imaginary parts apart) holds
// the even samples as real and the odd ones as imaginary parts.
class Fourier {
 public:
  static constexpr int kLeast = 4, kMost = 1 << 17;

  explicit Fourier(int size);

  int size() const { return size_; }
  int bins() const { return half_ + 1; }

  // x [M] → real and imaginary parts [M/2 + 1].
  void Forward(const float* x, float* real, float* imaginary);
  // The other way; imaginary parts of the first and the last bin count for nothing.
  void Inverse(const float* real, const float* imaginary, float* x);

 private:
  struct Stage {
    int size, stride;
    std::size_t twiddles;  // where its own begin
  };

  static void Butterflies(const float* xr, const float* xi, float* yr, float* yi, int size,
                          int stride, const float* twiddles);
  // In place of both: which of the buffers holds the result is returned in the pointers.
  void Complex(float** real, float** imaginary, float** spare_real, float** spare_imaginary);

  int size_, half_;
  bool ends_with_two_ = false;
  std::vector<Stage> stages_;
  Floats twiddles_, cosine_, sine_;  // e^(-2πi k / M) = cosine + i sine
  Floats real_, imaginary_, spare_real_, spare_imaginary_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_FOURIER_H_
