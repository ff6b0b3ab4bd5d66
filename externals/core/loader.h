// Loads models on a thread of its own, so that no sound waits for a disk or a compiler.

#ifndef VSCHAOS_CORE_LOADER_H_
#define VSCHAOS_CORE_LOADER_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/crew.h"
#include "core/effort.h"
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
  int voices = 1;
  Effort effort;    // the loader's own
  std::atomic<bool> is_cancelled{false};  // nobody wants the result any more
  std::atomic<bool> is_done{false};       // loaded may be read
  Loaded loaded;
};

// One for all objects. Calls come from the host's thread; none of them waits, but Wait.
//
// Models are loaded one after the other. If one does not return, its thread is left with it, and a
// fresh one serves those that wait; should it return after all, it is loaded like any other.
class Loader {
 public:
  // Must throw nothing, and come back soon once the job is cancelled.
  using LoadFunction = std::function<Loaded(const LoadJob&)>;

  static constexpr int kMostHanging = 8;

  // `patience` is the effort of one load that others wait for.
  // Throws std::system_error if there is no thread to be had.
  Loader(Crew* crew, LoadFunction load,
         std::chrono::milliseconds patience = std::chrono::milliseconds(1000));
  ~Loader() { Stop(); }

  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Cancels what is under way, without waiting for it. Nothing may be called afterwards.
  void Stop();

  std::shared_ptr<LoadJob> Load(const std::string& path, int block, int buffer, int voices = 1);

  // What effort a job has taken; 0: it has to wait. Sees that none waits for one that hangs,
  // so to be called every few milliseconds by who waits.
  std::chrono::nanoseconds Attend(const LoadJob& job);

  // Waits for a job; false: after so much effort it is not done.
  bool Wait(const LoadJob& job, std::chrono::milliseconds patience);

  // Frees a model that nobody else holds, away from the sound.
  void Dispose(std::shared_ptr<Instrument> instrument);

  Crew* crew() const { return crew_; }

 private:
  struct Desk;

  static void Work(Desk* desk, int number);
  void StartThread();
  void PassHangingBy();

  Crew* const crew_;
  const std::chrono::milliseconds patience_;
  const std::shared_ptr<Desk> desk_;
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_LOADER_H_
