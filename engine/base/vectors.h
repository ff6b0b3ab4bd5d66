// Several floats at once, and functions of them: one source for AVX2, AVX-512, NEON and SSE.
//
// GCC's and Clang's vector types, no intrinsics. Every function treats each number as if it stood
// alone: what comes out does not depend on how many are worked out together.

#ifndef VSCHAOS_ENGINE_BASE_VECTORS_H_
#define VSCHAOS_ENGINE_BASE_VECTORS_H_

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace engine {

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif

typedef float Vector __attribute__((vector_size(kWidth * 4)));
typedef float LooseVector __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
typedef std::int32_t Integers __attribute__((vector_size(kWidth * 4)));

inline Vector Load(const float* place) { return *reinterpret_cast<const LooseVector*>(place); }
inline void Store(float* place, Vector v) { *reinterpret_cast<LooseVector*>(place) = v; }
inline Vector Splat(float x) { return x - Vector{}; }
// Where all bits of the mask are set, `a`, else `b`.
inline Vector Select(Integers mask, Vector a, Vector b) {
  return (Vector)(((Integers)a & mask) | ((Integers)b & ~mask));
}
inline Vector Least(Vector a, Vector b) { return Select(a < b, a, b); }
inline Vector Greatest(Vector a, Vector b) { return Select(a > b, a, b); }
inline Vector Clamp(Vector x, float lowest, float highest) {
  return Least(Greatest(x, Splat(lowest)), Splat(highest));
}
inline Vector Root(Vector x) {
  Vector root = {};
  for (int i = 0; i < kWidth; ++i) root[i] = std::sqrt(x[i]);
  return root;
}
// To the nearest whole number, for |x| < 2^22: adding 1.5·2^23 leaves no bit for a fraction.
inline Vector Round(Vector x) {
  const Vector shift = Splat(12582912.0f);
  return (x + shift) - shift;
}

// x = n ln 2 + r, |r| <= ln 2 / 2: e^r - 1, and n. Polynomial of Cephes (Moshier).
inline Vector ReducedExponential(Vector x, Integers* n) {
  const Vector whole = Round(x * 1.44269504088896341f);
  *n = __builtin_convertvector(whole, Integers);
  Vector r = x - whole * 0.693359375f;
  r = r + whole * 2.12194440e-4f;
  Vector p = Splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * r * r + r;
}

// e^x, for x clamped to [-87, 88].
inline Vector Exponential(Vector x) {
  Integers n;
  const Vector rest = ReducedExponential(Clamp(x, -87.0f, 88.0f), &n);
  const Vector scale = (Vector)((n + 127) << 23);
  return rest * scale + scale;
}

// e^x - 1, exact for small x, too.
inline Vector ExponentialLess1(Vector x) {
  Integers n;
  const Vector rest = ReducedExponential(Clamp(x, -87.0f, 88.0f), &n);
  const Vector scale = (Vector)((n + 127) << 23);
  return rest * scale + (scale - 1.0f);
}

// 1 / (1 + e^-x).
inline Vector Sigmoid(Vector x) { return 1.0f / (1.0f + Exponential(-x)); }

// tanh x, exact for small x, too.
inline Vector HyperbolicTangent(Vector x) {
  const Vector e = ExponentialLess1(x + x);
  return e / (e + 2.0f);
}

// ln x of normal positive numbers. Polynomial of Cephes.
inline Vector Logarithm(Vector x) {
  const Integers bits = (Integers)x;
  const Integers exponent = (bits - 0x3f3504f3) >> 23;  // the rest lies in [√½, √2]
  const Vector f = (Vector)(bits - (exponent << 23)) - 1.0f;
  const Vector k = __builtin_convertvector(exponent, Vector);
  const Vector z = f * f;
  Vector p = Splat(7.0376836292e-2f);
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  Vector y = p * f * z;
  y = y + k * -2.12194440e-4f;
  y = y - 0.5f * z;
  return f + y + k * 0.693359375f;
}

// ln (1 + x), x >= 0: what 1 + x loses is made good to first order.
inline Vector LogarithmOf1Plus(Vector x) {
  const Vector u = x + 1.0f;
  return Logarithm(u) + (x - (u - 1.0f)) / u;
}

// ln (1 + e^x); x itself above 20, as torch has it.
inline Vector SoftplusOf(Vector x) {
  const Vector straight = Splat(20.0f);
  return Select(x > straight, x, LogarithmOf1Plus(Exponential(Least(x, straight))));
}

// sin x and cos x, for |x| of a few turns at most. Polynomials of Cephes.
inline void SineAndCosine(Vector x, Vector* sine, Vector* cosine) {
  const Vector quarters = Round(x * 0.636619772367581343f);
  const Integers q = __builtin_convertvector(quarters, Integers);
  Vector r = x - quarters * 1.5703125f;
  r = r - quarters * 4.837512969970703125e-4f;
  r = r - quarters * 7.54978995489188e-8f;
  const Vector z = r * r;
  Vector s = Splat(-1.9515295891e-4f);
  s = s * z + 8.3321608736e-3f;
  s = s * z - 1.6666654611e-1f;
  s = s * z * r + r;
  Vector c = Splat(2.443315711809948e-5f);
  c = c * z - 1.388731625493765e-3f;
  c = c * z + 4.166664568298827e-2f;
  c = c * z * z - 0.5f * z + 1.0f;
  const Integers is_swapped = (q & 1) != 0;
  const Vector first = Select(is_swapped, c, s), second = Select(is_swapped, s, c);
  *sine = (Vector)((Integers)first ^ ((q & 2) << 30));
  *cosine = (Vector)((Integers)second ^ (((q + 1) & 2) << 30));
}

// Calls `function` with each place of a row of `count` floats that has room behind its end.
template <typename Function>
inline void ForEach(int count, Function function) {
  for (int i = 0; i < count; i += kWidth) function(i);
}

}  // namespace engine

#endif  // VSCHAOS_ENGINE_BASE_VECTORS_H_
