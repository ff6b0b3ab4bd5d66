// vschaos~ for PureData: the host of host.h as an object with inlets and outlets.

#include <m_pd.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#ifdef __APPLE__
#include <crt_externs.h>
#endif

#include "core/host.h"
#include "model/models.h"
#include "pd_search.h"

static_assert(sizeof(t_sample) == sizeof(float), "vschaos~ is for Pd with 32-bit samples");

namespace {

using vschaos::Atom;

constexpr double kPollMs = 10.0;
constexpr std::chrono::seconds kPatienceAtExit{3};

t_class* vschaos_class = nullptr;

struct PdConsole;

struct VschaosTilde {
  t_object object;
  t_float float_to_signal;
  t_canvas* canvas;
  t_outlet* info;
  t_clock* clock;
  PdConsole* console;
  vschaos::Host* host;
  std::vector<float*>* ins;
  std::vector<float*>* outs;
  int block;
  double last_time;  // logical time of the last block; negative: there was none
};

// Never freed: see StopAtExit.
vschaos::Crew* crew = nullptr;
vschaos::Loader* loader = nullptr;
std::set<VschaosTilde*>* objects = nullptr;

std::vector<Atom> Atoms(int count, const t_atom* atoms) {
  std::vector<Atom> values;
  for (int i = 0; i < count; ++i) {
    if (atoms[i].a_type == A_FLOAT) {
      values.emplace_back(double(atoms[i].a_w.w_float));
    } else if (atoms[i].a_type == A_SYMBOL) {
      values.emplace_back(std::string(atoms[i].a_w.w_symbol->s_name));
    }
  }
  return values;
}

struct PdConsole : vschaos::Console {
  explicit PdConsole(VschaosTilde* owner) : object(owner) {}

  void Error(const std::string& text) override { pd_error(object, "vschaos~: %s", text.c_str()); }
  void Post(const std::string& text) override { post("vschaos~: %s", text.c_str()); }

  void Info(const std::string& selector, const std::vector<Atom>& values) override {
    if (!object->info) return;  // still in its constructor
    std::vector<t_atom> atoms(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (const auto* word = std::get_if<std::string>(&values[i])) {
        SETSYMBOL(&atoms[i], gensym(word->c_str()));
      } else {
        SETFLOAT(&atoms[i], t_float(std::get<double>(values[i])));
      }
    }
    outlet_anything(object->info, gensym(selector.c_str()), int(atoms.size()), atoms.data());
  }

  std::string Find(const std::string& name, vschaos::Failure* failure) override {
    return vschaos::FindModel(object->canvas, name, failure);
  }

