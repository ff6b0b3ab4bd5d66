// A whole object of the patch, without the patch: arguments, messages, models, sound.

#ifndef VSCHAOS_CORE_HOST_H_
#define VSCHAOS_CORE_HOST_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/engine.h"
#include "core/loader.h"

namespace vschaos {

// Where an object's words go. Called by the thread that calls the host.
class Console {
 public:
  virtual ~Console() = default;
  virtual void Error(const std::string& text) = 0;
  virtual void Post(const std::string& text) = 0;
  virtual void Info(const std::string& selector, const std::vector<Atom>& values) = 0;
  // The full path of a model as a patch names it; empty: there is none, and why.
  virtual std::string Find(const std::string& name, Failure* failure) = 0;
};

struct Settings {
  std::string model;  // empty: none yet
  std::string method = "forward";
  int buffer = 4096;  // samples; 0: no thread
  int block = 64;     // samples
  int voices = 1;     // of one model
  bool is_offline = false;
  Patience patience;
};

class Host {
 public:
  // Reads the inlets and outlets of a voice from a file; false: they are not to be had so quickly.
  using PeekFunction =
      std::function<bool(const std::string& path, const std::string& method, Ports* ports)>;

  static constexpr int kLargestBuffer = 1 << 17;  // samples
  static constexpr int kMostVoices = 64;
  static constexpr int kMostRows = 512;  // inlets or outlets of all voices

  // Finds the ports, begins to load, and says what is wrong, if anything is.
  // Throws std::system_error if there is no thread to be had, std::invalid_argument for voices that
  // there cannot be.
  Host(Console* console, Loader* loader, const PeekFunction& peek, const Settings& settings);
  ~Host();

  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Ends the thread that plays, without waiting for it. Nothing may be called afterwards.
  void Stop() { engine_.Stop(); }

  const Ports& ports() const { return ports_; }

  // Any message but a signal.
  void Message(const std::string& selector, const std::vector<Atom>& values);

  // Takes what has come from the other threads. To be called every few milliseconds.
  void Poll();

  // The sizes of the sound to come. After a pause, nothing from before it is heard.
  void Prepare(int block, double sample_rate_hz, bool after_pause);

  void Process(const float* const* in, float* const* out, int frames) noexcept {
    engine_.Process(in, out, frames);
  }

 private:
  void Load(const std::string& name);
  void FinishLoad();
  void AttendLoad();
  void LeaveBehind();
  void Play(std::shared_ptr<Instrument> instrument, const std::string& name, bool is_new);
  void Obey(const std::string& selector, const std::vector<Atom>& values);
  void SetBuffer(const std::vector<Atom>& values);
  void Tell();
  void Dump();
  void Configure();
  void TellRate();
  void Forward(Command command);
  void Error(const std::string& text);
  Failure WhyNot(const Instrument& instrument, const std::string& method) const;

  static constexpr std::size_t kMostHeld = 4096;

  Console* const console_;
  Loader* const loader_;
  Settings settings_;
  Ports ports_;
  double sample_rate_hz_ = 0.0;
  bool is_enabled_ = true;
  std::string path_;  // of the model that plays, or of the last one asked for
  std::shared_ptr<LoadJob> job_;
  bool is_slow_told_ = false;  // that job_ takes long
  std::vector<std::pair<std::string, std::vector<Atom>>> held_;  // for the model being loaded
  std::shared_ptr<Instrument> playing_;
  std::vector<std::pair<std::string, std::shared_ptr<Instrument>>> retired_;  // with their paths
  Engine engine_;
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_HOST_H_
