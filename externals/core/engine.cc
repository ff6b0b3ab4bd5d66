#include "core/engine.h"

#include <cstring>
#include <thread>
#include <utility>

namespace vschaos {

Engine::Engine(Crew* crew, const Patience& patience)
    : crew_(crew), patience_(patience), worker_(StartWorker()) {}

std::shared_ptr<Worker> Engine::StartWorker() {
  auto worker = std::make_shared<Worker>();
  worker->is_offline = is_offline_;
  worker->renderer.Init(ports_);
  crew_->Start([worker] { worker->Run(); });
  return worker;
}

void Engine::Init(const Ports& ports) {
  ports_ = ports;
  fader_.Init(ports.out_rows());
  worker_->renderer.Init(ports);
}

void Engine::Configure(int block, int buffer, int granularity) {
  const Geometry plan = Plan(block, buffer, granularity);
  if (is_configured_ && plan == geometry_) return;
  geometry_ = plan;
  is_configured_ = true;
  StartStream();
}

void Engine::Reset() {
  if (!is_configured_) return;
  StartStream();
  Command reset;
  reset.verb = Command::Verb::kReset;
  reset.is_request = false;
  Send(std::move(reset));
}

void Engine::StartStream() {
  stream_ = std::make_shared<Stream>(geometry_, ports_.in_rows(), ports_.out_rows());
  inline_ = nullptr;
  filling_ = nullptr;
  filled_ = 0;
  position_ = 0;
  last_missed_ = -1;
  Command serve;
  serve.verb = geometry_.threaded ? Command::Verb::kStream : Command::Verb::kYield;
  serve.stream = stream_;
  Send(std::move(serve));
}

void Engine::Send(Command command) {
  command.position = position_;
  outbox_.push_back(std::move(command));
  Flush();
  if (is_offline_) WaitIdle();
}

// Brings commands to whoever has the model. What finds the queue full or the model on its way
// back stays for the next call.
void Engine::Flush() {
  while (!outbox_.empty()) {
    Command& command = outbox_.front();
    if (is_yielding_) {
      if (!worker_->has_yielded.load(std::memory_order_acquire)) return;
      is_yielding_ = worker_has_model_ = false;
    }
    if (command.verb == Command::Verb::kStream) worker_has_model_ = true;
    if (worker_has_model_) {
      Command* slot = worker_->commands.BeginWrite();
      if (!slot) return;
      is_yielding_ = command.verb == Command::Verb::kYield;
      if (is_yielding_) worker_->has_yielded.store(false, std::memory_order_relaxed);
      *slot = is_yielding_ ? Command() : std::move(command);
      worker_->commands.EndWrite();
      worker_->wake.Post();
      if (is_yielding_) continue;  // it is done here as well, once the worker has done it
    } else if (command.verb == Command::Verb::kYield) {
      worker_->renderer.Prepare(command.stream->geometry);
      inline_ = command.stream.get();
    } else {
      worker_->renderer.Apply(&command);
    }
    outbox_.pop_front();
  }
}

bool Engine::PopReply(Reply* reply) {
  Flush();
  Reply* oldest = worker_->replies.Front();
  if (!oldest) return false;
  *reply = std::move(*oldest);
  worker_->replies.Pop();
  return true;
}

void Engine::SetOffline(bool is_offline) {
  is_offline_ = is_offline;
  worker_->is_offline = is_offline;
}

void Engine::SetEnabled(bool is_enabled) {
  if (is_enabled == is_enabled_) return;
  is_enabled_ = is_enabled;
  if (is_enabled_) Reset();
}

void Engine::Process(const float* const* in, float* const* out, int frames) noexcept {
  Stream* stream = stream_.get();
  if (!stream || !is_enabled_) {
    fader_.Process(nullptr, 0, out, frames);
    return;
  }
  const std::int64_t arrived = position_;
  const int chunk = geometry_.chunk;
  if (filled_ == 0) filling_ = stream->in.BeginWrite();
  if (filling_) {
    for (int c = 0; c < ports_.in_rows(); ++c) {
      float* row = filling_->samples.data() + std::size_t(c) * chunk;
      std::memcpy(row + filled_, in[c], frames * sizeof(float));
    }
  }
  filled_ += frames;
  position_ += frames;
  stream->position.store(position_, std::memory_order_relaxed);
  if (filled_ == chunk) {
    filled_ = 0;
    // A command that waits for a place in the queue belongs before this chunk, which is then late.
    if (filling_ && (!geometry_.threaded || outbox_.empty())) {
      filling_->position = position_ - chunk;
      stream->in.EndWrite();
    }
    if (geometry_.threaded) {
      worker_->wake.Post();
    } else if (inline_ == stream) {
      while (worker_->renderer.RenderFront(stream, false)) {
      }
    }
  }
  if (is_offline_ && geometry_.threaded) WaitIdle();
  Play(stream, arrived - geometry_.delay, out, frames);
}

void Engine::Play(Stream* stream, std::int64_t position, float* const* out, int frames) {
  const int length = geometry_.chunk;
  if (position < 0) {  // nothing was due yet
    fader_.Process(nullptr, 0, out, frames);
    return;
  }
  Chunk* chunk = stream->out.Front();
  while (chunk && chunk->position + length <= position) {
    stream->out.Pop();
    chunk = stream->out.Front();
  }
  const bool is_there = chunk && chunk->position <= position;
  if (!is_there && position / length > last_missed_) {
    last_missed_ = position / length;
    ++xruns_;
  }
  const float* samples = nullptr;
  if (is_there && chunk->valid) samples = chunk->samples.data() + (position - chunk->position);
  fader_.Process(samples, length, out, frames);
}

bool Engine::IsIdle() {
  Flush();
  const bool is_served = !worker_has_model_ || !geometry_.threaded || stream_->in.empty();
  return outbox_.empty() && worker_->commands.empty() && is_served;
}

void Engine::WaitIdle() {
  while (!IsIdle() && LookAtCall() < patience_.offline) {
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

std::chrono::nanoseconds Engine::LookAtCall() {
  return watch_.Look(worker_->call(), CallWatch::Clock::now());
}

Engine::Left Engine::LeaveBehind() {
  Left left;
  if (worker_->call() == 0) return left;
  std::shared_ptr<Worker> fresh = StartWorker();
  left.at = worker_->Leave(worker_->call());
  if (left.at == Worker::At::kNothing) {
    fresh->Stop();
    return left;
  }
  SpscRing<Command>& queue = worker_->commands;
  if (left.at == Worker::At::kCommand) {
    left.command.verb = queue.Front()->verb;
    left.command.name = queue.Front()->name;
    queue.Pop();
  }
  std::deque<Command> waiting;
  for (; queue.Front(); queue.Pop()) waiting.push_back(std::move(*queue.Front()));
  for (Command& command : outbox_) waiting.push_back(std::move(command));
  outbox_.clear();
  worker_ = std::move(fresh);
  worker_has_model_ = is_yielding_ = false;
  if (is_configured_) StartStream();
  for (Command& command : waiting) {
    // Streams of before are of no use.
    if (command.verb == Command::Verb::kStream || command.verb == Command::Verb::kYield) continue;
    left.has_successor = left.has_successor || command.instrument;
    if (left.has_successor) Send(std::move(command));
  }
  return left;
}

}  // namespace vschaos
