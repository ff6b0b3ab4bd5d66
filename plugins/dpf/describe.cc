// Writes the Turtle files of an LV2 plug-in, of any folder, into the folder that it is called in.

#include <dlfcn.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s PLUGIN.so   (within its folder: writes manifest.ttl and PLUGIN.ttl there)\n", words[0]);
    return 2;
  }
  // A name without a folder is looked for among the system's libraries: here it is a file.
  char* const whole = realpath(words[1], nullptr);
  if (!whole) {
    std::fprintf(stderr, "%s: cannot be read: %s\n", words[1], std::strerror(errno));
    return 2;
  }
  void* const library = dlopen(whole, RTLD_NOW | RTLD_LOCAL);
  using Generate = void (*)(const char*);
  const auto generate = library ? reinterpret_cast<Generate>(dlsym(library, "lv2_generate_ttl")) : nullptr;
  if (!generate) {
    std::fprintf(stderr, "%s is no LV2 plug-in of this project: %s\n", words[1],
                 library ? "it describes nothing" : dlerror());
    return 2;
  }
  std::string name = whole;
  std::free(whole);
  name = name.substr(name.rfind('/') + 1);
  generate(name.substr(0, name.rfind('.')).c_str());
  return 0;
}
