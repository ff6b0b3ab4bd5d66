#include "pd_search.h"

#include <unistd.h>

#include "core/model_file.h"

// Of Pd's g_canvas.h, which is not beside m_pd.h everywhere.
extern "C" int canvas_path_iterate(const t_canvas* canvas, int (*visit)(const char*, void*),
                                   void* data);

namespace vschaos {

namespace {

struct Search {
  std::string name;
  std::string found;
  Failure failure = "no such file beside the patch or in the search path";
};

// Whether to go on: 0 ends Pd's iteration.
int TryPath(const std::string& path, Search* search) {
  Failure failure;
  if (!Exists(path, &failure)) return 1;
  if (failure.empty() && access(path.c_str(), R_OK) != 0) failure = "must not be read by you";
  if (failure.empty()) {
    search->found = path;
    return 0;
  }
  search->failure = failure;
  return 1;
}

int TryFolder(const char* folder, void* data) {
  auto* search = static_cast<Search*>(data);
  return TryPath(std::string(folder) + "/" + search->name, search);
}

}  // namespace

std::string FindModel(const t_canvas* canvas, const std::string& name, Failure* failure) {
  Search search;
  for (const char* ending : {"", ".ts"}) {
    search.name = name + ending;
    if (sys_isabsolutepath(name.c_str())) {
      TryPath(search.name, &search);
    } else {
      canvas_path_iterate(canvas, TryFolder, &search);
    }
    if (!search.found.empty()) break;
  }
  *failure = search.failure;
  return search.found;
}

}  // namespace vschaos
