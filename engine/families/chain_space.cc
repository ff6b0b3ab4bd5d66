// Echoes and rooms: see vschaos2/processors/space.py and mono_space.py.
//
//     direct ──────────────────────────────────────── pan ─┐
//        ├── echoes, odd and even, each with its pan ──────┤ + → left, right
//        │      └ echo_to_reverb_db ┐                      │
//        └────────────────────────── + ── own EQ ── room ──┘
//
// Or echoes, or a room, beside each channel by itself.

#include <algorithm>
#include <cmath>

#include "base/vectors.h"
#include "families/chain_lines.h"

namespace engine {

namespace {

using Kind = ProcessorPlan::Kind;

using Row = float[kSubBlock];

constexpr double kEven = 0.40824829046386302;  // of a room's lines: 1/√6
constexpr float kLeaving[] = {1.0f, -1.0f, 1.0f, -1.0f, 1.0f, 1.0f};

// A row of what a function says of each sample's value.
template <typename Function>
void Fill(bool is_still, Function function, float* row) {
  for (int t = 0; t < kSubBlock; ++t) {
    row[t] = t > 0 && is_still ? row[0] : static_cast<float>(function(t));
  }
}

void Add(const float* gain, const float* x, float* y) {
  ForEach(kSubBlock, [&](int t) { Store(y + t, Load(y + t) + Load(gain + t) * Load(x + t)); });
}

class Space : public Processor {
 public:
  explicit Space(const ProcessorPlan& plan)
      : plan_(plan), is_each_(plan.kind != Kind::kSpace) {
    values_.Make(plan.values);
    for (int c = 0; c < (is_each_ ? plan.channels : 1); ++c) {
      if (plan.has_echo) echoes_[c].Make(plan, is_each_ ? 1 : 2);
      if (plan.has_room) rooms_[c].Make(plan);
    }
    echo_at_ = plan.has_pan;
    const int echo_values = is_each_ ? 4 : 6;
    room_at_ = echo_at_ + (plan.has_echo ? echo_values + plan.has_room : 0);
    if (plan.has_eq) {
      eq_plan_.bands = plan.bands;
      eq_plan_.hop = plan.hop;
      eq_plan_.rate_hz = plan.rate_hz;
      eq_plan_.channels = 1;
      eq_plan_.values = plan.values - room_at_ - (3 + 3 * kRoomLines);
      eq_ = MakeFilter(eq_plan_);
      ends_.resize(static_cast<std::size_t>(eq_plan_.values));
    }
    sent_.Make(1, kSubBlock);
  }

  void Forget() override {
    values_.Forget();
    for (EchoLines& echo : echoes_) echo.Forget();
    for (RoomLines& room : rooms_) room.Forget();
    if (eq_) eq_->Forget();
  }

  void Play(const double* values, Rows* sound) override {
    if (values_.Run(values)) Mean();
    if (is_each_) {
      for (int c = 0; c < plan_.channels; ++c) Beside(c, (*sound)[c]);
      return;
    }
    float *const left = (*sound)[0], *const right = (*sound)[1], *const sent = sent_[0];
    if (plan_.channels == 1) std::copy_n(left, kSubBlock, right);
    for (int t = 0; t < kSubBlock; ++t) {
      sent[t] = plan_.channels == 1 ? left[t] : 0.5f * (left[t] + right[t]);
      if (plan_.has_pan) {
        left[t] *= direct_[0][t];
        right[t] *= direct_[1][t];
      }
    }
    Row made[kRoomLines];
    if (plan_.has_echo) {
      echoes_[0].Play(sent, values_.End(echo_at_ + 1), values_.End(echo_at_ + 3),
                      values_[echo_at_ + 2], made);
      if (plan_.has_room) Add(cross_, made[0], sent);
      for (int t = 0; t < kSubBlock; ++t) {
        const float all = made[0][t], apart = made[1][t];
        made[0][t] = 0.5f * (all + apart);
        made[1][t] = 0.5f * (all - apart);
      }
      for (int i = 0; i < 4; ++i) Add(echo_gain_[i], made[i / 2], i % 2 == 0 ? left : right);
    }
    if (plan_.has_room) {
      if (eq_) eq_->Play(ends_.data(), &sent_);
      rooms_[0].Play(sent, entering_, losses_, made);
      for (int i = 0; i < 2 * kRoomLines; ++i) {
        Add(room_gain_[i], made[i % kRoomLines], i < kRoomLines ? left : right);
      }
    }
  }