  VschaosTilde* object;
};

// Whether Pd renders as fast as it can, so that the sound has to wait for the model. Pd tells its
// objects nothing of it but the flag it was started with.
bool IsBatch() {
#ifdef __APPLE__
  char** const arguments = *_NSGetArgv();
  for (int i = 0; i < *_NSGetArgc(); ++i) {
    if (std::strcmp(arguments[i], "-batch") == 0) return true;
  }
#else
  std::ifstream file("/proc/self/cmdline");
  std::string argument;
  while (std::getline(file, argument, '\0')) {
    if (argument == "-batch") return true;
  }
#endif
  return false;
}

// Has an object's host do something; whatever goes wrong, Pd goes on.
template <typename Function>
void Guarded(VschaosTilde* x, Function function) {
  if (!x->host) return;
  try {
    function(*x->host);
  } catch (const std::exception& error) {
    pd_error(x, "vschaos~: %s", error.what());
  }
}

t_int* Perform(t_int* w) {
  auto* x = reinterpret_cast<VschaosTilde*>(w[1]);
  x->last_time = clock_getlogicaltime();
  if (x->host) x->host->Process(x->ins->data(), x->outs->data(), x->block);
  return w + 2;
}

void Dsp(VschaosTilde* x, t_signal** signals) {
  const std::size_t in_count = x->ins->size();
  for (std::size_t i = 0; i < in_count; ++i) (*x->ins)[i] = signals[i]->s_vec;
  for (std::size_t i = 0; i < x->outs->size(); ++i) (*x->outs)[i] = signals[in_count + i]->s_vec;
  x->block = signals[0]->s_n;
  // Pd also comes here while it plays, whenever a patch changes: then the last block is just past.
  const double block_ms = 1000.0 * x->block / signals[0]->s_sr;
  const bool after_pause = x->last_time >= 0.0 && clock_gettimesince(x->last_time) > 2 * block_ms;
  Guarded(x, [&](vschaos::Host& host) { host.Prepare(x->block, signals[0]->s_sr, after_pause); });
  dsp_add(Perform, 1, x);
}

void Tick(VschaosTilde* x) {
  Guarded(x, [&](vschaos::Host& host) { host.Poll(); });
  clock_delay(x->clock, kPollMs);
}

void Anything(VschaosTilde* x, t_symbol* selector, int count, t_atom* atoms) {
  Guarded(x, [&](vschaos::Host& host) { host.Message(selector->s_name, Atoms(count, atoms)); });
}

void Bang(VschaosTilde* x) { Anything(x, &s_bang, 0, nullptr); }

void* New(t_symbol*, int count, t_atom* atoms) {
  vschaos::Settings settings;
  settings.is_offline = IsBatch();
  settings.block = sys_getblksize();
  int words = 0, numbers = 0;
  for (const Atom& value : Atoms(count, atoms)) {
    if (const auto* word = std::get_if<std::string>(&value)) {
      if (word->size() > 1 && word->front() == '-') {
        pd_error(nullptr,
                 "vschaos~: %s: there are no flags, and no multichannel cords as with nn~'s -m: "
                 "voices are the fourth argument",
                 word->c_str());
        return nullptr;
      }
      (words++ == 0 ? settings.model : settings.method) = *word;
    } else if (const double number = std::get<double>(value); numbers++ == 0) {
      settings.buffer = int(std::fmin(std::fmax(number, -1e9), 1e9));
    } else if (numbers == 2 && number == std::floor(number) && std::fabs(number) < 1e6) {
      settings.voices = int(number);
    } else {
      pd_error(nullptr, "vschaos~: %g: after BUFFER comes VOICES, a whole number, and no other",
               number);
      return nullptr;
    }
  }
  auto* x = reinterpret_cast<VschaosTilde*>(pd_new(vschaos_class));
  x->canvas = canvas_getcurrent();
  x->info = nullptr;
  x->clock = nullptr;
  x->host = nullptr;
  x->last_time = -1.0;
  x->console = new PdConsole(x);
  x->ins = new std::vector<float*>;
  x->outs = new std::vector<float*>;
  try {
    x->host = new vschaos::Host(x->console, loader, vschaos::PeekPorts, settings);
  } catch (const std::exception& error) {
    pd_error(x, "vschaos~: cannot be made (%s)", error.what());
    pd_free(&x->object.ob_pd);
    return nullptr;
  }
  objects->insert(x);
  x->ins->resize(x->host->ports().in_rows());
  x->outs->resize(x->host->ports().out_rows());
  for (std::size_t i = 1; i < x->ins->size(); ++i) {
    inlet_new(&x->object, &x->object.ob_pd, &s_signal, &s_signal);
  }
  for (std::size_t i = 0; i < x->outs->size(); ++i) outlet_new(&x->object, &s_signal);
  x->info = outlet_new(&x->object, &s_anything);
  x->clock = clock_new(x, reinterpret_cast<t_method>(Tick));
  clock_delay(x->clock, kPollMs);
  return x;
}

void Free(VschaosTilde* x) {
  objects->erase(x);
  if (x->clock) clock_free(x->clock);
  delete x->host;
  delete x->console;
  delete x->ins;
  delete x->outs;
}

// Pd leaves without freeing its objects. By the time that libtorch's statics are taken down, no
// thread may be using them, and they are many, made at any time: an atexit handler comes too late
// for those made after it. What belongs to the thread that leaves is taken down before them all.
// Models are left where they are, for the system to take. If one does not return, nothing may be
// taken down at all.
struct StopAtExit {
  ~StopAtExit() {
    for (VschaosTilde* x : *objects) {
      x->host->Stop();
      x->host = nullptr;
    }
    loader->Stop();
    if (crew->Wait(kPatienceAtExit)) return;
    std::fputs("vschaos~: a model does not return: left behind\n", stderr);
#ifdef __GLIBC__
    // Registered last, so called first.
    on_exit([](int code, void*) { LeaveAtOnce(code); }, nullptr);
#else
    LeaveAtOnce(EXIT_SUCCESS);
#endif
  }

  static void LeaveAtOnce(int code) {
    std::fflush(stdout);
    _exit(code);
  }
};

template <typename Function>
t_method AsMethod(Function function) {
  return reinterpret_cast<t_method>(function);
}

void SetUp() {
  if (vschaos_class) return;  // found under both of its names
  vschaos::PrepareModels();
  try {
    crew = new vschaos::Crew;
    loader = new vschaos::Loader(crew, vschaos::LoadInstrument);
  } catch (const std::exception& error) {
    pd_error(nullptr, "vschaos~: cannot be set up (%s)", error.what());
    return;
  }
  objects = new std::set<VschaosTilde*>;
  static thread_local StopAtExit stop_at_exit;
  (void)stop_at_exit;
  vschaos_class = class_new(gensym("vschaos~"), reinterpret_cast<t_newmethod>(New), AsMethod(Free),
                            sizeof(VschaosTilde), CLASS_DEFAULT, A_GIMME, A_NULL);
  class_addcreator(reinterpret_cast<t_newmethod>(New), gensym("nn~"), A_GIMME, A_NULL);
  class_addmethod(vschaos_class, AsMethod(Dsp), gensym("dsp"), A_CANT, A_NULL);
  class_addbang(vschaos_class, AsMethod(Bang));
  class_addanything(vschaos_class, AsMethod(Anything));
  class_domainsignalin(vschaos_class, int(offsetof(VschaosTilde, float_to_signal)));
}

}  // namespace

#define VSCHAOS_EXPORT extern "C" __attribute__((visibility("default")))

VSCHAOS_EXPORT void vschaos_tilde_setup(void) { SetUp(); }
VSCHAOS_EXPORT void nn_tilde_setup(void) { SetUp(); }
