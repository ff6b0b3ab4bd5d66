// Opens models on a thread of its own, and hands them to the audio thread without a lock.

#ifndef VSCHAOS_PLUGINS_CORE_LOADER_H_
#define VSCHAOS_PLUGINS_CORE_LOADER_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "core/stream.h"

namespace vschaos {

class Loader {
 public:
  // What a job makes: a stream, or none, and then the plug-in is silent.
  using Job = std::function<std::unique_ptr<Stream>()>;

  Loader();
  ~Loader();  // ends what it is at first

  // Of any thread but the audio thread. A later job takes the place of one that has not begun.
  void Ask(Job job);
  // Until all that was asked for lies ready. Not while the audio thread runs.
  void Wait();

  // Of the audio thread, or of any other while that does not run: whether Take will take.
  bool IsReady() const {
    return ready_.load(std::memory_order_relaxed) && !retired_.load(std::memory_order_acquire);
  }
  // Hands over what lies ready, and takes back what was played.
  bool Take(std::unique_ptr<Stream>* playing);

 private:
  struct Ready {
    std::unique_ptr<Stream> stream;
  };

  void Work();
  void Clear();

  std::atomic<Ready*> ready_{nullptr};    // made and not yet taken
  std::atomic<Ready*> retired_{nullptr};  // taken, with what was played before
  std::mutex mutex_;
  std::condition_variable asked_, done_;
  Job job_;
  bool has_job_ = false, is_busy_ = false, ends_ = false;
  bool has_handed_ = false;  // and what was played before may come back
  std::thread thread_;
};

}  // namespace vschaos

#endif  // VSCHAOS_PLUGINS_CORE_LOADER_H_
