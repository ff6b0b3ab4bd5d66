// A ring of slots between one writing and one reading thread, without locks.
//
// All slots are made by the constructor and used again and again: writing fills one in place,
// reading looks at one in place, and nothing is allocated or copied in between.

#ifndef VSCHAOS_CORE_SPSC_RING_H_
#define VSCHAOS_CORE_SPSC_RING_H_

#include <atomic>
#include <cstddef>
#include <vector>

namespace vschaos {

template <typename Slot>
class SpscRing {
 public:
  explicit SpscRing(std::size_t count) : slots_(count) {}

  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Every slot, to be prepared before either thread uses the ring.
  std::vector<Slot>& slots() { return slots_; }

  // Writer: the next free slot, or nullptr while the ring is full.
  Slot* BeginWrite() {
    const std::size_t written = written_.load(std::memory_order_relaxed);
    const std::size_t read = read_.load(std::memory_order_acquire);
    return written - read == slots_.size() ? nullptr : &slots_[written % slots_.size()];
  }

  // Writer: hands the slot of BeginWrite over, with all that was written before.
  void EndWrite() {
    written_.store(written_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // Reader: the oldest filled slot, or nullptr while the ring is empty.
  Slot* Front() {
    const std::size_t read = read_.load(std::memory_order_relaxed);
    const std::size_t written = written_.load(std::memory_order_acquire);
    return written == read ? nullptr : &slots_[read % slots_.size()];
  }

  // Reader: gives the slot of Front back.
  void Pop() { read_.store(read_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  // Writer: whether the reader has given back all that was handed over.
  bool empty() const {
    return written_.load(std::memory_order_relaxed) == read_.load(std::memory_order_acquire);
  }

 private:
  std::vector<Slot> slots_;
  // Counts since the beginning, each on its own cache line: only one thread writes each.
  alignas(64) std::atomic<std::size_t> written_{0};
  alignas(64) std::atomic<std::size_t> read_{0};
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_SPSC_RING_H_
