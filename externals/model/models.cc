// Which player a file is given to.

#include "model/models.h"

#include "core/model_file.h"

#ifdef VSCHAOS_LIBTORCH

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace vschaos {

namespace {

// VSCHAOS_PLAYER=libtorch leaves the engine out, to compare the two.
bool g_has_engine = true;

}  // namespace

void PrepareModels() {
  if (const char* const player = std::getenv("VSCHAOS_PLAYER")) {
    g_has_engine = std::strcmp(player, "libtorch") != 0;
    if (g_has_engine && *player && std::strcmp(player, "engine") != 0) {
      std::fprintf(stderr, "vschaos~: VSCHAOS_PLAYER is %.80s: it may be libtorch, or engine, which is what is usual\n",
                   player);
    }
  }
  PrepareTorch();
}

// What the engine refuses, for whatever reason, libtorch may play.
Loaded LoadInstrument(const LoadJob& job) {
  Loaded loaded;
  loaded.failure = CheckModelFile(job.path, job.is_cancelled);
  if (!loaded.failure.empty() || job.is_cancelled) return loaded;
  if (g_has_engine) loaded = LoadByEngine(job);
  return loaded.instrument || job.is_cancelled ? loaded : LoadByTorch(job);
}

bool PeekPorts(const std::string& path, const std::string& method, Ports* ports) {
  return (g_has_engine && PeekByEngine(path, method, ports)) || PeekByTorch(path, method, ports);
}

}  // namespace vschaos

#else

namespace vschaos {

void PrepareModels() {}

Loaded LoadInstrument(const LoadJob& job) {
  Loaded loaded;
  loaded.failure = CheckModelFile(job.path, job.is_cancelled);
  return loaded.failure.empty() && !job.is_cancelled ? LoadByEngine(job) : loaded;
}

bool PeekPorts(const std::string& path, const std::string& method, Ports* ports) {
  return PeekByEngine(path, method, ports);
}

}  // namespace vschaos

#endif
