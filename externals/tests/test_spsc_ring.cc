#include <doctest/doctest.h>

#include <thread>

#include "core/spsc_ring.h"

using vschaos::SpscRing;

TEST_CASE("a ring is full after as many writes as it has slots, and empty after as many reads") {
  SpscRing<int> ring(3);
  CHECK(ring.Front() == nullptr);
  for (int i = 0; i < 3; ++i) {
    *ring.BeginWrite() = i;
    ring.EndWrite();
  }
  CHECK(ring.BeginWrite() == nullptr);
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(ring.empty());
    CHECK(*ring.Front() == i);
    ring.Pop();
  }
  CHECK(ring.Front() == nullptr);
  CHECK(ring.empty());
}

TEST_CASE("what one thread writes another reads, whole and in order") {
  struct Pair {
    int first = 0;
    int second = 0;
  };
  SpscRing<Pair> ring(5);
  constexpr int kCount = 20000;
  std::thread writer([&] {
    for (int i = 0; i < kCount;) {
      Pair* slot = ring.BeginWrite();
      if (!slot) {
        std::this_thread::yield();
        continue;
      }
      slot->first = i;
      slot->second = -i;
      ring.EndWrite();
      ++i;
    }
  });
  int wrong = 0;
  for (int i = 0; i < kCount;) {
    const Pair* slot = ring.Front();
    if (!slot) {
      std::this_thread::yield();
      continue;
    }
    wrong += slot->first != i || slot->second != -i;
    ring.Pop();
    ++i;
  }
  writer.join();
  CHECK(wrong == 0);
}
