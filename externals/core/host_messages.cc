// What an object answers to its messages.

#include <cmath>
#include <utility>

#include "core/host.h"

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

std::vector<Atom> Words(const std::vector<std::string>& words) {
  return std::vector<Atom>(words.begin(), words.end());
}

}  // namespace

void Host::Message(const std::string& selector, const std::vector<Atom>& values) {
  if (selector == "load" || selector == "reload") {
    if (selector == "load" && !IsWord(values)) {
      console_->Error("load: needs the name of a model");
      return;
    }
    if (selector == "reload" && path_.empty()) {
      console_->Error("reload: no model was loaded");
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
  console_->Info("voices", {double(ports_.voices)});
  console_->Info("xruns", {double(engine_.xruns())});
  if (!playing_) return;
  const Method& method = playing_->methods()[FindMethod(*playing_, settings_.method)];
  console_->Info("player", {std::string(playing_->player())});
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
