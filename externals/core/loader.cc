#include "core/loader.h"

#include <utility>

#include "core/audio_thread.h"

namespace vschaos {

Loader::Loader(LoadFunction load) : load_(std::move(load)), thread_(&Loader::Work, this) {}

void Loader::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
    if (current_) current_->is_cancelled = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::shared_ptr<LoadJob> Loader::Load(const std::string& path, int block, int buffer) {
  auto job = std::make_shared<LoadJob>();
  job->path = path;
  job->block = block;
  job->buffer = buffer;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(job);
  }
  changed_.notify_all();
  return job;
}

void Loader::Wait(const LoadJob& job) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return job.is_done || is_stopping_; });
}

void Loader::Dispose(std::shared_ptr<Instrument> instrument) {
  if (!instrument) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    disposed_.push_back(std::move(instrument));
  }
  changed_.notify_all();
}

void Loader::Work() {
  PrepareLoadingThread();
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return is_stopping_ || !jobs_.empty() || !disposed_.empty(); });
    if (is_stopping_) return;
    std::vector<std::shared_ptr<Instrument>> disposed;
    disposed.swap(disposed_);
    if (!jobs_.empty()) {
      current_ = std::move(jobs_.front());
      jobs_.pop_front();
    }
    const std::shared_ptr<LoadJob> job = current_;
    lock.unlock();
    disposed.clear();
    if (job && !job->is_cancelled) job->loaded = load_(*job);
    lock.lock();
    if (job) job->is_done = true;
    current_.reset();
    changed_.notify_all();
  }
}

}  // namespace vschaos
