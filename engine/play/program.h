// What a family plays: written by hand, one program a family.

#ifndef VSCHAOS_ENGINE_PLAY_PROGRAM_H_
#define VSCHAOS_ENGINE_PLAY_PROGRAM_H_

#include <memory>
#include <string>
#include <vector>

#include "file/model_file.h"
#include "play/controls.h"

namespace engine {

// Several voices of one instrument, each with a state of its own. Made once; nothing below
// allocates, waits or throws, but Process for its longest block so far.
class Program {
 public:
  virtual ~Program() = default;

  // Plays a block with one voice. Channel c of `in` holds samples / in_ratio values, of `out`
  // samples / out_ratio; `samples` is a multiple of the file's block_samples, 1 block or more.
  virtual void Process(int method, int voice, const float* const* in, float* const* out,
                       int samples) = 0;

  // A control has another value, or an event happens.
  virtual void Changed(const Control& control) = 0;
  // The same before the first sound, as the file says. Throws Refused for a control, or a choice
  // of one, that it does not know.
  virtual void Begin(const Control& control) = 0;

  // Whether a control that is set to what it shows does something all the same.
  virtual bool IsHeard(const Control&) const { return false; }
  // Renews what controls show, once an event has happened.
  virtual void Show(const Control& /*event*/, std::vector<Control>*) const {}

  // Forgets all that was heard, in every voice; settings stay.
  virtual void Reset() = 0;

  // Samples that a method is late by itself.
  virtual int DelaySamples(int method) const = 0;

  // The values of a control that can only be read.
  virtual std::vector<double> Reading(const std::string& control) const = 0;
};

using ProgramMaker = std::unique_ptr<Program> (*)(const ModelFile& file,
                                                  const std::vector<std::string>& methods,
                                                  int voices);

}  // namespace engine

#endif  // VSCHAOS_ENGINE_PLAY_PROGRAM_H_
