/* Plays instruments exported by script.py: the small engine's interface, for any language.
 *
 * An instrument is used by one thread at a time. vschaos_engine_open may take a second and
 * allocates; nothing else waits, throws or allocates, but what says so. Texts are UTF-8. */

#ifndef VSCHAOS_ENGINE_H_
#define VSCHAOS_ENGINE_H_

#ifdef __cplusplus
extern "C" {
#endif

#define VSCHAOS_ENGINE_API __attribute__((visibility("default")))

typedef struct vschaos_engine vschaos_engine;

/* One way to play an instrument. Texts live as long as it does. */
typedef struct {
  const char* name;
  int in_channels, in_ratio;   /* samples per value of a channel */
  int out_channels, out_ratio;
} vschaos_engine_method;

/* Opens NAME.ts for so many voices, 1 to 64. NULL: `why` holds the reason in one line. */
VSCHAOS_ENGINE_API vschaos_engine* vschaos_engine_open(const char* path, int voices, char* why,
                                                       int why_size);
/* The same from a file that was read already; its bytes are copied. */
VSCHAOS_ENGINE_API vschaos_engine* vschaos_engine_open_bytes(const void* bytes, int size,
                                                             int voices, char* why, int why_size);
VSCHAOS_ENGINE_API void vschaos_engine_close(vschaos_engine* instrument);

/* The method of an index from 0 on; 0: there is none, 1: it is in `method`. */
VSCHAOS_ENGINE_API int vschaos_engine_get_method(const vschaos_engine* instrument, int index,
                                                 vschaos_engine_method* method);
/* The label of a channel of a method, of its inlets or its outlets; NULL: there is none. */
VSCHAOS_ENGINE_API const char* vschaos_engine_label(const vschaos_engine* instrument, int method,
                                                    int is_outlet, int channel);
VSCHAOS_ENGINE_API int vschaos_engine_sample_rate_hz(const vschaos_engine* instrument);
/* Every block is a multiple of it, in samples. */
VSCHAOS_ENGINE_API int vschaos_engine_block_samples(const vschaos_engine* instrument);

/* Plays a block with one voice. Channel c of `in` has samples / in_ratio values, of `out`
 * samples / out_ratio. 1: done; 0: no such method or voice, or no whole block. */
VSCHAOS_ENGINE_API int vschaos_engine_process(vschaos_engine* instrument, int method, int voice,
                                              const float* const* in, float* const* out,
                                              int samples);

/* The name of a control of an index from 0 on; NULL: there is none. */
VSCHAOS_ENGINE_API const char* vschaos_engine_control(const vschaos_engine* instrument, int index);
/* Sets a control to a number, or to a word. 1: taken; 0: no such control, or not this value. */
VSCHAOS_ENGINE_API int vschaos_engine_set_number(vschaos_engine* instrument, const char* control,
                                                 double number);
VSCHAOS_ENGINE_API int vschaos_engine_set_word(vschaos_engine* instrument, const char* control,
                                               const char* word);
/* The word that is chosen, or NULL: then `numbers` has its values, as many as are returned in
 * `count`, at most `most`; 0: there is no such control. Allocates. */
VSCHAOS_ENGINE_API const char* vschaos_engine_get(const vschaos_engine* instrument,
                                                  const char* control, double* numbers, int most,
                                                  int* count);

/* Forgets all that was heard; settings stay. */
VSCHAOS_ENGINE_API void vschaos_engine_reset(vschaos_engine* instrument);
/* Samples that a method is late by itself. */
VSCHAOS_ENGINE_API int vschaos_engine_delay_samples(const vschaos_engine* instrument, int method);

#ifdef __cplusplus
}
#endif

#endif /* VSCHAOS_ENGINE_H_ */
