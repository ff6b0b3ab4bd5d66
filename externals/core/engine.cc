#include "core/engine.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "core/audio_thread.h"

namespace vschaos {

Engine::Engine() : worker_(&Engine::Work, this) {}

void Engine::Stop() {
  if (!worker_.joinable()) return;
  is_stopping_.store(true, std::memory_order_release);
  wake_.Post();
  worker_.join();
}

void Engine::Init(int inlets, int outlets) {
  inlets_ = inlets;
  outlets_ = outlets;
  fader_.Init(outlets);
  renderer_.Init(outlets);
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
  stream_ = std::make_shared<Stream>(geometry_, inlets_, outlets_);
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
  if (is_offline_.load(std::memory_order_relaxed)) WaitIdle();
}

// Brings commands to whoever has the model. What finds the queue full or the model on its way
// back stays for the next call.
void Engine::Flush() {
  while (!outbox_.empty()) {
    Command& command = outbox_.front();
    if (is_yielding_) {
      if (!has_yielded_.load(std::memory_order_acquire)) return;
      is_yielding_ = worker_has_model_ = false;
    }
    if (command.verb == Command::Verb::kStream) worker_has_model_ = true;
    if (worker_has_model_) {
      Command* slot = commands_.BeginWrite();
      if (!slot) return;
      is_yielding_ = command.verb == Command::Verb::kYield;
      if (is_yielding_) has_yielded_.store(false, std::memory_order_relaxed);
      *slot = is_yielding_ ? Command() : std::move(command);
      commands_.EndWrite();
      wake_.Post();
      if (is_yielding_) continue;  // it is done here as well, once the worker has done it
    } else if (command.verb == Command::Verb::kYield) {
      renderer_.Prepare(command.stream->geometry);
      inline_ = command.stream.get();
    } else {
      renderer_.Apply(&command);
    }
    outbox_.pop_front();
  }
}

bool Engine::PopReply(Reply* reply) {
  Flush();
  Reply* oldest = replies_.Front();
  if (!oldest) return false;
  *reply = std::move(*oldest);
  replies_.Pop();
  return true;
}

void Engine::SetOffline(bool is_offline) { is_offline_ = is_offline; }

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
    for (int c = 0; c < inlets_; ++c) {
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
      wake_.Post();
    } else if (inline_ == stream) {
      while (renderer_.RenderFront(stream, false)) {
      }
    }
  }
  if (is_offline_.load(std::memory_order_relaxed) && geometry_.threaded) WaitIdle();
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

void Engine::WaitIdle() {
  for (;;) {
    Flush();
    const bool is_served = !worker_has_model_ || !geometry_.threaded || stream_->in.empty();
    if (outbox_.empty() && commands_.empty() && is_served) return;
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

void Engine::Work() {
  PrepareAudioThread();
  while (!is_stopping_.load(std::memory_order_acquire)) {
    wake_.Wait();
    while (!is_stopping_.load(std::memory_order_acquire) && WorkOnce()) {
    }
  }
}

// Commands and chunks in the order in which the host sent them. A command belongs before the
// chunk that was being gathered when it came. Whatever was handed over before the thing seen last
// is seen as well, so of an absent thing only a later look is sure.
bool Engine::WorkOnce() {
  Command* command = commands_.Front();
  Chunk* chunk = served_ ? served_->in.Front() : nullptr;
  if (!command) {
    command = commands_.Front();
    if (command && !chunk) return true;  // a chunk may have come before it: look again
  }
  if (!command && !chunk) return false;
  if (!command || (chunk && command->position >= chunk->position + served_->geometry.chunk)) {
    return renderer_.RenderFront(served_.get(), is_offline_.load(std::memory_order_relaxed));
  }
  switch (command->verb) {
    case Command::Verb::kStream:
      served_ = std::move(command->stream);
      renderer_.Prepare(served_->geometry);
      break;
    case Command::Verb::kYield:
      served_.reset();
      has_yielded_.store(true, std::memory_order_release);
      break;
    default:
      renderer_.Apply(command);
      break;
  }
  *command = Command();  // strings and references are released here, on this thread
  commands_.Pop();
  return true;
}

}  // namespace vschaos
