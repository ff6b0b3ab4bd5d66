#include "nn/bent.h"

#include "base/refused.h"
#include "base/vectors.h"

namespace engine {

ENGINE_ONCE void Bent::Read(const Json& row) {
  constexpr const char* kNames[] = {"bent", "tanh", "sigmoid", "silu", "softsign", "hardswish"};
  const std::string& name = row.At("kind").Text();
  int kind = 0;
  while (kind < 6 && name != kNames[kind]) ++kind;
  if (kind == 6) throw Refused("has the activation " + name + ", which the small engine does not know");
  kind_ = static_cast<Kind>(kind);
  const auto number = [&](const char* of) { return static_cast<float>(row.At(of).Number()); };
  if (kind_ == Kind::kBent) {
    lowest_ = number("lowest");
    highest_ = number("highest");
    slope_below_ = number("slope_below");
    slope_above_ = number("slope_above");
  } else if (kind_ == Kind::kSoftsign) {
    scale_ = number("scale");
    offset_ = number("offset");
  }
}

void Bent::operator()(const float* from, float* to, int count) const {
  ForEach(count, [&](int i) {
    const Vector x = Load(from + i), zero = {};
    Vector y = x;
    switch (kind_) {
      case Kind::kBent:
        y = Clamp(x, lowest_, highest_) + slope_below_ * Least(x - lowest_, zero) +
            slope_above_ * Greatest(x - highest_, zero);
        break;
      case Kind::kTanh:
        y = HyperbolicTangent(x);
        break;
      case Kind::kSigmoid:
        y = Sigmoid(x);
        break;
      case Kind::kSilu:
        y = x * Sigmoid(x);
        break;
      case Kind::kSoftsign:
        y = offset_ + scale_ * x / (1.0f + Greatest(x, -x));
        break;
      case Kind::kHardswish:
        y = x * Clamp(x + 3.0f, 0.0f, 6.0f) / 6.0f;
        break;
    }
    Store(to + i, y);
  });
}

}  // namespace engine
