#include "families/onset_detector.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/refused.h"
#include "families/layers_of_file.h"

namespace engine {

namespace {

constexpr int kFastest = 1500000, kLongest = 1 << 16, kMostBands = 4096;
constexpr int kLag = 2;  // frames to those that bands are compared with
constexpr int kNever = 10000000;
constexpr float kGain = 20.0f, kGrowthGain = 4.0f, kFloor = 1e-3f, kInputLimit = 1e4f;
constexpr int kHidden = 40;
// Numbers heard and said, frames, and frames between those.
constexpr int kSizes[OnsetNet::kLayers][4] = {
    {2 * OnsetNet::kGroups, kHidden, 3, 1}, {kHidden, kHidden, 5, 1}, {kHidden, kHidden, 5, 4}};

}  // namespace

ENGINE_ONCE OnsetRate::OnsetRate(const ModelFile& file, const Json& row, int number) {
  const std::string name = "rate" + std::to_string(number) + ".";
  const auto whole = [&](const char* of, int lowest, int highest) {
    return row.At(of).Whole(of, lowest, highest);
  };
  rate_hz = whole("rate_hz", 1, kFastest);
  const int n_fft = whole("n_fft", Fourier::kLeast, kLongest);
  window_samples = whole("window", 1, n_fft);
  hop = whole("hop", 1, window_samples);
  bands = whole("bands", 1, kMostBands);
  const int before = whole("before", 1, kLongest), after = whole("after", 1, kLongest);
  measured = whole("measured", 1, kLongest);
  recent = whole("recent", 1, kLongest);
  peak = whole("peak", 1, recent);
  // What is asked is answered before its impulse is due.
  delay = whole("delay", measured + hop, 4 * kLongest);
  decay = static_cast<float>(row.At("decay").Number());
  if (n_fft & (n_fft - 1)) Refuse("has frames of a length that there is not: export it again");
  kept = std::max(window_samples, delay + std::max(before, measured));
  attack.Make(before, after, kept);
  window_ = file.Copy(name + "window", window_samples);
  const int bins = n_fft / 2 + 1;
  const float* const table = file.Find(name + "bands", {bins, bands});
  weights_.Make(std::size_t(bins) * 4);
  std::size_t filled = 0;
  for (int band = 0; band < bands; ++band) {
    int first = 0, last = bins - 1;
    while (first < last && table[std::size_t(first) * bands + band] == 0.0f) ++first;
    while (last > first && table[std::size_t(last) * bands + band] == 0.0f) --last;
    const int count = last - first + 1;
    if (filled + count > weights_.size()) Refuse("has bands that overlap: export it again");
    of_bands_.push_back({first, count, filled});
    for (int k = first; k <= last; ++k) weights_[filled++] = table[std::size_t(k) * bands + band];
  }
  gathered.Make(bands, OnsetNet::kGroups);
  gathered.Place(file.Find(name + "gathered", {bands, OnsetNet::kGroups}), false, 0, bands, 0,
                 OnsetNet::kGroups);
  fourier_ = std::make_unique<Fourier>(n_fft);
  frame_.Make(n_fft);
  real_.Make(bins);
  imaginary_.Make(bins);
  found_.Make(bands);
}

const float* OnsetRate::Bands(const float* samples) {
  for (int i = 0; i < window_samples; ++i) frame_[i] = samples[i] * window_[i];
  fourier_->Forward(frame_.data(), real_.data(), imaginary_.data());
  ForEach(fourier_->bins(), [&](int k) {
    const Vector r = Load(real_.data() + k), i = Load(imaginary_.data() + k);
    Store(real_.data() + k, Root(r * r + i * i));
  });
  for (int band = 0; band < bands; ++band) {
    const Band& of = of_bands_[band];
    float sum = 0.0f;
    for (int i = 0; i < of.count; ++i) sum += real_[of.first + i] * weights_[of.weights + i];
    found_[band] = sum;
  }
  return found_.data();
}

ENGINE_ONCE OnsetNet::OnsetNet(const ModelFile& file) {
  for (int layer = 0; layer < kLayers; ++layer) {
    const auto& [inputs, outputs, taps, step] = kSizes[layer];
    const std::string name = "net." + std::to_string(layer);
    layers_[layer].Make(inputs, outputs, taps, step, 1);
    layers_[layer].PlaceWide(file.Find(name + ".weight", {taps * inputs, outputs}),
                             file.Find(name + ".bias", {outputs}));
  }
  last_ = ReadWideLinear(file, "net.last", kHidden, 1);
  inner_.Make(1, Linear::kPadding);
  outer_.Make(1, Linear::kPadding);
}

OnsetNet::Past OnsetNet::Begun() const {
  Past past;
  for (const Dilated& layer : layers_) past.push_back(layer.Begun());
  return past;
}

float OnsetNet::operator()(const Rows& heard, Past* past) {
  const Rows* from = &heard;
  Rows *to = &inner_, *spare = &outer_;
  for (int layer = 0; layer < kLayers; ++layer) {
    layers_[layer](*from, 1, to, &(*past)[layer]);
    for (int i = 0; i < kHidden; ++i) (*to)[0][i] = std::max((*to)[0][i], 0.0f);
    from = to;
    std::swap(to, spare);
  }
  last_((*from)[0], 0, (*to)[0], 0, 1);
  return (*to)[0][0];
}

ENGINE_ONCE void OnsetStream::Make(const std::vector<OnsetRate>& rates, OnsetNet* net,
                                   const Listening* listening) {
  net_ = net;
  listening_ = listening;
  past_ = net->Begun();
  int kept = 0, hop = 0, bands = 0, recent = 0, delay = 0, after = 0;
  for (const OnsetRate& rate : rates) {
    kept = std::max(kept, rate.kept);
    hop = std::max(hop, rate.hop);
    bands = std::max(bands, rate.bands);
    recent = std::max(recent, rate.recent);
    delay = std::max(delay, rate.delay);
    after = std::max(after, rate.attack.after());
  }
  history_.Make(kept);
  hop_.Make(hop);
  energy_.Make(std::size_t(kept) + after);
  bands_.Make(kLag + 1, bands);
  loud_.Make(1, bands);
  grown_.Make(1, bands);
  groups_.Make(2, Linear::kPadding);
  flux_.Make(recent);
  sorted_.Make(recent);
  told_.Make(std::size_t(delay) + 1);
}

void OnsetStream::Forget(OnsetRate* rate) {
  rate_ = rate;
  for (Dilated::Past& past : past_) Dilated::Forget(&past);
  for (Floats* row : {&history_, &flux_, &told_}) row->Zero();
  bands_.Zero();
  into_ = now_ = 0;
  reference_ = said_[0] = said_[1] = 0.0f;
  since_last_ = kNever;
  since_asked_ = -1;
}

// Whether this frame stands out of those before it.
bool OnsetStream::IsPeak(float flux) {
  const int recent = rate_->recent;
  for (int i = 0; i < recent; ++i) {
    int at = i;
    for (; at > 0 && sorted_[at - 1] > flux_[i]; --at) sorted_[at] = sorted_[at - 1];
    sorted_[at] = flux_[i];
  }
  const float median = sorted_[recent / 2];
  const float* const last = flux_.data() + recent;
  const float peak = *std::max_element(last - rate_->peak, last);
  std::copy(flux_.data() + 1, flux_.data() + recent, flux_.data());
  flux_[recent - 1] = flux;
  return flux >= median + listening_->threshold && flux >= peak;
}

// Whether this frame ends just behind a peak of what the net says.
bool OnsetStream::IsLikely() {
  float* const heard = groups_[0];
  rate_->gathered(grown_[0], 0, groups_[1], 0, 1);
  rate_->gathered(loud_[0], 0, heard, 0, 1);
  for (int i = 0; i < OnsetNet::kGroups; ++i) {
    heard[OnsetNet::kGroups + i] = kGrowthGain * groups_[1][i];
  }
  const float now = (*net_)(groups_, &past_), middle = said_[1];
  const double likelihood = listening_->likelihood;
  const double odds = likelihood / std::max(1.0 - likelihood, 1e-6);
  const bool is_likely = middle >= static_cast<float>(std::log(std::max(odds, 1e-6))) &&
                         middle >= said_[0] && middle > now;
  said_[0] = middle;
  said_[1] = now;
  return is_likely;
}

// Hears the frame that has just ended.
void OnsetStream::Frame() {
  const int hop = rate_->hop, kept = rate_->kept, bands = rate_->bands;
  float* const history = history_.data();
  std::copy(history + hop, history + kept, history);
  std::copy_n(hop_.data(), hop, history + kept - hop);
  for (int row = kLag; row > 0; --row) bands_.CopyRow(row - 1, row);
  const float* const found = rate_->Bands(history + kept - rate_->window_samples);
  std::copy_n(found, bands, bands_[0]);
  reference_ = std::max(reference_ * rate_->decay, Mean(found, bands));
  const float scale = kGain / std::max(reference_, kFloor);
  const float* const before = bands_[kLag];
  for (int n = 0; n < bands; ++n) {
    const float lower = n > 0 ? before[n - 1] : 0.0f, upper = n + 1 < bands ? before[n + 1] : 0.0f;
    const float widest = std::max(std::max(lower, upper), before[n]);
    loud_[0][n] = std::log10(1.0f + found[n] * scale);
    grown_[0][n] = std::max(loud_[0][n] - std::log10(1.0f + widest * scale), 0.0f);
  }
  const bool is_peak = IsPeak(Mean(grown_[0], bands));
  since_last_ = std::min(since_last_ + hop, kNever);
  if (since_asked_ >= 0) since_asked_ += hop;
  Decide(listening_->by_net ? IsLikely() : is_peak);
}

// x² of so many samples that began so long ago, in energy_, and zeros behind; their mean.
float OnsetStream::Energy(int ago, int count) {
  const float* const sound = history_.data() + rate_->kept - ago;
  for (int i = 0; i < count; ++i) energy_[i] = sound[i] * sound[i];
  std::fill_n(energy_.data() + count, rate_->attack.after(), 0.0f);
  return Mean(energy_.data(), count);
}

// Finds where a peak began, and tells of it once its strength is known.
void OnsetStream::Decide(bool is_peak) {
  const Attack& attack = rate_->attack;
  const int before = attack.before(), measured = rate_->measured;
  const int gap = static_cast<int>(listening_->least_gap_ms * rate_->rate_hz / 1000.0);
  const int earliest = std::min(rate_->delay, since_last_ - gap);
  if (is_peak && since_asked_ < 0 && earliest > 0) {
    Energy(earliest + before, earliest + before);
    since_asked_ = earliest - attack.Beginning(energy_.data(), earliest + before);
  }
  if (since_asked_ < measured) return;
  Energy(since_asked_ + before, since_asked_ + before);
  const int later = attack.LouderBeginning(energy_.data(), since_asked_ + before);
  if (later > 0) {
    since_asked_ -= later;
    return;
  }
  const float old = Energy(since_asked_ + measured, measured);
  const float fresh = Energy(since_asked_, measured);
  float strong = Strength(old, fresh);
  // By the net also a note that is no louder than what rings.
  if (listening_->by_net && strong <= 0.0f) strong = Strength(0.0f, fresh);
  if (strong > 0.0f) {
    told_[(now_ + rate_->delay - since_asked_) % (rate_->delay + 1)] = strong;
    since_last_ = since_asked_;
  }
  since_asked_ = -1;
}

void OnsetStream::Process(const float* sound, float* impulses, int count) {
  const int length = rate_->delay + 1;
  for (int i = 0; i < count; ++i) {
    const float x = sound[i];
    hop_[into_++] =
        std::isfinite(x) ? std::min(std::max(x, -kInputLimit), kInputLimit) : 0.0f;
    impulses[i] = told_[now_];
    told_[now_] = 0.0f;
    now_ = now_ + 1 == length ? 0 : now_ + 1;
    if (into_ == rate_->hop) {
      into_ = 0;
      Frame();
    }
  }
}

}  // namespace engine
