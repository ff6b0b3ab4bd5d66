// Plays a file of floats through an instrument, where no Python is: on other processors.
//
//   engine_play FILE.ts METHOD BLOCK IN OUT [CONTROL=VALUE ...]
//
// IN and OUT hold one channel behind the other. A VALUE that is no number is a word.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "vschaos_engine.h"

namespace {

int Fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

std::vector<float> Read(const char* path) {
  std::vector<float> floats;
  std::FILE* const file = std::fopen(path, "rb");
  if (!file) return floats;
  float value;
  while (std::fread(&value, sizeof value, 1, file) == 1) floats.push_back(value);
  std::fclose(file);
  return floats;
}

bool Set(vschaos_engine* instrument, const std::string& name, const char* value) {
  char* end = nullptr;
  const double number = std::strtod(value, &end);
  return *end ? vschaos_engine_set_word(instrument, name.c_str(), value)
              : vschaos_engine_set_number(instrument, name.c_str(), number);
}

}  // namespace

int main(int count, char** words) {
  if (count < 6) return Fail("engine_play FILE.ts METHOD BLOCK IN OUT [CONTROL=VALUE ...]");
  char why[512];
  vschaos_engine* const instrument = vschaos_engine_open(words[1], 1, why, sizeof why);
  if (!instrument) return Fail(why);
  for (int i = 6; i < count; ++i) {
    const char* const equals = std::strchr(words[i], '=');
    const std::string name(words[i], equals ? static_cast<std::size_t>(equals - words[i]) : 0);
    if (!equals || !Set(instrument, name, equals + 1)) {
      return Fail(std::string(words[i]) + ": is not taken");
    }
  }
  vschaos_engine_reset(instrument);
  vschaos_engine_method method;
  int index = 0;
  while (vschaos_engine_get_method(instrument, index, &method)) {
    if (std::strcmp(method.name, words[2]) == 0) break;
    ++index;
  }
  if (!vschaos_engine_get_method(instrument, index, &method)) return Fail("no such method");
  const std::vector<float> given = Read(words[4]);
  const std::size_t values = given.size() / method.in_channels;
  const std::size_t samples = values * method.in_ratio, made = samples / method.out_ratio;
  const std::size_t block = std::strtoul(words[3], nullptr, 10);
  std::vector<float> out(made * method.out_channels);
  std::vector<const float*> inlets(method.in_channels);
  std::vector<float*> outlets(method.out_channels);
  for (std::size_t at = 0; at + block <= samples; at += block) {
    for (int c = 0; c < method.in_channels; ++c) {
      inlets[c] = given.data() + c * values + at / method.in_ratio;
    }
    for (int c = 0; c < method.out_channels; ++c) {
      outlets[c] = out.data() + c * made + at / method.out_ratio;
    }
    if (!vschaos_engine_process(instrument, index, 0, inlets.data(), outlets.data(),
                                static_cast<int>(block))) {
      return Fail("no whole block");
    }
  }
  std::FILE* const file = std::fopen(words[5], "wb");
  if (!file || std::fwrite(out.data(), sizeof(float), out.size(), file) != out.size()) {
    return Fail("cannot write");
  }
  std::fclose(file);
  vschaos_engine_close(instrument);
  return 0;
}
