#include "dsp/rate_reader.h"

#include <algorithm>

namespace engine {

void RateReader::Make(const float* matrix, int width, int made, int stride) {
  stride_ = stride;
  product_.Make(width, made);
  product_.Place(matrix, false, 0, width, 0, made);
  made_.Make(kRows, RoundUp(made, Linear::kPadding));
}

void RateReader::operator()(const float* samples, int count, float* out) const {
  const int made = product_.outputs(), stretches = Due(count) / made;
  for (int at = 0; at < stretches; at += kRows) {
    const int rows = std::min(kRows, stretches - at);
    product_(samples + std::size_t(at) * stride_, stride_, made_[0], made_.stride(), rows);
    for (int r = 0; r < rows; ++r) std::copy_n(made_[r], made, out + std::size_t(at + r) * made);
  }
}

}  // namespace engine
