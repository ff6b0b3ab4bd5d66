// DistrhoPluginMain.cpp for CLAP, with what CMakeLists.txt corrects in it.

#include "src/DistrhoPlugin.cpp"
#include "corrected_clap.cpp"
#define DISTRHO_IS_STANDALONE 0
#include "src/DistrhoUtils.cpp"
