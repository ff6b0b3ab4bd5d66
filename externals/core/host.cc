#include "core/host.h"

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>

namespace vschaos {

namespace {

// A word as a patch would show it.
std::string Show(const Atom& atom) {
  if (const auto* word = std::get_if<std::string>(&atom)) return *word;
  std::string text = std::to_string(std::get<double>(atom));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

bool IsNumber(const std::vector<Atom>& values) {
  return values.size() == 1 && std::holds_alternative<double>(values[0]);
}

bool IsWord(const std::vector<Atom>& values) {
  return !values.empty() && std::holds_alternative<std::string>(values[0]);
}

std::vector<std::string> MethodNames(const Instrument& instrument) {
  std::vector<std::string> names;
  for (const Method& method : instrument.methods()) names.push_back(method.name);
  return names;
}

std::vector<Atom> Words(const std::vector<std::string>& words) {
  return std::vector<Atom>(words.begin(), words.end());
}

}  // namespace

Host::Host(Console* console, Loader* loader, const PeekFunction& peek, const Settings& settings)
    : console_(console),
      loader_(loader),
      settings_(settings),
      engine_(loader->crew(), settings.patience) {
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
  engine_.Init(ports_.inlets, ports_.outlets);
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
  job_ = loader_->Load(path, settings_.block, settings_.buffer);
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
    CompareRates();
  }
  settings_.method = name;
  engine_.Send(std::move(play));
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

void Host::CompareRates() {
  if (!playing_ || sample_rate_hz_ == 0.0 || playing_->sample_rate_hz() == 0) return;
  if (playing_->sample_rate_hz() == static_cast<int>(sample_rate_hz_)) return;
  console_->Post(path_ + " was trained at " + std::to_string(playing_->sample_rate_hz()) +
                 " Hz and plays at " + std::to_string(static_cast<int>(sample_rate_hz_)) + " Hz");
}

void Host::Prepare(int block, double sample_rate_hz, bool after_pause) {
  const bool has_new_rate = sample_rate_hz != sample_rate_hz_;
  settings_.block = block;
  sample_rate_hz_ = sample_rate_hz;
  if (after_pause) engine_.Reset();
  Configure();
  if (has_new_rate) CompareRates();
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
  const std::chrono::nanoseconds duration = loader_->Attend(*job_);
  if (job_->is_done) {
    FinishLoad();
  } else if (!is_slow_told_ && duration >= settings_.patience.loading) {
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

void Host::Message(const std::string& selector, const std::vector<Atom>& values) {
  if (selector == "load" || selector == "reload") {
    if (selector == "load" && !IsWord(values)) {
      console_->Error("load: needs the name of a model");
      return;
    }
    Load(selector == "load" ? Show(values[0]) : path_);
    if (job_ && settings_.is_offline) FinishLoad();
  } else if (job_) {
    // It is meant for the model on its way, which may never come.
    if (held_.size() < kMostHeld) held_.emplace_back(selector, values);
  } else {
    Obey(selector, values);
  }
  if (settings_.is_offline) Poll();
}

void Host::Obey(const std::string& selector, const std::vector<Atom>& values) {
  Command command;
  if (selector == "set" || selector == "get") {
    command.verb = selector == "set" ? Command::Verb::kSet : Command::Verb::kGet;
    if (!IsWord(values) || (selector == "set" && values.size() < 2)) {
      Error(selector + ": needs the name of an attribute" +
            (selector == "set" ? " and a value" : ""));
      return;
    }
    command.name = Show(values[0]);
    command.values.assign(values.begin() + 1, values.end());
    Forward(std::move(command));
  } else if (selector == "method") {
    const std::string name = IsWord(values) ? Show(values[0]) : "";
    const Failure failure = playing_ ? WhyNot(*playing_, name) : "";
    if (!failure.empty()) {
      Error("method: " + failure);
    } else if (playing_) {
      Play(playing_, name, false);
    } else {
      settings_.method = name;  // of the next model
    }
  } else if (selector == "reset") {
    command.verb = Command::Verb::kReset;
    Forward(std::move(command));
  } else if (selector == "latency") {
    command.verb = Command::Verb::kReportLatency;
    Forward(std::move(command));
  } else if (selector == "xruns") {
    console_->Info("xruns", {double(engine_.xruns())});
  } else if (selector == "bufsize") {
    SetBuffer(values);
  } else if (selector == "enable" || selector == "offline") {
    const bool is_on = !IsNumber(values) || std::get<double>(values[0]) != 0.0;
    if (selector == "offline") {
      settings_.is_offline = is_on;
      engine_.SetOffline(is_on);
    } else {
      is_enabled_ = is_on;
      engine_.SetEnabled(is_on);
    }
  } else if (selector == "bang") {
    Tell();
  } else if (selector == "dump") {
    Dump();
  } else {
    Error("no message '" + selector +
          "': it knows set, get, method, bufsize, enable, load, reload, reset, latency, xruns, "
          "offline, dump and bang");
  }
}

void Host::SetBuffer(const std::vector<Atom>& values) {
  const double wanted = IsNumber(values) ? std::get<double>(values[0]) : -1.0;
  if (!(wanted >= 0.0 && wanted <= kLargestBuffer && wanted == std::floor(wanted))) {
    std::string given;
    for (const Atom& value : values) given += (given.empty() ? "" : " ") + Show(value);
    Error("bufsize: " + (given.empty() ? "nothing" : given) +
          " is no number of samples from 0 to " + std::to_string(kLargestBuffer));
    return;
  }
  settings_.buffer = static_cast<int>(wanted);
  Configure();
}

// What nn~ for Pd answers to a bang, in its words and order.
void Host::Tell() {
  console_->Info("loaded", {double(playing_ != nullptr)});
  if (!playing_) return;
  const Method& method = playing_->methods()[FindMethod(*playing_, settings_.method)];
  console_->Info("enabled", {double(is_enabled_)});
  console_->Info("gpu", {0.0});
  console_->Info("model", {path_});
  console_->Info("methods", Words(MethodNames(*playing_)));
  console_->Info("method", {settings_.method});
  console_->Info("attributes", Words(playing_->attributes()));
  console_->Info("bufsize", {double(settings_.buffer)});
  console_->Info("dim", {double(ports_.inlets), double(ports_.outlets)});
  console_->Info("ratio", {double(method.in_ratio), double(method.out_ratio)});
}

void Host::Dump() {
  Tell();
  console_->Info("xruns", {double(engine_.xruns())});
  if (!playing_) return;
  const Method& method = playing_->methods()[FindMethod(*playing_, settings_.method)];
  console_->Info("inputs", Words(method.input_labels));
  console_->Info("outputs", Words(method.output_labels));
  Obey("latency", {});
  for (const std::string& name : playing_->attributes()) Obey("get", {name});
}

void Host::Forward(Command command) {
  if (playing_) {
    engine_.Send(std::move(command));
  } else {
    Error("no model is loaded");
  }
}

// An error about the model that plays.
void Host::Error(const std::string& text) {
  console_->Error(path_.empty() ? text : path_ + ": " + text);
}

}  // namespace vschaos
