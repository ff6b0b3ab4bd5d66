// A limit to the memory of all models together, so that one of them cannot take Pd down with it.

#ifndef VSCHAOS_MODEL_BOUNDED_MEMORY_H_
#define VSCHAOS_MODEL_BOUNDED_MEMORY_H_

namespace vschaos {

// Tensors get at most half of the machine's memory; asking for more throws in the model. To be
// called once, before there is any tensor. Lists of plain numbers are not counted.
void BoundMemory();

}  // namespace vschaos

#endif  // VSCHAOS_MODEL_BOUNDED_MEMORY_H_
