// Counts what Process asks of the system: with a buffer, it must ask for nothing.

#include <doctest/doctest.h>
#include <dlfcn.h>
#include <pthread.h>

#include <chrono>
#include <cstdlib>
#include <new>
#include <thread>

#include "core/engine.h"
#include "fake_instrument.h"

namespace {

thread_local bool is_counting = false;
thread_local int allocations = 0;
thread_local int locks = 0;

}  // namespace

void* operator new(std::size_t size) {
  allocations += is_counting;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept {
  allocations += is_counting;
  std::free(memory);
}
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete[](void* memory, std::size_t) noexcept { operator delete(memory); }

#if defined(__GLIBC__) && !defined(VSCHAOS_SANITIZED)
#define VSCHAOS_COUNTS_ALL
extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* malloc(std::size_t size) {
  allocations += is_counting;
  return __libc_malloc(size);
}
extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Function = int (*)(pthread_mutex_t*);
  static const auto original =
      reinterpret_cast<Function>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  locks += is_counting;
  return original(mutex);
}
#endif

using namespace vschaos;

TEST_CASE("the counters count") {
  is_counting = true;
  int* volatile number = new int(1);  // volatile: else the compiler sees that nobody needs it
  delete number;
  is_counting = false;
  CHECK(allocations >= 2);
#ifdef VSCHAOS_COUNTS_ALL
  allocations = 0;
  is_counting = true;
  void* volatile memory = std::malloc(1);
  is_counting = false;
  std::free(memory);
  CHECK(allocations == 1);
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  is_counting = true;
  pthread_mutex_lock(&mutex);
  is_counting = false;
  pthread_mutex_unlock(&mutex);
  CHECK(locks == 1);
#endif
}

TEST_CASE("Process neither allocates nor locks, in time, late or off") {
  Crew crew;
  Engine engine(&crew);
  engine.Init({2, 2});
  engine.Configure(64, 1024, 512);
  const auto instrument = std::make_shared<FakeInstrument>(2);
  engine.Send(PlayCommand(instrument));
  std::vector<float> left = Ramp(64), right = Ramp(64);
  float* const samples[] = {left.data(), right.data()};
  const auto run = [&](int blocks) {
    for (int i = 0; i < blocks; ++i) {
      is_counting = true;
      engine.Process(samples, samples, 64);
      is_counting = false;
    }
  };
  allocations = locks = 0;
  for (int i = 0; i < 200; ++i) {
    run(8);
    engine.Send(SetGain(0.5));
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  engine.SetOffline(true);
  engine.Send(SetGain(1.0));  // waits until nothing is left to do
  engine.SetOffline(false);
  instrument->is_gated = true;
  run(8);
  instrument->has_arrived.Wait();
  run(200);
  CHECK(engine.xruns() > 0);
  instrument->is_gated = false;
  instrument->gate.Post();
  run(200);
  engine.SetEnabled(false);
  run(8);
  CHECK(allocations == 0);
  CHECK(locks == 0);
}
