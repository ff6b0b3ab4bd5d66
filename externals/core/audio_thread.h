// What a thread that computes sound asks of the machine.

#ifndef VSCHAOS_CORE_AUDIO_THREAD_H_
#define VSCHAOS_CORE_AUDIO_THREAD_H_

#include <pthread.h>
#include <sched.h>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace vschaos {

// Counts values below the smallest normal number as zero: a decaying sound would else end in
// numbers that take a processor many times longer.
inline void FlushDenormals() {
#if defined(__SSE__)
  _mm_setcsr(_mm_getcsr() | 0x8040);  // flush to zero, denormals are zero
#elif defined(__aarch64__)
  unsigned long control = 0;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  asm volatile("msr fpcr, %0" : : "r"(control | (1ul << 24)));
#endif
}

// A host that runs with real-time priority has handed it down to its threads. The worker stays one
// step below, so that it never keeps the host's own audio waiting.
inline void PrepareAudioThread() {
  FlushDenormals();
  int policy = 0;
  sched_param parameters = {};
  if (pthread_getschedparam(pthread_self(), &policy, &parameters) != 0) return;
  if (policy != SCHED_FIFO && policy != SCHED_RR) return;
  if (parameters.sched_priority > sched_get_priority_min(policy)) --parameters.sched_priority;
  pthread_setschedparam(pthread_self(), policy, &parameters);
}

inline void UseOrdinaryPriority(pthread_t thread) {
  sched_param parameters = {};
  pthread_setschedparam(thread, SCHED_OTHER, &parameters);
}

// Loading is no part of the sound: ordinary priority, whatever the host has.
inline void PrepareLoadingThread() {
  FlushDenormals();
  UseOrdinaryPriority(pthread_self());
}

}  // namespace vschaos

#endif  // VSCHAOS_CORE_AUDIO_THREAD_H_
