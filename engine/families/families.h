// The families that this engine plays.

#ifndef VSCHAOS_ENGINE_FAMILIES_FAMILIES_H_
#define VSCHAOS_ENGINE_FAMILIES_FAMILIES_H_

#include "play/program.h"

namespace engine {

// What makes programs of a family; throws Refused for one that is not known.
ProgramMaker MakerOf(const std::string& family);

std::unique_ptr<Program> MakeEffect(const ModelFile& file, const std::vector<std::string>& methods,
                                    int voices);
std::unique_ptr<Program> MakeHits(const ModelFile& file, const std::vector<std::string>& methods,
                                  int voices);
std::unique_ptr<Program> MakeOnsets(const ModelFile& file, const std::vector<std::string>& methods,
                                    int voices);
std::unique_ptr<Program> MakeVae(const ModelFile& file, const std::vector<std::string>& methods,
                                 int voices);

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_FAMILIES_H_
