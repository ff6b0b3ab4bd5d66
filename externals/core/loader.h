// Loads models on a thread of its own, so that no sound waits for a disk or a compiler.

#ifndef VSCHAOS_CORE_LOADER_H_
#define VSCHAOS_CORE_LOADER_H_

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/instrument.h"

namespace vschaos {

struct Loaded {
  std::shared_ptr<Instrument> instrument;  // nullptr: see failure
  Failure failure;
};

struct LoadJob {
  std::string path;
  int block = 64;   // samples; the model is tried out with the chunks that these give
  int buffer = 0;
  std::atomic<bool> is_cancelled{false};  // nobody wants the result any more
  std::atomic<bool> is_done{false};       // loaded may be read
  Loaded loaded;
};

// One for all objects. Calls come from the host's thread; none of them waits, but Wait and
// Stop.
class Loader {
 public:
  // Must throw nothing, and come back soon once the job is cancelled.
  using LoadFunction = std::function<Loaded(const LoadJob&)>;

  explicit Loader(LoadFunction load);  // throws std::system_error if there is no thread to be had
  ~Loader() { Stop(); }

  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Cancels what is under way and waits for it. Nothing may be called afterwards.
  void Stop();

  std::shared_ptr<LoadJob> Load(const std::string& path, int block, int buffer);
  void Wait(const LoadJob& job);

  // Frees a model that nobody else holds, away from the sound.
  void Dispose(std::shared_ptr<Instrument> instrument);

 private:
  void Work();

  const LoadFunction load_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::shared_ptr<LoadJob> current_;
  std::deque<std::shared_ptr<LoadJob>> jobs_;
  std::vector<std::shared_ptr<Instrument>> disposed_;
  std::thread thread_;
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_LOADER_H_
