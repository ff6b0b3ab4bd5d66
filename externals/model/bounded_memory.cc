#include "model/bounded_memory.h"

#include <c10/core/CPUAllocator.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <new>

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
    void* base = nullptr;
    try {
      base = c10::GetDefaultCPUAllocator()->raw_allocate(kHeaderSize + size);
    } catch (...) {
      held_ -= size;
      throw;
    }
    new (base) Header{this, size};
    void* data = static_cast<char*>(base) + kHeaderSize;
    return {data, data, &Free, c10::Device(c10::kCPU)};
  }

  // What asks for plain memory, as convolutions do, knows of a block only where its data begins.
  c10::DeleterFnPtr raw_deleter() const override { return &Free; }

  void copy_data(void* target, const void* source, std::size_t size) const override {
    default_copy_data(target, source, size);
  }

 private:
  struct Header {
    BoundedAllocator* owner;
    std::size_t size;
  };
  static constexpr std::size_t kHeaderSize = 64;  // as data are aligned
  static_assert(sizeof(Header) <= kHeaderSize);

  static void Free(void* data) {
    if (data == nullptr) return;
    void* base = static_cast<char*>(data) - kHeaderSize;
    const auto* header = static_cast<const Header*>(base);
    header->owner->held_ -= header->size;
    c10::GetDefaultCPUAllocator()->raw_deallocate(base);
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
