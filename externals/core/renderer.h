// Runs the model: the one place where it is called, whichever thread that happens on.

#ifndef VSCHAOS_CORE_RENDERER_H_
#define VSCHAOS_CORE_RENDERER_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/command.h"

namespace vschaos {

class Renderer {
 public:
  explicit Renderer(SpscRing<Reply>* replies) : replies_(replies) {}

  void Init(const Ports& ports) { ports_ = ports; }

  // Makes room for chunks of this length.
  void Prepare(const Geometry& geometry);

  // kSet, kGet, kReset, kReportLatency or kPlay.
  void Apply(Command* command);

  // Runs the oldest chunk of a stream, if there is one, and hands its result over.
  // A chunk whose time is past when it is begun is dropped, unless `waits`.
  bool RenderFront(Stream* stream, bool waits);

 private:
  struct Player {
    std::shared_ptr<Instrument> instrument;
    int method = 0;
  };

  bool Render(const float* in, float* out, int frames);
  Failure Run(const Player& player, const float* in, float* out, int frames);
  void Report(const std::string& selector, std::vector<Atom> values);
  void Complain(const std::string& text);
  void ComplainNowAndThen(const std::string& text);

  SpscRing<Reply>* replies_;
  Ports ports_;
  int delay_ = 0;
  Player current_;
  Player previous_;          // what current_ takes over from in the next chunk
  // What goes wrong with the sound is said at most so often: it can go wrong a hundred times a second.
  static constexpr std::chrono::seconds kQuiet{10};
  bool has_complained_ = false;
  std::chrono::steady_clock::time_point complained_;
  std::vector<float> previous_out_;
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_RENDERER_H_
