// Plays a model in real time: blocks of samples in, blocks of samples out, messages in between.

#ifndef VSCHAOS_CORE_ENGINE_H_
#define VSCHAOS_CORE_ENGINE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>

#include "core/command.h"
#include "core/crew.h"
#include "core/fader.h"
#include "core/patience.h"
#include "core/stream.h"
#include "core/worker.h"

namespace vschaos {

// All calls come from one thread, the host's. With a buffer, the model runs on the engine's own
// thread; without, in Process. With a buffer, Process neither allocates, locks, waits nor throws.
//
// A command takes effect with the chunk that is being gathered when it is sent, on either path and
// however fast the worker is.
class Engine {
 public:
  // Throws std::system_error if there is no thread to be had.
  explicit Engine(Crew* crew, const Patience& patience = {});
  ~Engine() { Stop(); }

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void Init(const Ports& ports);

  // Ends the worker's thread, after the chunk in work and without waiting for it. Nothing may be
  // called afterwards.
  void Stop() { worker_->Stop(); }

  // What came of LeaveBehind.
  struct Left {
    Worker::At at = Worker::At::kNothing;  // kNothing: nothing was left, all goes on
    Command command;                       // what it is at, if that is a command: verb and name
    bool has_successor = false;            // another model was on its way and has its place now
  };

  // How long the worker has been in one call, as far as this was looked at, often enough.
  std::chrono::nanoseconds LookAtCall();

  // Leaves a worker that does not return from its call behind, with its model, and goes on with a
  // fresh one, which gets all commands that the old one did not come to.
  // Throws std::system_error if there is no thread to be had.
  Left LeaveBehind();

  // Sets the sizes; sound restarts if they change. Block and granularity are at least 1, and
  // buffer 0 means: no thread.
  void Configure(int block, int buffer, int granularity);

  // Forgets what is on its way, and what the model has heard.
  void Reset();

  void Send(Command command);

  // The oldest reply not yet seen; false: none.
  bool PopReply(Reply* reply);

  // Whether Process waits for the worker. For rendering faster or slower than real time.
  void SetOffline(bool is_offline);

  // Off: silence, and the model rests.
  void SetEnabled(bool is_enabled);

  // `frames` must be the block of Configure. `in` and `out` may share memory.
  void Process(const float* const* in, float* const* out, int frames) noexcept;

  // Chunks that were not ready when they were due.
  std::int64_t xruns() const { return xruns_; }
  const Geometry& geometry() const { return geometry_; }

 private:
  std::shared_ptr<Worker> StartWorker();
  void StartStream();
  void Flush();
  bool IsIdle();
  void WaitIdle();
  void Play(Stream* stream, std::int64_t position, float* const* out, int frames);

  Crew* const crew_;
  const Patience patience_;
  Ports ports_;
  Geometry geometry_;
  bool is_configured_ = false;
  bool is_enabled_ = true;
  std::shared_ptr<Stream> stream_;
  std::deque<Command> outbox_;     // sent, but not yet taken by the worker's queue
  bool worker_has_model_ = false;  // from kStream until kYield is acknowledged
  bool is_yielding_ = false;       // kYield is on its way
  Stream* inline_ = nullptr;       // the stream that Process may run the model for
  Chunk* filling_ = nullptr;       // the chunk being gathered; nullptr: there was no room for it
  int filled_ = 0;
  std::int64_t position_ = 0;      // samples that have arrived in this stream
  std::int64_t last_missed_ = -1;  // number of the last chunk that was late
  std::int64_t xruns_ = 0;
  Fader fader_;

  bool is_offline_ = false;
  CallWatch watch_;
  std::shared_ptr<Worker> worker_;
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_ENGINE_H_
