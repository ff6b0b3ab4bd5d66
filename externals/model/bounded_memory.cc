#include "model/bounded_memory.h"

#include <c10/core/CPUAllocator.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <utility>

namespace vschaos {

namespace {

class BoundedAllocator final : public c10::Allocator {
 public:
  explicit BoundedAllocator(std::size_t limit) : limit_(limit) {}

  c10::DataPtr allocate(std::size_t size) override {
    if (size > limit_ || held_.fetch_add(size) + size > limit_) {
      if (size <= limit_) held_ -= size;
      TORCH_CHECK(false, "can't allocate memory: models would hold more than ", limit_ >> 20,
                  " MB, half of what this machine has");
    }
    auto* block = new Block{this, size, {}};
    try {
      block->data = c10::GetDefaultCPUAllocator()->allocate(size);
    } catch (...) {
      Free(block);
      throw;
    }
    return {block->data.get(), block, &Free, c10::Device(c10::kCPU)};
  }

  void copy_data(void* target, const void* source, std::size_t size) const override {
    default_copy_data(target, source, size);
  }

 private:
  struct Block {
    BoundedAllocator* owner;
    std::size_t size;
    c10::DataPtr data;
  };

  static void Free(void* context) {
    auto* block = static_cast<Block*>(context);
    block->owner->held_ -= block->size;
    delete block;
  }

  const std::size_t limit_;
  std::atomic<std::size_t> held_{0};
};

}  // namespace

void BoundMemory() {
  const auto pages = std::size_t(sysconf(_SC_PHYS_PAGES));
  const auto page_size = std::size_t(sysconf(_SC_PAGESIZE));
  // Tensors may outlive everything else, so it is never freed.
  c10::SetCPUAllocator(new BoundedAllocator(pages * page_size / 2), 1);
}

}  // namespace vschaos
