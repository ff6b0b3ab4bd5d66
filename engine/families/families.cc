#include "families/families.h"

#include "base/refused.h"

namespace engine {

ProgramMaker MakerOf(const std::string& family) {
  if (family == "effect") return MakeEffect;
#ifndef __wasm__  // no page is made of these, and so the module of pages is smaller
  if (family == "foley") return MakeHits;
  if (family == "onsets") return MakeOnsets;
#endif
  if (family == "vae") return MakeVae;
  throw Refused("is of the family " + family +
                ", which the small engine does not know: play it with the vschaos~ that has "
                "libtorch");
}

}  // namespace engine
