// Finds a model where Pd would find it.

#ifndef VSCHAOS_PD_SEARCH_H_
#define VSCHAOS_PD_SEARCH_H_

#include <m_pd.h>

#include <string>

#include "core/instrument.h"

namespace vschaos {

// The full path of a file, with or without ".ts" and beside the patch or in Pd's path; empty: there
// is none, and why. Opens nothing, as Pd's own search would: a FIFO freezes it.
std::string FindModel(const t_canvas* canvas, const std::string& name, Failure* failure);

}  // namespace vschaos

#endif  // VSCHAOS_PD_SEARCH_H_
