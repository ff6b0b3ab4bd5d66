// Which voice plays which note, and how loud each is at which sample.

#ifndef VSCHAOS_PLUGINS_CORE_VOICES_H_
#define VSCHAOS_PLUGINS_CORE_VOICES_H_

#include <cstdint>
#include <vector>

namespace vschaos {

// What a note means is known at once; its level follows `late` samples later, when the sound that
// the model makes of it arrives. Without notes a drone holds the last one, or sounds by itself.
class Voices {
 public:
  static constexpr int kMost = 16;
  static constexpr int kNoNote = -1;

  struct Voice {
    int note = kNoNote;      // what it plays, and goes on to play when it is let go
    bool is_held = false;    // by a key or the pedal
    bool is_down = false;    // by a key
    float target = 0.0f, level = 0.0f;
    std::int64_t since = 0;  // when it began, or was let go
    int waiting = 0;         // changes of its level to come
  };

  void Begin(int late, float rate_hz);
  void Reset();

  void SetCount(int count);
  void SetTimes(float attack_ms, float release_ms);
  void SetDrone(bool is_on);

  void Play(int note, float level);
  void LetGo(int note);
  void Pedal(bool is_down);
  void LetAllGo();

  const Voice& voice(int index) const { return voices_[index]; }
  int count() const { return count_; }
  // Whether anything of a voice is heard, or will be.
  bool IsActive(int index) const {
    const Voice& voice = voices_[index];
    return voice.level > 0.0f || voice.target > 0.0f || voice.waiting > 0;
  }

  // Levels of the next samples of a voice: `levels` is multiplied onto a sound by the caller. To be
  // asked for every voice, then Pass once for the same samples.
  void Levels(int index, float* levels, int samples);
  void Pass(int samples);

 private:
  struct Change {
    std::int64_t time;
    int voice;
    float target;
  };
  static constexpr int kMostChanges = 1024;

  int Free() const;
  void Later(int voice, float target);
  void End(int voice);
  void Drone();

  Voice voices_[kMost];
  Change changes_[kMostChanges];
  int first_ = 0, changing_ = 0;  // a ring, in order of time
  std::int64_t now_ = 0, orders_ = 0;
  int count_ = 4, late_ = 0;
  float rate_hz_ = 44100.0f, attack_ms_ = 10.0f, release_ms_ = 250.0f, rising_ = 1.0f, falling_ = 1.0f;
  bool is_pedal_down_ = false, drones_ = false;
};

}  // namespace vschaos

#endif  // VSCHAOS_PLUGINS_CORE_VOICES_H_