 private:
  // What values mean to the parts.
  void Mean() {
    const bool still = values_.is_still();
    const auto level = [&](int value) {
      return [&, value](int t) { return std::exp(values_[value][t] * kPerDecibel); };
    };
    const auto side = [&](int value, int right) {
      return [&, value, right](int t) {
        const double angle = (values_[value][t] + 100.0) * (kPi / 400.0);
        return (right ? std::sin(angle) : std::cos(angle)) * 1.4142135623730951;
      };
    };
    for (int right = 0; right < 2 && plan_.has_pan; ++right) {
      Fill(still, side(0, right), direct_[right]);
    }
    if (plan_.has_echo) {
      Row loud;
      Fill(still, level(echo_at_), loud);
      for (int i = 0; i < 4; ++i) {
        std::copy_n(loud, kSubBlock, echo_gain_[i]);
        if (is_each_) continue;
        Fill(still, side(echo_at_ + 4 + i / 2, i % 2), echo_gain_[i]);
        for (int t = 0; t < kSubBlock; ++t) echo_gain_[i][t] *= loud[t];
      }
      if (plan_.has_room) Fill(still, level(room_at_ - 1), cross_);
    }
    if (plan_.has_room) {
      Row loud;
      Fill(still, level(room_at_), loud);
      RoomLines::Lose(plan_, values_[room_at_ + 1], values_[room_at_ + 2], still, &losses_);
      for (int i = 0; i < kRoomLines; ++i) {
        if (is_each_) {
          std::fill_n(entering_[i], kSubBlock, float(kEven));
          for (int t = 0; t < kSubBlock; ++t) room_gain_[i][t] = loud[t] * float(kEven) * kLeaving[i];
          continue;
        }
        const double* const first = values_[room_at_ + 3 + i];
        std::copy_n(first, kSubBlock, entering_[i]);
        for (int t = 0; t < kSubBlock; ++t) {
          room_gain_[i][t] = loud[t] * float(first[kRoomLines * kSubBlock + t]);
          room_gain_[kRoomLines + i][t] = loud[t] * float(first[2 * kRoomLines * kSubBlock + t]);
        }
      }
      const int eq_at = room_at_ + 3 + 3 * kRoomLines;
      for (std::size_t i = 0; i < ends_.size(); ++i) ends_[i] = values_.End(eq_at + int(i));
    }
  }

  // An echo or a room beside one channel.
  void Beside(int c, float* x) {
    Row made[kRoomLines];
    if (plan_.has_echo) {
      echoes_[c].Play(x, values_.End(1), values_.End(3), values_[2], made);
      Add(echo_gain_[0], made[0], x);
      return;
    }
    rooms_[c].Play(x, entering_, losses_, made);
    for (int i = 0; i < kRoomLines; ++i) Add(room_gain_[i], made[i], x);
  }

  const ProcessorPlan& plan_;
  const bool is_each_;  // each channel by itself
  int echo_at_ = 0, room_at_ = 0;  // first values
  Ramps values_;
  EchoLines echoes_[2];  // of all channels together, or of each
  RoomLines rooms_[2];
  ProcessorPlan eq_plan_;
  std::unique_ptr<Processor> eq_;
  std::vector<double> ends_;  // of its values
  Rows sent_;
  Row direct_[2], echo_gain_[4], cross_, entering_[kRoomLines];
  Row room_gain_[2 * kRoomLines];
  RoomLines::Losses losses_;
};

}  // namespace

std::unique_ptr<Processor> MakeSpace(const ProcessorPlan& plan) {
  return std::make_unique<Space>(plan);
}

}  // namespace engine
