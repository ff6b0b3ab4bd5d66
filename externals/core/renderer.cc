#include "core/renderer.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vschaos {

void Renderer::Prepare(const Geometry& geometry) {
  delay_ = geometry.delay;
  previous_out_.assign(std::size_t(ports_.out_rows()) * geometry.chunk, 0.0f);
}

void Renderer::Apply(Command* command) {
  if (command->verb == Command::Verb::kPlay) {
    // A method that takes over from itself would hear the chunk twice.
    if (!command->instrument && command->method == current_.method) return;
    previous_ = std::move(current_);
    current_.instrument =
        command->instrument ? std::move(command->instrument) : previous_.instrument;
    current_.method = command->method;
    has_complained_ = false;
    return;
  }
  if (!current_.instrument) return;
  Instrument& instrument = *current_.instrument;
  switch (command->verb) {
    case Command::Verb::kSet: {
      const Failure failure = instrument.Set(command->name, command->values);
      if (!failure.empty()) Complain("set " + command->name + ": " + failure);
      break;
    }
    case Command::Verb::kGet: {
      std::vector<Atom> values;
      const Failure failure = instrument.Get(command->name, &values);
      if (failure.empty()) {
        Report(command->name, std::move(values));
      } else {
        Complain("get " + command->name + ": " + failure);
      }
      break;
    }
    case Command::Verb::kReset: {
      const Failure failure = instrument.Reset();
      if (!failure.empty() && command->is_request) Complain("reset: " + failure);
      break;
    }
    case Command::Verb::kReportLatency: {
      const double own = instrument.DelaySamples(current_.method);
      Report("latency", {delay_ + own, double(delay_), own});
      break;
    }
    default:
      break;
  }
}

bool Renderer::RenderFront(Stream* stream, bool waits) {
  Chunk* in = stream->in.Front();
  if (!in) return false;
  const Geometry& geometry = stream->geometry;
  const std::int64_t now = stream->position.load(std::memory_order_relaxed);
  const bool is_past = !waits && in->position + geometry.chunk + geometry.delay < now;
  Chunk* out = is_past ? nullptr : stream->out.BeginWrite();
  if (out) {
    out->position = in->position;
    out->valid = Render(in->samples.data(), out->samples.data(), geometry.chunk);
    stream->out.EndWrite();
  }
  stream->in.Pop();
  return true;
}

bool Renderer::Render(const float* in, float* out, int frames) {
  if (!current_.instrument) return false;
  const Failure failure = Run(current_, in, out, frames);
  if (previous_.instrument) {
    if (failure.empty() && Run(previous_, in, previous_out_.data(), frames).empty()) {
      for (int c = 0; c < ports_.out_rows(); ++c) {
        float* row = out + std::size_t(c) * frames;
        const float* old = previous_out_.data() + std::size_t(c) * frames;
        for (int i = 0; i < frames; ++i) row[i] = old[i] + (row[i] - old[i]) * i / frames;
      }
    }
    previous_ = Player();
  }
  const std::string& name = current_.instrument->methods()[current_.method].name;
  if (!failure.empty()) ComplainNowAndThen(name + ": " + failure);
  return failure.empty();
}

Failure Renderer::Run(const Player& player, const float* in, float* out, int frames) {
  Failure failure = player.instrument->Process(player.method, ports_, in, out, frames);
  const Method& method = player.instrument->methods()[player.method];
  int missing = 0;
  for (int voice = 0; voice < ports_.voices; ++voice) {
    float* const end = out + std::size_t(ports_.outlets) * frames;
    float* const surplus = out + std::size_t(method.out_channels) * frames;
    for (float* value = out; value < surplus; ++value) {
      if (std::isfinite(*value)) continue;
      *value = 0.0f;
      ++missing;
    }
    std::fill(surplus, end, 0.0f);
    out = end;
  }
  if (failure.empty() && missing > 0) {
    ComplainNowAndThen(method.name + ": returns values that are no numbers: they become silence");
  }
  return failure;
}

void Renderer::Report(const std::string& selector, std::vector<Atom> values) {
  Reply* reply = replies_->BeginWrite();
  if (!reply) return;  // nobody has read for a long time
  *reply = Reply{false, selector, std::move(values)};
  replies_->EndWrite();
}

void Renderer::Complain(const std::string& text) {
  Reply* reply = replies_->BeginWrite();
  if (!reply) return;
  *reply = Reply{true, text, {}};
  replies_->EndWrite();
}

void Renderer::ComplainNowAndThen(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (has_complained_ && now - complained_ < kQuiet) return;
  has_complained_ = true;
  complained_ = now;
  Complain(text);
}

}  // namespace vschaos
