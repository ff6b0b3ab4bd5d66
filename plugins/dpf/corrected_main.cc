// DistrhoPluginMain.cpp with what CMakeLists.txt corrects in the framework.

#ifdef DISTRHO_PLUGIN_TARGET_VST3
#include "corrected/DistrhoPluginVST.hpp"
#endif
#include "src/DistrhoPlugin.cpp"

#ifdef DISTRHO_PLUGIN_TARGET_CLAP
#include "corrected/DistrhoPluginCLAP.cpp"
#else
#include "corrected/DistrhoPluginVST3.cpp"
#endif

#define DISTRHO_IS_STANDALONE 0
#include "src/DistrhoUtils.cpp"
