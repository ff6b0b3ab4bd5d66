#include "vschaos_engine.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "base/processor.h"
#include "base/refused.h"
#include "play/player.h"

struct vschaos_engine : engine::Player {
  using engine::Player::Player;
};

namespace {

// In one line, and whole characters.
void Say(const std::string& text, char* why, int size) {
  if (!why || size < 1) return;
  std::size_t end = std::min(text.size(), static_cast<std::size_t>(size) - 1);
  while (end < text.size() && end > 0 && (text[end] & 0xc0) == 0x80) --end;
  for (std::size_t i = 0; i < end; ++i) {
    const char c = text[i];
    why[i] = (c >= 0 && c < ' ') || c == 0x7f ? '?' : c;
  }
  why[end] = '\0';
}

// An instrument of the file that `read` returns, or nothing, and why.
template <typename Reader>
vschaos_engine* Open(const Reader& read, int voices, char* why, int why_size) {
  try {
    if (const char* missing = engine::MissingOfProcessor()) throw engine::Refused(missing);
    return new vschaos_engine(read(), voices);
  } catch (const std::bad_alloc&) {
    Say("needs more memory than there is", why, why_size);
  } catch (const std::exception& error) {
    Say(error.what(), why, why_size);
  }
  return nullptr;
}

}  // namespace

vschaos_engine* vschaos_engine_open(const char* path, int voices, char* why, int why_size) {
  return Open([&] { return engine::ModelFile::Read(path); }, voices, why, why_size);
}

vschaos_engine* vschaos_engine_open_bytes(const void* bytes, int size, int voices, char* why,
                                          int why_size) {
  const auto* const first = static_cast<const std::uint8_t*>(bytes);
  const auto read = [&] {
    return engine::ModelFile(std::vector<std::uint8_t>(first, first + std::max(size, 0)));
  };
  return Open(read, voices, why, why_size);
}

void vschaos_engine_close(vschaos_engine* instrument) { delete instrument; }

int vschaos_engine_get_method(const vschaos_engine* instrument, int index,
                              vschaos_engine_method* method) {
  if (index < 0 || index >= static_cast<int>(instrument->methods().size())) return 0;
  const engine::PlayedMethod& found = instrument->methods()[index];
  *method = {found.name.c_str(), found.in_channels, found.in_ratio, found.out_channels,
             found.out_ratio};
  return 1;
}

const char* vschaos_engine_label(const vschaos_engine* instrument, int method, int is_outlet,
                                 int channel) {
  if (method < 0 || method >= static_cast<int>(instrument->methods().size())) return nullptr;
  const engine::PlayedMethod& found = instrument->methods()[method];
  const auto& labels = is_outlet ? found.output_labels : found.input_labels;
  if (channel < 0 || channel >= static_cast<int>(labels.size())) return nullptr;
  return labels[channel].c_str();
}

int vschaos_engine_sample_rate_hz(const vschaos_engine* instrument) {
  return instrument->sample_rate_hz();
}

int vschaos_engine_block_samples(const vschaos_engine* instrument) {
  return instrument->block_samples();
}

int vschaos_engine_process(vschaos_engine* instrument, int method, int voice,
                           const float* const* in, float* const* out, int samples) {
  return instrument->Process(method, voice, in, out, samples);
}

const char* vschaos_engine_control(const vschaos_engine* instrument, int index) {
  if (index < 0 || index >= static_cast<int>(instrument->controls().size())) return nullptr;
  return instrument->controls()[index].name.c_str();
}

int vschaos_engine_set_number(vschaos_engine* instrument, const char* control, double number) {
  return instrument->Set(control, number);
}

int vschaos_engine_set_word(vschaos_engine* instrument, const char* control, const char* word) {
  return instrument->Set(control, std::string_view(word));
}

const char* vschaos_engine_get(const vschaos_engine* instrument, const char* control,
                               double* numbers, int most, int* count) {
  *count = 0;
  const engine::Control* const found = instrument->Find(control);
  if (!found) return nullptr;
  if (found->is_word()) return found->word().c_str();
  std::vector<double> values = {found->value};
  if (found->kind == engine::Control::Kind::kReading) values = instrument->Reading(*found);
  *count = std::min(most, static_cast<int>(values.size()));
  std::copy_n(values.begin(), *count, numbers);
  return nullptr;
}

void vschaos_engine_reset(vschaos_engine* instrument) { instrument->Reset(); }

int vschaos_engine_delay_samples(const vschaos_engine* instrument, int method) {
  if (method < 0 || method >= static_cast<int>(instrument->methods().size())) return 0;
  return instrument->DelaySamples(method);
}
