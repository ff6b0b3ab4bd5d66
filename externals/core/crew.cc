#include "core/crew.h"

#include <utility>

namespace vschaos {

void Crew::Start(std::function<void()> work) {
  JoinDone();
  members_.reserve(members_.size() + 1);  // nothing may throw once the thread runs
  auto is_done = std::make_shared<std::atomic<bool>>(false);
  std::thread thread([work = std::move(work), is_done]() mutable {
    work();
    work = nullptr;
    is_done->store(true, std::memory_order_release);
  });
  members_.push_back({std::move(thread), std::move(is_done)});
}

bool Crew::Wait(std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (JoinDone(); !members_.empty(); JoinDone()) {
    if (std::chrono::steady_clock::now() >= end) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const bool are_all_done = members_.empty();
  for (Member& member : members_) member.thread.detach();
  members_.clear();
  return are_all_done;
}

void Crew::JoinDone() {
  std::vector<Member> running;
  running.reserve(members_.size());
  for (Member& member : members_) {
    if (member.is_done->load(std::memory_order_acquire)) {
      member.thread.join();
    } else {
      running.push_back(std::move(member));
    }
  }
  members_.swap(running);
}

}  // namespace vschaos
