// What the DISTRHO plug-in framework asks of a plug-in before it is compiled.

#ifndef VSCHAOS_PLUGINS_DPF_DISTRHO_PLUGIN_INFO_H_
#define VSCHAOS_PLUGINS_DPF_DISTRHO_PLUGIN_INFO_H_

// Who puts a model into a plug-in puts another word of as many letters in the place of this one,
// wherever it stands in the compiled file: each model's plug-in is another to a host.
#define VSCHAOS_ID "anymodelanymodelanymodelanymodel"

#define DISTRHO_PLUGIN_BRAND "vschaos2"
#define DISTRHO_PLUGIN_HAS_UI 0
#define DISTRHO_PLUGIN_IS_RT_SAFE 1
#define DISTRHO_PLUGIN_NUM_OUTPUTS 2
#define DISTRHO_PLUGIN_WANT_LATENCY 1
#define DISTRHO_PLUGIN_WANT_STATE 1
#define DISTRHO_PLUGIN_CLAP_ID "org.vschaos2." VSCHAOS_ID

#ifdef VSCHAOS_INSTRUMENT
#define DISTRHO_PLUGIN_NAME "vschaos instrument"
#define DISTRHO_PLUGIN_URI "urn:vschaos2:instrument:" VSCHAOS_ID
#define DISTRHO_PLUGIN_NUM_INPUTS 0
#define DISTRHO_PLUGIN_IS_SYNTH 1
#define DISTRHO_PLUGIN_WANT_MIDI_INPUT 1
#define DISTRHO_PLUGIN_LV2_CATEGORY "lv2:InstrumentPlugin"
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Instrument|Synth|Stereo"
#define DISTRHO_PLUGIN_CLAP_FEATURES "instrument", "synthesizer", "stereo"
#else
#define DISTRHO_PLUGIN_NAME "vschaos effect"
#define DISTRHO_PLUGIN_URI "urn:vschaos2:effect:" VSCHAOS_ID
#define DISTRHO_PLUGIN_NUM_INPUTS 2
#define DISTRHO_PLUGIN_LV2_CATEGORY "lv2:SpectralPlugin"
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Fx|Stereo"
#define DISTRHO_PLUGIN_CLAP_FEATURES "audio-effect", "stereo"
#endif

#endif  // VSCHAOS_PLUGINS_DPF_DISTRHO_PLUGIN_INFO_H_
