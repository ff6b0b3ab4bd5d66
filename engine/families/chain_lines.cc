#include "families/chain_lines.h"

namespace engine {

namespace {

constexpr double kLeast = 1e-3;  // what is left after a round of a line, at half the sample rate
constexpr double kLn10 = 2.302585092994046;

}  // namespace

void DelayLine::Make(int longest) {
  int size = 4 * kSubBlock;
  while (size < longest + kSubBlock + 4) size *= 2;
  ring_.Make(static_cast<std::size_t>(size));
  mask_ = size - 1;
}

double DelayLine::Tap(int t, double samples) const {
  const int whole = static_cast<int>(samples);
  const double p = samples - whole;
  const int i = t - whole;
  return Read(i + 1) * (-p * (p - 1.0) * (p - 2.0) / 6.0) +
         Read(i) * ((p + 1.0) * (p - 1.0) * (p - 2.0) / 2.0) +
         Read(i - 1) * (-(p + 1.0) * p * (p - 2.0) / 2.0) +
         Read(i - 2) * ((p + 1.0) * p * (p - 1.0) / 6.0);
}

void EchoLines::Make(const ProcessorPlan& plan, int lines) {
  lines_ = lines;
  hop_ = plan.hop;
  rate_hz_ = plan.rate_hz;
  longest_ = plan.longest - 4;
  fade_ = CosineRise(plan.hop * kSubBlock);
  for (int i = 0; i < lines; ++i) lines_of_[i].Make(plan.longest);
}

void EchoLines::Forget() {
  has_begun_ = false;
  place_ = 0;
  last_ = {};
  for (int i = 0; i < lines_; ++i) lines_of_[i].Forget();
}

void EchoLines::Play(const float* x, double ms, double low_pass_hz, const double* feedback,
                     float (*made)[kSubBlock]) {
  if (!has_begun_) before_ms_ = after_ms_ = ms;
  has_begun_ = true;
  if (place_ == 0) {
    before_ms_ = after_ms_;
    after_ms_ = ms;
  }
  const double per_ms = 0.001 * rate_hz_;
  // All that is read lies before the sub-block.
  const double before = Within(before_ms_ * per_ms, kSubBlock + 2, longest_);
  const double after = Within(after_ms_ * per_ms, kSubBlock + 2, longest_);
  const double a = -std::expm1(-2.0 * kPi / rate_hz_ * low_pass_hz);
  const double* const weight = fade_.data() + std::size_t(place_) * kSubBlock;
  for (int i = 0; i < lines_; ++i) {
    DelayLine& line = lines_of_[i];
    const double sign = i == 0 ? 1.0 : -1.0;
    double y = last_[i];
    for (int t = 0; t < kSubBlock; ++t) {
      double u = line.Tap(t, before);
      if (after != before) u += weight[t] * (line.Tap(t, after) - u);
      y += a * (u - y);
      made[i][t] = static_cast<float>(y);
      line.Write(t, x[t] + sign * feedback[t] * y);
    }
    last_[i] = std::fabs(y) < kInaudible ? 0.0 : y;
    line.Advance();
  }
  place_ = (place_ + 1) % hop_;
}

void RoomLines::Make(const ProcessorPlan& plan) {
  lengths_ = plan.lengths;
  for (int i = 0; i < kRoomLines; ++i) lines_[i].Make(lengths_[i]);
}

void RoomLines::Forget() {
  last_ = {};
  for (DelayLine& line : lines_) line.Forget();
}

void RoomLines::Lose(const ProcessorPlan& plan, const double* low_s, const double* high_ratio,
                     bool is_still, Losses* losses) {
  for (int i = 0; i < kRoomLines; ++i) {
    const double fall = -3.0 * kLn10 * (plan.lengths[i] / plan.rate_hz);
    float* const gain = losses->gain[i];
    for (int t = 0; t < kSubBlock; ++t) {
      gain[t] = t > 0 && is_still ? gain[0] : static_cast<float>(std::exp(fall / low_s[t]));
    }
    const double low = low_s[kSubBlock - 1], high = low * high_ratio[kSubBlock - 1];
    const double rest = kLeast + (1.0 - kLeast) * std::exp(fall * (1.0 / high - 1.0 / low));
    losses->a[i] = 2.0 * rest / (1.0 + rest);
  }
}

void RoomLines::Play(const float* x, const float (*entering)[kSubBlock], const Losses& losses,
                     float (*made)[kSubBlock]) {
  float sum[kSubBlock] = {};
  for (int i = 0; i < kRoomLines; ++i) {
    const double a = losses.a[i];
    double y = last_[i];
    for (int t = 0; t < kSubBlock; ++t) {
      y += a * (lines_[i].Read(t - lengths_[i]) - y);
      made[i][t] = static_cast<float>(y) * losses.gain[i][t];
    }
    last_[i] = std::fabs(y) < kInaudible ? 0.0 : y;
    for (int t = 0; t < kSubBlock; ++t) sum[t] += made[i][t];
  }
  for (int i = 0; i < kRoomLines; ++i) {
    for (int t = 0; t < kSubBlock; ++t) {
      lines_[i].Write(t, entering[i][t] * x[t] + made[i][t] - (2.0f / kRoomLines) * sum[t]);
    }
    lines_[i].Advance();
  }
}

}  // namespace engine
