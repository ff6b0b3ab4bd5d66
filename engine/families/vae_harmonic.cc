// Frames over the numbers of their harmonics: see vschaos2/nets/harmonic.py, dsp/fundamental.py.
//
//     frame ──fundamental──> latent 0
//       └──over harmonics──> dense layers        dense layers ──over bins──> frame

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/refused.h"
#include "families/layers_of_file.h"
#include "families/vae_parts.h"
#include "nn/linear.h"

namespace engine {

namespace {

constexpr int kMostNumbers = 65536;
constexpr float kLogTwo = 0.69314718055994531f;

// Values at a place between 0 and their last, on straight lines.
float Read(const float* values, int count, float place) {
  const int index = static_cast<int>(std::min(std::max(place, 0.0f), count - 2.0f));
  const float weight = std::min(std::max(place - index, 0.0f), 1.0f);
  return Between(values[index], values[index + 1], weight);
}

// What a file says of its harmonics.
struct Harmonics {
  int bins, size, n_even;
  float lowest, highest, centre, knee, step, log_ratio;

  Harmonics(const ModelFile& file, int of_bins) : bins(of_bins) {
    const Json& told = file.settings().At("harmonic");
    const auto number = [&](const char* name) { return static_cast<float>(told.At(name).Number()); };
    size = told.At("size").Whole("size", 2, kMostNumbers);
    n_even = told.At("n_even").Whole("n_even", 1, size);
    lowest = number("lowest");
    highest = number("highest");
    centre = number("centre");
    knee = number("knee");
    step = number("step");
    log_ratio = number("log_ratio");
    const bool is_right = std::fabs(lowest) < 30.0f && highest >= lowest && highest < 30.0f &&
                          knee > 0.0f && step > 0.0f && log_ratio > 0.0f && bins >= 16;
    if (!is_right) Refuse("has harmonics that nobody could hear: export it again");
  }
};

class HarmonicEncoder : public FrameEncoder {
 public:
  HarmonicEncoder(const ModelFile& file, int bins, int beside, int latent_dim)
      : harmonics_(file, bins), beside_(beside) {
    const Json& told = file.settings().At("harmonic");
    heard_bins_ = told.At("heard_bins").Whole("heard_bins", 9, bins);
    around_ = told.At("around").Whole("around", 1, heard_bins_);
    const int tried = told.At("tried").Whole("tried", 3, kMostNumbers);
    clear_ = static_cast<float>(told.At("clear").Number());
    least_power_ = static_cast<float>(told.At("least_power").Number());
    octaves_ = static_cast<float>(told.At("octaves").Number());
    combs_.Make(heard_bins_, tried);
    combs_.Place(file.Find("harmonic.kernels", {heard_bins_, tried}), false, 0, heard_bins_, 0,
                 tried);
    numbers_ = file.Copy("harmonic.numbers", harmonics_.size);
    const int linear = file.Has("encoder.linear.weight") ? latent_dim - 1 : 0;
    dense_ = ReadDenseEncoder(file, harmonics_.size + beside, linear);
    scores_.Make(RoundUp(tried, Linear::kPadding));
    given_.Make(kRowsAtOnce, harmonics_.size + beside);
  }

  int feature_dim() const override { return 1 + dense_->feature_dim(); }
  bool hears_first_latent() const override { return true; }

  void Features(const float* frames, int stride, int rows, float* features,
                int feature_stride) override {
    const int last = harmonics_.bins - 1;
    // The dense features are made one number to the right, behind the fundamental's.
    for (int r = 0; r < rows; ++r) {
      const float* const frame = frames + r * stride;
      const float heard = Fundamental(frame);
      const float unit = std::exp(heard * kLogTwo);
      for (int j = 0; j < harmonics_.size; ++j) {
        const float place = numbers_[j] * unit;
        given_[r][j] =
            place <= static_cast<float>(last) ? Read(frame, harmonics_.bins, place) : 0.0f;
      }
      std::copy_n(frame + harmonics_.bins, beside_, given_[r] + harmonics_.size);
      features[r * feature_stride] = heard - harmonics_.centre;
    }
    dense_->Features(given_[0], given_.stride(), rows, features + 1, feature_stride);
  }

 private:
  // The logarithm of a frame's fundamental, in bins; the middle of all where none is clear.
  float Fundamental(const float* frame) {
    combs_(frame, 0, scores_.data(), 0, 1);
    const float* const scores = scores_.data();
    const int tried = combs_.outputs();
    const int found = static_cast<int>(std::max_element(scores, scores + tried) - scores);
    const int index = std::min(std::max(found, 1), tried - 2);
    const float before = scores[index - 1], best = scores[index], after = scores[index + 1];
    const float curvature = std::min(before - 2.0f * best + after, -1e-6f);
    const float offset = 0.5f * (before - after) / curvature;
    const float summit = index + std::min(std::max(offset, -1.0f), 1.0f);
    float square = 0.0f, power = 0.0f;
    const int side = around_ / 2;
    for (int k = 0; k < heard_bins_; ++k) {
      float sum = 0.0f;
      for (int i = k - side; i < k - side + around_; ++i) {
        sum += frame[std::min(std::max(i, 0), heard_bins_ - 1)];
      }
      const float detail = frame[k] - sum / around_;
      square += detail * detail;
    }
    for (int k = 0; k < harmonics_.bins; ++k) power += frame[k] * frame[k];
    const bool is_clear =
        best > clear_ * std::sqrt(square) && power / harmonics_.bins > least_power_;
    return is_clear ? harmonics_.lowest + summit * octaves_ : harmonics_.centre;
  }

  Harmonics harmonics_;
  int beside_, heard_bins_, around_;
  float clear_, least_power_, octaves_;
  Linear combs_;
  Floats numbers_, scores_;
  std::unique_ptr<FrameEncoder> dense_;
  Rows given_;
};

class HarmonicDecoder : public FrameDecoder {
 public:
  HarmonicDecoder(const ModelFile& file, int inputs, int bins)
      : harmonics_(file, bins),
        dense_(ReadDenseDecoder(file, inputs, harmonics_.size, harmonics_.size)) {
    made_.Make(kRowsAtOnce, RoundUp(harmonics_.size, Linear::kPadding));
  }

  void Frames(const float* points, int stride, int rows, float* frames,
              int frame_stride) override {
    dense_->Frames(points, stride, rows, made_[0], made_.stride());
    const Harmonics& of = harmonics_;
    for (int r = 0; r < rows; ++r) {
      const float log_unit = std::min(std::max(points[r * stride] + of.centre, of.lowest), of.highest);
      const float unit = std::exp(-log_unit * kLogTwo);
      for (int k = 0; k < of.bins; ++k) {
        const float number = k * unit;
        const float place = number < of.knee
                                ? number / of.step
                                : of.n_even + std::log(number / of.knee) / of.log_ratio;
        frames[r * frame_stride + k] = Read(made_[r], of.size, place);
      }
    }
  }

 private:
  Harmonics harmonics_;
  std::unique_ptr<FrameDecoder> dense_;
  Rows made_;
};

}  // namespace

std::unique_ptr<FrameEncoder> ReadHarmonicEncoder(const ModelFile& file, int bins, int beside,
                                                  int latent_dim) {
  return std::make_unique<HarmonicEncoder>(file, bins, beside, latent_dim);
}

std::unique_ptr<FrameDecoder> ReadHarmonicDecoder(const ModelFile& file, int inputs, int bins) {
  return std::make_unique<HarmonicDecoder>(file, inputs, bins);
}

}  // namespace engine
