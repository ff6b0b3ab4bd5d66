#include "core/loader.h"

#include <chrono>
#include <utility>

namespace vschaos {

namespace {

constexpr std::chrono::milliseconds kLookedAfter{200};  // for what the audio thread gave back

}  // namespace

Loader::Loader() : thread_([this] { Work(); }) {}

Loader::~Loader() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ends_ = true;
  }
  asked_.notify_one();
  thread_.join();
  delete ready_.exchange(nullptr);
  Clear();
}

void Loader::Ask(Job job) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    job_ = std::move(job);
    has_job_ = true;
  }
  asked_.notify_one();
}

void Loader::Wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [this] { return !has_job_ && !is_busy_; });
  Clear();
}

bool Loader::Take(std::unique_ptr<Stream>* playing) {
  if (!IsReady()) return false;  // what was given back before has the one place that there is
  Ready* const ready = ready_.exchange(nullptr, std::memory_order_acq_rel);
  if (!ready) return false;
  std::swap(*playing, ready->stream);
  retired_.store(ready, std::memory_order_release);
  return true;
}

void Loader::Clear() { delete retired_.exchange(nullptr, std::memory_order_acq_rel); }

void Loader::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ends_) {
    if (!has_job_) {
      // The audio thread cannot wake this one without a lock: it looks by itself while it may have to.
      const bool may_come = ready_.load() || retired_.load() || has_handed_;
      if (may_come) {
        asked_.wait_for(lock, kLookedAfter);
      } else {
        asked_.wait(lock);
      }
      has_handed_ = ready_.load() != nullptr;
      Clear();
      continue;
    }
    const Job job = std::exchange(job_, nullptr);
    has_job_ = false;
    is_busy_ = true;
    lock.unlock();
    Clear();
    auto ready = std::make_unique<Ready>();
    ready->stream = job();
    delete ready_.exchange(ready.release(), std::memory_order_acq_rel);
    lock.lock();
    is_busy_ = false;
    has_handed_ = true;
    if (!has_job_) done_.notify_all();
  }
}

}  // namespace vschaos
