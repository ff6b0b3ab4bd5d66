// Counts what playing asks of the system: allocations FILE.ts prints a line for each way to play
// that asked for memory, and returns how many there were.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "vschaos_engine.h"

namespace {

bool is_counting = false;
int allocations = 0;

}  // namespace

extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* __libc_memalign(std::size_t alignment, std::size_t size);
extern "C" void* malloc(std::size_t size) {
  allocations += is_counting;
  return __libc_malloc(size);
}
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
  allocations += is_counting;
  return __libc_memalign(alignment, size);
}

namespace {

template <typename Function>
int Count(Function function) {
  allocations = 0;
  is_counting = true;
  function();
  is_counting = false;
  return allocations;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 100;
  void* volatile memory = nullptr;
  if (Count([&] { memory = std::malloc(1); }) != 1) return 101;
  std::free(memory);
  char why[256];
  vschaos_engine* const instrument = vschaos_engine_open(arguments[1], 2, why, sizeof why);
  if (!instrument) return std::printf("%s\n", why), 102;
  const int least = vschaos_engine_block_samples(instrument);
  const int block = least < 64 ? 65 * least : least;
  int asked = 0;
  vschaos_engine_method method;
  for (int i = 0; vschaos_engine_get_method(instrument, i, &method); ++i) {
    for (const char* mode : {"default", "eco", "random", "live", "balanced", "hq"}) {
      for (const int blocks : {1, 3, 4, 40, 1}) {
        const int samples = blocks * block;
        std::vector<float> in(std::size_t(method.in_channels) * samples, 0.1f);
        std::vector<float> out(std::size_t(method.out_channels) * samples);
        std::vector<const float*> from;
        std::vector<float*> to;
        for (int c = 0; c < method.in_channels; ++c) from.push_back(in.data() + c * samples);
        for (int c = 0; c < method.out_channels; ++c) to.push_back(out.data() + c * samples);
        const int found = Count([&] {
          vschaos_engine_set_word(instrument, "inversion", mode);
          const char* control;
          for (int c = 0; (control = vschaos_engine_control(instrument, c)); ++c) {
            vschaos_engine_set_number(instrument, control, blocks % 2);
          }
          for (int voice : {0, 1}) {
            vschaos_engine_process(instrument, i, voice, from.data(), to.data(), samples);
          }
          vschaos_engine_reset(instrument);
        });
        if (found == 0) continue;
        ++asked;
        std::printf("%s %s %d blocks: %d allocations\n", method.name, mode, blocks, found);
      }
    }
  }
  vschaos_engine_close(instrument);
  return asked;
}
