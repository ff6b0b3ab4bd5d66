// How long a call into a model may take before it counts as one that never returns.

#ifndef VSCHAOS_CORE_PATIENCE_H_
#define VSCHAOS_CORE_PATIENCE_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace vschaos {

struct Patience {
  std::chrono::milliseconds playing{5000};
  std::chrono::milliseconds replaced{1000};  // another model waits for its place
  std::chrono::milliseconds offline{60000};  // nobody listens: a model may be as slow as it is
  std::chrono::milliseconds ports{5000};     // effort of a load that is to tell the inlets
  std::chrono::milliseconds loading{5000};   // effort of a load until it is said to take long
};

// Adds up the time that is seen to pass within one and the same call. Between two looks it counts
// no more than a tenth of a second: a machine that slept, or a host that was stopped, is no fault
// of the model.
class CallWatch {
 public:
  using Clock = std::chrono::steady_clock;

  // `call` is another number for every call, and 0 while there is none.
  std::chrono::nanoseconds Look(std::uint64_t call, Clock::time_point now) {
    constexpr Clock::duration kLongestGap = std::chrono::milliseconds(100);
    if (call == 0 || call != call_) {
      seen_ = Clock::duration::zero();
    } else {
      seen_ += std::min(now - last_look_, kLongestGap);
    }
    call_ = call;
    last_look_ = now;
    return seen_;
  }

 private:
  std::uint64_t call_ = 0;
  Clock::time_point last_look_;
  Clock::duration seen_ = Clock::duration::zero();
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_PATIENCE_H_
