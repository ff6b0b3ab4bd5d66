#include "core/host.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace vschaos {

Host::Host(Console* console, Loader* loader, const PeekFunction& peek, const Settings& settings)
    : console_(console),
      loader_(loader),
      settings_(settings),
      engine_(loader->crew(), settings.patience) {
  ports_.voices = settings_.voices;
  if (ports_.voices < 1 || ports_.voices > kMostVoices) {
    throw std::invalid_argument(std::to_string(ports_.voices) + " voices: give a number from 1 to " +
                                std::to_string(kMostVoices));
  }
  engine_.SetOffline(settings.is_offline);
  if (settings_.buffer < 0 || settings_.buffer > kLargestBuffer) {
    console_->Error("buffer " + std::to_string(settings_.buffer) + " is not between 0 and " +
                    std::to_string(kLargestBuffer) + ": it will be " +
                    std::to_string(Settings().buffer));
    settings_.buffer = Settings().buffer;
  }
  if (!settings_.model.empty()) Load(settings_.model);
  if (job_ && !peek(path_, settings_.method, &ports_)) {
    // Rare, and most often a file that is broken: wait for it to be loaded.
    const bool is_loaded = loader_->Wait(*job_, settings_.patience.ports);
    const Instrument* const instrument = is_loaded ? job_->loaded.instrument.get() : nullptr;
    const int method = instrument ? FindMethod(*instrument, settings_.method) : -1;
    if (method >= 0) {
      ports_.inlets = instrument->methods()[method].in_channels;
      ports_.outlets = instrument->methods()[method].out_channels;
    }
  }
  if (std::max(ports_.in_rows(), ports_.out_rows()) > kMostRows) {
    if (job_) job_->is_cancelled = true;
    throw std::invalid_argument(std::to_string(ports_.voices) + " voices of " +
                                std::to_string(ports_.inlets) + " inlets and " +
                                std::to_string(ports_.outlets) + " outlets: more than " +
                                std::to_string(kMostRows) + " of either");
  }
  engine_.Init(ports_);
  if (job_ && (job_->is_done || settings_.is_offline)) FinishLoad();
}

Host::~Host() {
  if (job_) job_->is_cancelled = true;
  loader_->Dispose(std::move(playing_));
  for (auto& [path, instrument] : retired_) loader_->Dispose(std::move(instrument));
}

void Host::Load(const std::string& name) {
  Failure failure;
  const std::string path = console_->Find(name, &failure);
  if (path.empty()) {
    console_->Error(name + ": " + failure);
    return;
  }
  if (job_) job_->is_cancelled = true;
  is_slow_told_ = false;
  job_ = loader_->Load(path, settings_.block, settings_.buffer, settings_.voices);
  if (!playing_) path_ = path;
}

void Host::FinishLoad() {
  const bool is_done = loader_->Wait(*job_, settings_.patience.offline);
  const std::shared_ptr<LoadJob> job = std::move(job_);
  Loaded loaded;
  if (is_done) {
    loaded = std::move(job->loaded);
  } else {
    job->is_cancelled = true;
    loaded.failure = "does not return from loading: left behind";
  }
  Failure failure = loaded.failure;
  if (failure.empty() && loaded.instrument) failure = WhyNot(*loaded.instrument, settings_.method);
  if (!failure.empty() || !loaded.instrument) {
    console_->Error(job->path + ": " + failure);
    loader_->Dispose(std::move(loaded.instrument));
  } else {
    if (playing_) retired_.emplace_back(path_, std::move(playing_));
    path_ = job->path;
    Play(std::move(loaded.instrument), settings_.method, true);
  }
  std::vector<std::pair<std::string, std::vector<Atom>>> held;
  held.swap(held_);
  for (const auto& [selector, values] : held) Obey(selector, values);
}

// Why the object cannot play a method, if it cannot: its inlets and outlets are there to stay.
Failure Host::WhyNot(const Instrument& instrument, const std::string& name) const {
  const int index = FindMethod(instrument, name);
  if (index < 0) {
    return "has no method " + name + ", but " + Join(MethodNames(instrument));
  }
  const Method& method = instrument.methods()[index];
  if (!method.failure.empty()) return name + ": " + method.failure;
  if (method.in_channels > ports_.inlets || method.out_channels > ports_.outlets) {
    return name + " has " + std::to_string(method.in_channels) + " inlets and " +
           std::to_string(method.out_channels) + " outlets, this object has " +
           std::to_string(ports_.inlets) + " and " + std::to_string(ports_.outlets) +
           ": create a new one for it";
  }
  return "";
}

