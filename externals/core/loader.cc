#include "core/loader.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "core/audio_thread.h"

namespace vschaos {

// What the loader and its threads share, and each of them holds.
struct Loader::Desk {
  explicit Desk(LoadFunction function) : load(std::move(function)) {}

  const LoadFunction load;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_stopping = false;
  int newest = 0;  // number of the thread that serves; those before it are at their last load
  std::vector<std::shared_ptr<LoadJob>> running;  // the newest thread's last, if has_current
  bool has_current = false;
  std::deque<std::shared_ptr<LoadJob>> waiting;
  std::vector<std::shared_ptr<Instrument>> disposed;
};

Loader::Loader(Crew* crew, LoadFunction load, std::chrono::milliseconds patience)
    : crew_(crew), patience_(patience), desk_(std::make_shared<Desk>(std::move(load))) {
  StartThread();
}

void Loader::StartThread() {
  crew_->Start([desk = desk_, number = desk_->newest] { Work(desk.get(), number); });
}

void Loader::Stop() {
  const std::lock_guard<std::mutex> lock(desk_->mutex);
  desk_->is_stopping = true;
  for (const std::shared_ptr<LoadJob>& job : desk_->running) job->is_cancelled = true;
  desk_->changed.notify_all();
}

std::shared_ptr<LoadJob> Loader::Load(const std::string& path, int block, int buffer,
                                      int voices) {
  auto job = std::make_shared<LoadJob>();
  job->path = path;
  job->block = block;
  job->buffer = buffer;
  job->voices = voices;
  const std::lock_guard<std::mutex> lock(desk_->mutex);
  desk_->waiting.push_back(job);
  PassHangingBy();
  desk_->changed.notify_all();
  return job;
}

std::chrono::nanoseconds Loader::Attend(const LoadJob& job) {
  const std::lock_guard<std::mutex> lock(desk_->mutex);
  PassHangingBy();
  for (const std::shared_ptr<LoadJob>& other : desk_->running) {
    if (other.get() == &job) return job.effort.Spent();
  }
  return std::chrono::nanoseconds(0);
}

// Under the lock: a fresh thread for those that wait for a load that does not return.
void Loader::PassHangingBy() {
  auto& waiting = desk_->waiting;
  waiting.erase(std::remove_if(waiting.begin(), waiting.end(),
                               [](const auto& job) { return job->is_cancelled.load(); }),
                waiting.end());
  if (waiting.empty() && desk_->disposed.empty()) return;
  if (!desk_->has_current || desk_->is_stopping) return;
  if (desk_->running.back()->effort.Spent() < patience_) return;
  Failure failure;
  if (desk_->running.size() >= kMostHanging) {
    failure = std::to_string(kMostHanging) + " other models do not return from loading";
  } else {
    ++desk_->newest;
    try {
      StartThread();
      desk_->has_current = false;
      return;
    } catch (const std::system_error& error) {
      --desk_->newest;
      failure = std::string("no thread is to be had (") + error.what() + ")";
    }
  }
  for (const std::shared_ptr<LoadJob>& job : waiting) {
    job->loaded.failure = "cannot be loaded: " + failure;
    job->is_done = true;
  }
  waiting.clear();
}

bool Loader::Wait(const LoadJob& job, std::chrono::milliseconds patience) {
  while (Attend(job) < patience) {
    std::unique_lock<std::mutex> lock(desk_->mutex);
    const auto is_over = [&] { return job.is_done || desk_->is_stopping; };
    if (desk_->changed.wait_for(lock, std::chrono::milliseconds(20), is_over)) return job.is_done;
  }
  return job.is_done;
}

void Loader::Dispose(std::shared_ptr<Instrument> instrument) {
  if (!instrument) return;
  const std::lock_guard<std::mutex> lock(desk_->mutex);
  desk_->disposed.push_back(std::move(instrument));
  PassHangingBy();
  desk_->changed.notify_all();
}

void Loader::Work(Desk* desk, int number) {
  PrepareLoadingThread();
  std::unique_lock<std::mutex> lock(desk->mutex);
  for (;;) {
    desk->changed.wait(lock, [&] {
      return desk->is_stopping || !desk->waiting.empty() || !desk->disposed.empty();
    });
    if (desk->is_stopping) return;
    std::vector<std::shared_ptr<Instrument>> disposed;
    disposed.swap(desk->disposed);
    std::shared_ptr<LoadJob> job;
    if (!desk->waiting.empty()) {
      job = std::move(desk->waiting.front());
      desk->waiting.pop_front();
      job->effort.Begin();
      desk->running.push_back(job);
      desk->has_current = true;
    }
    lock.unlock();
    disposed.clear();
    if (job && !job->is_cancelled) job->loaded = desk->load(*job);
    lock.lock();
    if (!job) continue;
    job->is_done = true;
    auto& running = desk->running;
    running.erase(std::find(running.begin(), running.end(), job));
    desk->changed.notify_all();
    if (number != desk->newest) return;  // another one serves
    desk->has_current = false;
  }
}

}  // namespace vschaos
