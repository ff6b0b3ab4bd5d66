// How long a thread has been at something, on a machine that may have other things to do.

#ifndef VSCHAOS_CORE_EFFORT_H_
#define VSCHAOS_CORE_EFFORT_H_

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <chrono>

namespace vschaos {

// The processor's time that a thread has used. What only waits, for a disk say, counts a quarter of
// the time that passes.
class Effort {
 public:
  // By the thread itself.
  void Begin() {
    begun_ = std::chrono::steady_clock::now();
#ifndef __APPLE__
    has_clock_ = pthread_getcpuclockid(pthread_self(), &clock_) == 0;
    used_before_ = Used();
#endif
  }

  // By any thread, while the other one runs.
  std::chrono::nanoseconds Spent() const {
    const std::chrono::nanoseconds passed = std::chrono::steady_clock::now() - begun_;
    return has_clock_ ? std::max(Used() - used_before_, passed / 4) : passed;
  }

 private:
  std::chrono::nanoseconds Used() const {
#ifndef __APPLE__
    timespec time = {};
    if (has_clock_ && clock_gettime(clock_, &time) == 0) {
      return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }
#endif
    return std::chrono::nanoseconds(0);
  }

  std::chrono::steady_clock::time_point begun_;
  bool has_clock_ = false;
  clockid_t clock_ = {};
  std::chrono::nanoseconds used_before_{0};
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_EFFORT_H_
