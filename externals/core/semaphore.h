// Wakes a thread from another that must never wait: posting takes no lock.

#ifndef VSCHAOS_CORE_SEMAPHORE_H_
#define VSCHAOS_CORE_SEMAPHORE_H_

#ifdef __APPLE__
#include <dispatch/dispatch.h>
#else
#include <cerrno>
#include <semaphore.h>
#endif

namespace vschaos {

class Semaphore {
 public:
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

#ifdef __APPLE__
  Semaphore() : semaphore_(dispatch_semaphore_create(0)) {}
  ~Semaphore() { dispatch_release(semaphore_); }
  void Post() { dispatch_semaphore_signal(semaphore_); }
  void Wait() { dispatch_semaphore_wait(semaphore_, DISPATCH_TIME_FOREVER); }

 private:
  dispatch_semaphore_t semaphore_;
#else
  Semaphore() { sem_init(&semaphore_, 0, 0); }
  ~Semaphore() { sem_destroy(&semaphore_); }
  void Post() { sem_post(&semaphore_); }
  void Wait() {
    while (sem_wait(&semaphore_) != 0 && errno == EINTR) {
    }
  }

 private:
  sem_t semaphore_;
#endif
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_SEMAPHORE_H_
