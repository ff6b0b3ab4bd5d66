#include <doctest/doctest.h>

#include "core/stream.h"

using vschaos::Geometry;
using vschaos::Plan;

TEST_CASE("without a thread the delay is a chunk less a block") {
  for (int block : {16, 64, 256, 1024}) {
    for (int hop : {1, 64, 512, 2048}) {
      const Geometry plan = Plan(block, 0, hop);
      CHECK_FALSE(plan.threaded);
      CHECK(plan.chunk == std::max(block, hop));  // both are powers of two
      CHECK(plan.delay == plan.chunk - block);
    }
  }
}

TEST_CASE("with the thread the delay is the buffer, if it holds two chunks") {
  for (int buffer : {1024, 1536, 2048, 4096, 8192}) {
    const Geometry plan = Plan(64, buffer, 512);
    CHECK(plan.buffer == buffer);
    CHECK(plan.delay == buffer);
  }
  CHECK(Plan(64, 512, 512).delay == 2 * 512 - 64);
  CHECK(Plan(64, 64, 1).delay == 64);
}

TEST_CASE("a buffer is rounded up to whole hops and blocks") {
  CHECK(Plan(64, 3000, 512).buffer == 3072);
  CHECK(Plan(64, 1, 512).buffer == 512);
  CHECK(Plan(64, 100, 1).buffer == 128);
  CHECK(Plan(64, 100, 48).buffer == 192);  // of 48 and 64
}

TEST_CASE("the worker has at least a chunk's duration for a chunk, and chunks hold whole grains") {
  for (int block : {1, 64, 512, 4096}) {
    for (int hop : {1, 48, 512, 2048}) {
      for (int buffer = 1; buffer < 20000; buffer += 77) {
        const Geometry plan = Plan(block, buffer, hop);
        CHECK(plan.delay - plan.chunk + block >= plan.chunk);
        CHECK(plan.chunk % hop == 0);
        CHECK(plan.chunk % block == 0);
        CHECK(plan.delay % block == 0);
      }
    }
  }
}
