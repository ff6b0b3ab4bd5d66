#include "base/processor.h"

namespace engine {

const char* MissingOfProcessor() {
#if defined(VSCHAOS_ENGINE_NEEDS_AVX2) && (defined(__x86_64__) || defined(__i386__))
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    return "is for a processor with AVX2, which this one has not: build the engine with "
           "-DVSCHAOS_ENGINE_PROCESSOR=x86-64";
  }
#endif
  return nullptr;
}

}  // namespace engine
