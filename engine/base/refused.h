// Why a file is not played, in one line. Thrown while loading only.

#ifndef VSCHAOS_ENGINE_BASE_REFUSED_H_
#define VSCHAOS_ENGINE_BASE_REFUSED_H_

#include <stdexcept>

// Before what runs once, while a file is opened: it need only be small.
#define ENGINE_ONCE __attribute__((cold))

namespace engine {

class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The same from a text that is written out, which costs little wherever it is said.
[[noreturn]] ENGINE_ONCE __attribute__((noinline)) inline void Refuse(const char* why) {
  throw Refused(why);
}

}  // namespace engine

#endif  // VSCHAOS_ENGINE_BASE_REFUSED_H_
