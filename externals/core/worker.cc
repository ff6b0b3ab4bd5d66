#include "core/worker.h"

#include <utility>

#include "core/audio_thread.h"

namespace vschaos {

void Worker::Run() {
  PrepareAudioThread();
  thread_ = pthread_self();
  has_begun_.store(true, std::memory_order_release);
  while (!is_stopping_.load(std::memory_order_acquire)) {
    wake.Wait();
    while (!is_stopping_.load(std::memory_order_acquire) && RunOnce()) {
    }
  }
}

void Worker::Stop() {
  is_stopping_.store(true, std::memory_order_release);
  wake.Post();
}

std::uint64_t Worker::call() const {
  const std::uint64_t turn = turn_.load(std::memory_order_acquire);
  return turn % 4 == 0 || turn == kLeft ? 0 : turn;
}

Worker::At Worker::Leave(std::uint64_t call) {
  std::uint64_t expected = call;
  if (call == 0 || !turn_.compare_exchange_strong(expected, kLeft, std::memory_order_acq_rel)) {
    return At::kNothing;
  }
  is_stopping_.store(true, std::memory_order_release);
  // Who spins for ever must not do so with the priority of sound.
  if (has_begun_.load(std::memory_order_acquire)) UseOrdinaryPriority(thread_);
  return At(call % 4);
}

void Worker::Begin(At at) {
  const std::uint64_t turn = turn_.load(std::memory_order_relaxed);
  turn_.store(turn | std::uint64_t(at), std::memory_order_release);
}

// False: the engine has left this thread behind, which must not touch the queues any more.
bool Worker::End() {
  std::uint64_t turn = turn_.load(std::memory_order_relaxed);
  if (turn == kLeft) return false;
  return turn_.compare_exchange_strong(turn, (turn | 3) + 1, std::memory_order_acq_rel);
}

// Commands and chunks in the order in which the host sent them. A command belongs before the
// chunk that was being gathered when it came. Whatever was handed over before the thing seen last
// is seen as well, so of an absent thing only a later look is sure.
bool Worker::RunOnce() {
  Command* command = commands.Front();
  Chunk* chunk = served ? served->in.Front() : nullptr;
  if (!command) {
    command = commands.Front();
    if (command && !chunk) return true;  // a chunk may have come before it: look again
  }
  if (!command && !chunk) return false;
  if (!command || (chunk && command->position >= chunk->position + served->geometry.chunk)) {
    Begin(At::kChunk);
    renderer.RenderFront(served.get(), is_offline.load(std::memory_order_relaxed));
    return End();
  }
  switch (command->verb) {
    case Command::Verb::kStream:
      served = std::move(command->stream);
      renderer.Prepare(served->geometry);
      break;
    case Command::Verb::kYield:
      served.reset();
      has_yielded.store(true, std::memory_order_release);
      break;
    default:
      Begin(At::kCommand);
      renderer.Apply(command);
      if (!End()) return false;
      break;
  }
  *command = Command();  // strings and references are released here, on this thread
  commands.Pop();
  return true;
}

}  // namespace vschaos
