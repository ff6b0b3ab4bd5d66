// Writes the Turtle files of an LV2 plug-in beside it: describe FOLDER/NAME.so, from within FOLDER.

#include <dlfcn.h>

#include <cstdio>
#include <string>

int main(int count, char** words) {
  void* const library = count == 2 ? dlopen(words[1], RTLD_NOW | RTLD_LOCAL) : nullptr;
  using Generate = void (*)(const char*);
  const auto generate = library ? reinterpret_cast<Generate>(dlsym(library, "lv2_generate_ttl")) : nullptr;
  if (!generate) {
    std::fprintf(stderr, "%s is no LV2 plug-in of this project: %s\n", count > 1 ? words[1] : "nothing",
                 library ? "it describes nothing" : dlerror());
    return 2;
  }
  std::string name = words[1];
  name = name.substr(name.rfind('/') + 1);
  generate(name.substr(0, name.rfind('.')).c_str());
  return 0;
}
