// Parts of the engine for tests from Python: plain functions on rows of floats.

#include <cstring>
#include <new>
#include <string>

#include "base/halves.h"
#include "base/refused.h"
#include "base/vectors.h"
#include "dsp/fourier.h"
#include "dsp/inversion.h"
#include "dsp/output_level.h"
#include "file/json.h"
#include "nn/layers.h"
#include "nn/linear.h"

#define PROBE extern "C" __attribute__((visibility("default")))

using namespace engine;

namespace {

Floats Padded(const float* from, int count) {
  Floats row(static_cast<std::size_t>(count));
  row.Copy(from, static_cast<std::size_t>(count));
  return row;
}

}  // namespace

PROBE void probe_halves(const std::uint16_t* halves, float* floats, int count) {
  for (int i = 0; i < count; ++i) floats[i] = FromHalf(halves[i]);
}

PROBE void probe_fourier(int size, const float* x, float* real, float* imaginary, float* back) {
  Fourier fourier(size);
  fourier.Forward(x, real, imaginary);
  fourier.Inverse(real, imaginary, back);
}

// A function of every number of a row.
PROBE int probe_function(const char* name, float* x, int count) {
  Floats row = Padded(x, count), other(static_cast<std::size_t>(count));
  const std::string what(name);
  const auto each = [&](auto function) {
    ForEach(count, [&](int i) { Store(row.data() + i, function(Load(row.data() + i))); });
  };
  if (what == "exp") {
    each(Exponential);
  } else if (what == "expm1") {
    each(ExponentialLess1);
  } else if (what == "log") {
    each(Logarithm);
  } else if (what == "log1p") {
    each(LogarithmOf1Plus);
  } else if (what == "sin" || what == "cos") {
    each([&](Vector v) {
      Vector sine, cosine;
      SineAndCosine(v, &sine, &cosine);
      return what == "sin" ? sine : cosine;
    });
  } else if (what == "sigmoid") {
    each(Sigmoid);
  } else if (what == "tanh") {
    each(HyperbolicTangent);
  } else if (what == "silu") {
    Silu(row.data(), count);
  } else if (what == "softplus") {
    Softplus(row.data(), count);
  } else if (what == "neighbour_mean") {
    Floats sums(static_cast<std::size_t>(count));
    NeighbourMean(row.data(), other.data(), sums.data(), count);
    std::swap(row, other);
  } else {
    return 0;
  }
  std::memcpy(x, row.data(), count * sizeof(float));
  return 1;
}

PROBE void probe_linear(int inputs, int outputs, int rows, int by_output, const float* weights,
                        const float* bias, const float* x, float* y) {
  Linear layer(inputs, outputs);
  layer.Place(weights, by_output != 0, 0, inputs, 0, outputs);
  layer.AddBias(bias, 0, outputs);
  const int stride = RoundUp(outputs, Linear::kPadding);
  Floats made(std::size_t(stride) * rows);
  layer(x, inputs, made.data(), stride, rows);
  for (int r = 0; r < rows; ++r) {
    std::memcpy(y + std::size_t(r) * outputs, made.data() + std::size_t(r) * stride,
                outputs * sizeof(float));
  }
}

PROBE void probe_layer_norm(int size, const float* gain, const float* offset, float* x) {
  LayerNorm norm;
  norm.Make(gain, offset, size);
  norm(x, x);
}

PROBE void probe_bound(int count, const float* ceiling, float* x) {
  Floats row = Padded(x, count), above = Padded(ceiling, count);
  Bound(row.data(), above.data(), count);
  std::memcpy(x, row.data(), count * sizeof(float));
}

PROBE void probe_bound_norm(int count, float greatest, float* x) {
  Floats row = Padded(x, count);
  BoundNorm(row.data(), greatest, count);
  std::memcpy(x, row.data(), count * sizeof(float));
}

PROBE void probe_textured_gain(int bins, const float* low, const float* magnitudes,
                               const float* heard, float texture, float* gain) {
  TexturedGain of;
  of.Make(bins, low);
  Floats wanted = Padded(magnitudes, bins), given = Padded(heard, bins), made(static_cast<std::size_t>(bins));
  of(wanted.data(), given.data(), texture, made.data());
  std::memcpy(gain, made.data(), bins * sizeof(float));
}

PROBE void probe_level(float from_gain, float gain, int is_limited, int count, float* x) {
  OutputLevel level;
  level.set_gain(from_gain);
  level.Forget();
  level.set_gain(gain);
  level.set_limited(is_limited != 0);
  level(x, count);
}

// Constants of an inversion in the order window, dual, short, advance, phases, low, noise,
// noise_window; magnitudes, and coherence or nullptr, [frames][bins]; calls of `call` frames.
PROBE int probe_inversion(int n_fft, int hop, const float* const* constants, const char* mode,
                          float texture, int frames, int call, const float* magnitudes,
                          const float* coherence, float* out) {
  const Mode* const found = FindMode(mode);
  if (!found) return -1;
  InversionTables tables;
  tables.n_fft = n_fft;
  tables.hop = hop;
  const int bins = tables.bins();
  tables.window = Padded(constants[0], n_fft);
  tables.dual = Padded(constants[1], n_fft);
  tables.short_window = Padded(constants[2], 2 * hop);
  tables.advance = Padded(constants[3], bins);
  tables.phases = Padded(constants[4], InversionTables::kPhaseRows + bins - 1);
  tables.low = Padded(constants[5], bins);
  tables.noise = Padded(constants[6], static_cast<int>(WhiteNoise::kStarts) + hop - 1);
  tables.noise_window = Padded(constants[7], n_fft);
  tables.white_noise = {tables.noise.data(), tables.noise_window.data()};
  Fourier fourier(n_fft);
  Inversion inversion;
  inversion.Make(&tables, &fourier);
  inversion.SetTexture(texture);
  inversion.SetMode(*found);
  Rows given, known;
  given.Make(frames, bins);
  known.Make(frames, bins);
  for (int f = 0; f < frames; ++f) {
    std::memcpy(given[f], magnitudes + std::size_t(f) * bins, bins * sizeof(float));
    if (coherence) {
      std::memcpy(known[f], coherence + std::size_t(f) * bins, bins * sizeof(float));
    }
  }
  for (int f = 0; f < frames; f += call) {
    inversion.Process(given[f], coherence ? known[f] : nullptr, given.stride(),
                      std::min(call, frames - f), out + std::size_t(f) * hop);
  }
  return inversion.delay_samples();
}

// Whether a text is JSON that the engine reads.
PROBE int probe_json(const char* text, int size) {
  try {
    Json::Parse(std::string(text, static_cast<std::size_t>(size)));
    return 1;
  } catch (const Refused&) {
    return 0;
  }
}
