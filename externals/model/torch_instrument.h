// A TorchScript file as an instrument: the contract of nn~, seen from the host's side.
//
// A file names its methods in get_methods() and its attributes in get_attributes(). A method m has
// a tensor m_params = [in_channels, in_ratio, out_channels, out_ratio], takes float32
// [V, in_channels, N / in_ratio] and returns [V, out_channels, N / out_ratio], V the voices. An
// attribute a has get_a() -> list, set_a(...) -> 0, and a_params with a type code per value.

#ifndef VSCHAOS_MODEL_TORCH_INSTRUMENT_H_
#define VSCHAOS_MODEL_TORCH_INSTRUMENT_H_

#include <memory>
#include <string>

#include "core/host.h"
#include "core/loader.h"

namespace vschaos {

// Settings of libtorch that hold for the whole process. To be called once.
void PrepareTorch();

// Loads a file and tries out every method, on a copy whose state is thrown away, until TorchScript
// has compiled it: what is returned is as it was saved, and never compiles while it plays.
Loaded LoadTorchInstrument(const LoadJob& job);

// The ports of a method, read from the file's attributes alone. Reads no weights and no code.
bool PeekTorchPorts(const std::string& path, const std::string& method, Ports* ports);

}  // namespace vschaos

#endif  // VSCHAOS_MODEL_TORCH_INSTRUMENT_H_
