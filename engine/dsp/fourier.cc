#include "dsp/fourier.h"

#include <cmath>
#include <utility>

namespace engine {

namespace {

constexpr double kTurn = 6.283185307179586476925286766559;

}  // namespace

Fourier::Fourier(int size) : size_(size), half_(size / 2) {
  for (Floats* buffer : {&real_, &imaginary_, &spare_real_, &spare_imaginary_}) {
    buffer->Make(half_);
  }
  cosine_.Make(half_ + 1);
  sine_.Make(half_ + 1);
  for (int k = 0; k <= half_; ++k) {
    cosine_[k] = static_cast<float>(std::cos(kTurn * k / size));
    sine_[k] = static_cast<float>(-std::sin(kTurn * k / size));
  }
  std::size_t total = 0;
  int left = half_;
  for (int stride = 1; left >= 4; left /= 4, stride *= 4) {
    stages_.push_back({left, stride, total});
    total += 6 * std::size_t(left / 4);
  }
  ends_with_two_ = left == 2;
  twiddles_.Make(total);
  for (const Stage& stage : stages_) {
    const int quarter = stage.size / 4;
    float* const t = twiddles_.data() + stage.twiddles;
    for (int p = 0; p < quarter; ++p) {
      for (int j = 1; j <= 3; ++j) {
        const double angle = kTurn * p * j / stage.size;
        t[(2 * j - 2) * quarter + p] = static_cast<float>(std::cos(angle));
        t[(2 * j - 1) * quarter + p] = static_cast<float>(-std::sin(angle));
      }
    }
  }
}

// One stage: four inputs a quarter apart, summed with 1, -i, -1, i, turned, written side by side.
void Fourier::Butterflies(const float* __restrict xr, const float* __restrict xi,
                          float* __restrict yr, float* __restrict yi, int size, int stride,
                          const float* __restrict t) {
  const int m = size / 4;
  const float *w1r = t, *w1i = t + m, *w2r = t + 2 * m, *w2i = t + 3 * m, *w3r = t + 4 * m,
              *w3i = t + 5 * m;
  if (stride == 1) {
    for (int p = 0; p < m; ++p) {
      const float ar = xr[p], ai = xi[p], br = xr[p + m], bi = xi[p + m];
      const float cr = xr[p + 2 * m], ci = xi[p + 2 * m], dr = xr[p + 3 * m], di = xi[p + 3 * m];
      const float pr = ar + cr, pi = ai + ci, mr = ar - cr, mi = ai - ci;
      const float qr = br + dr, qi = bi + di, jr = di - bi, ji = br - dr;
      const float er = mr - jr, ei = mi - ji, fr = pr - qr, fi = pi - qi, gr = mr + jr, gi = mi + ji;
      yr[4 * p] = pr + qr;
      yi[4 * p] = pi + qi;
      yr[4 * p + 1] = er * w1r[p] - ei * w1i[p];
      yi[4 * p + 1] = er * w1i[p] + ei * w1r[p];
      yr[4 * p + 2] = fr * w2r[p] - fi * w2i[p];
      yi[4 * p + 2] = fr * w2i[p] + fi * w2r[p];
      yr[4 * p + 3] = gr * w3r[p] - gi * w3i[p];
      yi[4 * p + 3] = gr * w3i[p] + gi * w3r[p];
    }
    return;
  }
  const int far = stride * m;
  for (int p = 0; p < m; ++p) {
    const float *Ar = xr + stride * p, *Ai = xi + stride * p;
    float *Yr = yr + 4 * stride * p, *Yi = yi + 4 * stride * p;
    const float ur = w1r[p], ui = w1i[p], vr = w2r[p], vi = w2i[p], zr = w3r[p], zi = w3i[p];
    for (int q = 0; q < stride; ++q) {
      const float ar = Ar[q], ai = Ai[q], br = Ar[q + far], bi = Ai[q + far];
      const float cr = Ar[q + 2 * far], ci = Ai[q + 2 * far];
      const float dr = Ar[q + 3 * far], di = Ai[q + 3 * far];
      const float pr = ar + cr, pi = ai + ci, mr = ar - cr, mi = ai - ci;
      const float qr = br + dr, qi = bi + di, jr = di - bi, ji = br - dr;
      const float er = mr - jr, ei = mi - ji, fr = pr - qr, fi = pi - qi, gr = mr + jr, gi = mi + ji;
      Yr[q] = pr + qr;
      Yi[q] = pi + qi;
      Yr[q + stride] = er * ur - ei * ui;
      Yi[q + stride] = er * ui + ei * ur;
      Yr[q + 2 * stride] = fr * vr - fi * vi;
      Yi[q + 2 * stride] = fr * vi + fi * vr;
      Yr[q + 3 * stride] = gr * zr - gi * zi;
      Yi[q + 3 * stride] = gr * zi + gi * zr;
    }
  }
}

void Fourier::Complex(float** real, float** imaginary, float** spare_real,
                      float** spare_imaginary) {
  for (const Stage& stage : stages_) {
    Butterflies(*real, *imaginary, *spare_real, *spare_imaginary, stage.size, stage.stride,
                twiddles_.data() + stage.twiddles);
    std::swap(*real, *spare_real);
    std::swap(*imaginary, *spare_imaginary);
  }
  if (!ends_with_two_) return;
  const int stride = half_ / 2;
  const float* __restrict xr = *real;
  const float* __restrict xi = *imaginary;
  float* __restrict yr = *spare_real;
  float* __restrict yi = *spare_imaginary;
  for (int q = 0; q < stride; ++q) {
    yr[q] = xr[q] + xr[q + stride];
    yi[q] = xi[q] + xi[q + stride];
    yr[q + stride] = xr[q] - xr[q + stride];
    yi[q + stride] = xi[q] - xi[q + stride];
  }
  std::swap(*real, *spare_real);
  std::swap(*imaginary, *spare_imaginary);
}

void Fourier::Forward(const float* __restrict x, float* __restrict real,
                      float* __restrict imaginary) {
  float *r = real_.data(), *i = imaginary_.data();
  float *r2 = spare_real_.data(), *i2 = spare_imaginary_.data();
  for (int k = 0; k < half_; ++k) {
    r[k] = x[2 * k];
    i[k] = x[2 * k + 1];
  }
  Complex(&r, &i, &r2, &i2);
  const float *c = cosine_.data(), *s = sine_.data();
  real[0] = r[0] + i[0];
  real[half_] = r[0] - i[0];
  imaginary[0] = imaginary[half_] = 0.0f;
  // Even and odd samples' spectra, of z and its mirror image; the odd ones turn by k / M.
  for (int k = 1; k < half_; ++k) {
    const float ar = r[k], ai = i[k], br = r[half_ - k], bi = -i[half_ - k];
    const float er = ar + br, ei = ai + bi, dr = ar - br, di = ai - bi;
    real[k] = 0.5f * (er + di * c[k] + dr * s[k]);
    imaginary[k] = 0.5f * (ei + di * s[k] - dr * c[k]);
  }
}

void Fourier::Inverse(const float* __restrict real, const float* __restrict imaginary,
                      float* __restrict x) {
  float *r = real_.data(), *i = imaginary_.data();
  float *r2 = spare_real_.data(), *i2 = spare_imaginary_.data();
  const float *c = cosine_.data(), *s = sine_.data();
  const float scale = 0.5f / static_cast<float>(half_);
  r[0] = scale * (real[0] + real[half_]);
  i[0] = scale * (real[0] - real[half_]);
  for (int k = 1; k < half_; ++k) {
    const float ar = real[k], ai = imaginary[k], br = real[half_ - k], bi = -imaginary[half_ - k];
    const float er = ar + br, ei = ai + bi, dr = ar - br, di = ai - bi;
    const float tr = dr * c[k] + di * s[k], ti = di * c[k] - dr * s[k];
    r[k] = scale * (er - ti);
    i[k] = scale * (ei + tr);
  }
  Complex(&i, &r, &i2, &r2);  // parts exchanged: the inverse
  for (int k = 0; k < half_; ++k) {
    x[2 * k] = r[k];
    x[2 * k + 1] = i[k];
  }
}

}  // namespace engine