void Host::Play(std::shared_ptr<Instrument> instrument, const std::string& name, bool is_new) {
  Command play;
  play.verb = Command::Verb::kPlay;
  play.method = FindMethod(*instrument, name);
  if (is_new) {
    play.instrument = instrument;
    playing_ = std::move(instrument);
    Configure();
  }
  settings_.method = name;
  engine_.Send(std::move(play));
  if (is_new) TellRate();
}

void Host::Configure() {
  if (!playing_) return;
  engine_.Configure(settings_.block, settings_.buffer, Granularity(*playing_));
  const Geometry& geometry = engine_.geometry();
  if (geometry.threaded && geometry.buffer != settings_.buffer) {
    console_->Post("buffer " + std::to_string(settings_.buffer) + " becomes " +
                   std::to_string(geometry.buffer) +
                   ", a multiple of the model's hop and the block");
    settings_.buffer = geometry.buffer;
  }
}

// Tells the model Pd's rate, or the console that the model is for another.
void Host::TellRate() {
  if (!playing_ || sample_rate_hz_ == 0.0) return;
  const int rate_hz = static_cast<int>(sample_rate_hz_);
  const std::vector<int> possible = playing_->host_rates_hz();
  if (std::find(possible.begin(), possible.end(), rate_hz) != possible.end()) {
    Command set;
    set.verb = Command::Verb::kSet;
    set.name = "sample_rate";
    set.values = {double(rate_hz)};
    engine_.Send(std::move(set));
    return;
  }
  if (playing_->sample_rate_hz() == 0 || playing_->sample_rate_hz() == rate_hz) return;
  console_->Post(path_ + " is made for " + std::to_string(playing_->sample_rate_hz()) +
                 " Hz and plays at " + std::to_string(rate_hz) +
                 " Hz, out of tune: script.py --rate " + std::to_string(rate_hz) +
                 " makes one for this rate, if there is one");
}

void Host::Prepare(int block, double sample_rate_hz, bool after_pause) {
  const bool has_new_rate = sample_rate_hz != sample_rate_hz_;
  settings_.block = block;
  sample_rate_hz_ = sample_rate_hz;
  if (after_pause) engine_.Reset();
  Configure();
  if (has_new_rate) TellRate();
}

void Host::Poll() {
  if (job_) AttendLoad();
  Reply reply;
  while (engine_.PopReply(&reply)) {
    if (reply.is_error) {
      Error(reply.text);
    } else {
      console_->Info(reply.text, reply.values);
    }
  }
  // Once nobody else holds an instrument, nobody can come to hold it again.
  for (auto& [path, instrument] : retired_) {
    if (instrument.use_count() == 1) loader_->Dispose(std::move(instrument));
  }
  retired_.erase(std::remove_if(retired_.begin(), retired_.end(),
                                [](const auto& retired) { return !retired.second; }),
                 retired_.end());
  const Patience& patience = settings_.patience;
  const auto limit = settings_.is_offline ? patience.offline
                     : retired_.empty()   ? patience.playing
                                          : patience.replaced;
  if (engine_.LookAtCall() >= limit) LeaveBehind();
}

void Host::AttendLoad() {
  const std::chrono::nanoseconds effort = loader_->Attend(*job_);
  if (job_->is_done) {
    FinishLoad();
  } else if (!is_slow_told_ && effort >= settings_.patience.loading) {
    is_slow_told_ = true;
    console_->Error(job_->path + ": does not return from loading so far: wait, or load another");
  }
}

// The model that plays, or one that has been replaced already, does not return from a call.
void Host::LeaveBehind() {
  Engine::Left left;
  try {
    left = engine_.LeaveBehind();
  } catch (const std::system_error&) {
    return;  // until there is a thread to be had
  }
  if (left.at == Worker::At::kNothing) return;
  const bool is_replaced = left.has_successor && !retired_.empty();
  const std::string path = is_replaced ? retired_.front().first : path_;
  std::string call = settings_.method;
  if (left.at == Worker::At::kCommand) {
    const bool is_set = left.command.verb == Command::Verb::kSet;
    const bool is_get = left.command.verb == Command::Verb::kGet;
    call = is_set   ? "set " + left.command.name
           : is_get ? "get " + left.command.name
                    : "reset or latency";
  }
  console_->Error(path + ": does not return from " + call + ": left behind" +
                  (left.has_successor ? "" : ", load another model"));
  // Whoever is in the call holds the model; nobody here needs it any more.
  for (auto& [name, instrument] : retired_) loader_->Dispose(std::move(instrument));
  retired_.clear();
  if (!left.has_successor) loader_->Dispose(std::move(playing_));
}

}  // namespace vschaos
