// Threads that call models. A model is a program of somebody else's and may never return, so nobody
// waits for such a thread longer than a while.

#ifndef VSCHAOS_CORE_CREW_H_
#define VSCHAOS_CORE_CREW_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace vschaos {

// All calls come from one thread. What a thread uses must be held by its `work`, which lets go of
// it when it is done.
class Crew {
 public:
  Crew() = default;
  ~Crew() { Wait(std::chrono::seconds(10)); }

  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Throws std::system_error if there is no thread to be had.
  void Start(std::function<void()> work);

  // Waits until all are done, but no longer than this; false: the rest is left to run on by itself.
  bool Wait(std::chrono::milliseconds patience);

 private:
  struct Member {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> is_done;
  };

  void JoinDone();

  std::vector<Member> members_;
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_CREW_H_
