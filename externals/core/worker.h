// The thread that has a model, and all that it shares with its engine.

#ifndef VSCHAOS_CORE_WORKER_H_
#define VSCHAOS_CORE_WORKER_H_

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/command.h"
#include "core/renderer.h"
#include "core/semaphore.h"
#include "core/stream.h"

namespace vschaos {

// Held by the engine and by the thread, so that either of them may leave first: the engine must not
// wait for a model that never returns.
class Worker {
 public:
  // What the thread is at. Every chunk and every command is a call of its own.
  enum class At { kNothing, kCommand, kChunk };

  // The thread's whole life: serves the queues until it is told to stop or was left.
  void Run();

  // The engine's side.
  void Stop();
  std::uint64_t call() const;  // another number for every call, 0 between them

  // Leaves the thread behind in this call, with the model and the command or chunk that it is at.
  // Whatever else is in the queues is the caller's from now on. kNothing: it has returned
  // meanwhile, and goes on.
  At Leave(std::uint64_t call);

  // Between the two.
  SpscRing<Command> commands{4096};
  SpscRing<Reply> replies{1024};
  Semaphore wake;
  std::atomic<bool> is_offline{false};
  std::atomic<bool> has_yielded{false};

  // The side of whoever has the model.
  Renderer renderer{&replies};
  std::shared_ptr<Stream> served;

 private:
  // The number of the call, times four, and in the last two bits what it is at; or kLeft.
  static constexpr std::uint64_t kLeft = ~std::uint64_t(0);

  bool RunOnce();
  void Begin(At at);
  bool End();

  std::atomic<std::uint64_t> turn_{4};
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> has_begun_{false};
  pthread_t thread_ = {};  // of Run, once has_begun_
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_WORKER_H_
