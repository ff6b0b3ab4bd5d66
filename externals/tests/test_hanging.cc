// Models that do not return: nobody waits for them for ever, and others take their place.

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "core/effort.h"
#include "host_rig.h"

using namespace vschaos;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kNever{1000000};

void Sleep() { std::this_thread::sleep_for(milliseconds(1)); }

// A host whose model hangs in its first chunk until `model->gate` is posted.
struct HangingRig : HostRig {
  HangingRig(milliseconds playing, milliseconds replaced, milliseconds offline = kNever) {
    patience.playing = playing;
    patience.replaced = replaced;
    patience.offline = offline;
    host = Make("loud", "forward", 1024);
    host->Prepare(64, 44100.0, false);
    host->Message("offline", {0.0});
    model = last.lock();
    model->is_gated = true;
  }

  ~HangingRig() {
    model->is_gated = false;
    model->gate.Post();
    host.reset();
  }

  void Hang() {
    Run(host.get(), 512);
    model->has_arrived.Wait();
  }

  std::shared_ptr<FakeInstrument> model;
  std::unique_ptr<Host> host;
};

}  // namespace

TEST_CASE("time counts while it is seen to pass within one call") {
  CallWatch watch;
  CallWatch::Clock::time_point now;
  CHECK(watch.Look(5, now).count() == 0);
  CHECK(watch.Look(5, now += milliseconds(10)) == milliseconds(10));
  CHECK(watch.Look(5, now += std::chrono::hours(1)) == milliseconds(110));  // the lid was closed
  CHECK(watch.Look(9, now += milliseconds(10)).count() == 0);
  CHECK(watch.Look(0, now += milliseconds(10)).count() == 0);
  CHECK(watch.Look(0, now += milliseconds(10)).count() == 0);
}

TEST_CASE("effort is the processor's time, and a quarter of what was only waited for") {
  Effort effort;
  effort.Begin();
  std::this_thread::sleep_for(milliseconds(20));
  CHECK(effort.Spent() >= milliseconds(5));
  Effort work;
  const auto start = std::chrono::steady_clock::now();
  work.Begin();
  while (work.Spent() < milliseconds(5)) {
  }
  const auto passed = std::chrono::steady_clock::now() - start;
  CHECK(passed >= milliseconds(5));
  CHECK(work.Spent() >= milliseconds(5));
}

TEST_CASE("a crew waits for those that return, and only so long for others") {
  auto gate = std::make_shared<Semaphore>();
  auto has_ended = std::make_shared<std::atomic<bool>>(false);
  Crew crew;
  crew.Start([] {});
  CHECK(crew.Wait(kNever));
  crew.Start([gate, has_ended] {
    gate->Wait();
    *has_ended = true;
  });
  CHECK_FALSE(crew.Wait(milliseconds(5)));
  gate->Post();
  while (!*has_ended) Sleep();
}

TEST_CASE("a model that does not return is left behind, with one line, and others can be loaded") {
  HangingRig rig(milliseconds(20), kNever);
  rig.Hang();
  while (rig.listener.errors.empty()) {
    rig.host->Poll();
    Sleep();
  }
  REQUIRE(rig.listener.errors.size() == 1);
  CHECK(rig.listener.errors[0] ==
        "/models/loud: does not return from forward: left behind, load another model");
  rig.host->Message("set", {std::string("gain"), 2.0});
  CHECK(rig.listener.errors.back() == "/models/loud: no model is loaded");
  rig.host->Message("load", {std::string("good")});
  while (rig.Run(rig.host.get(), 512)[511] != 1.0f) {
    rig.host->Poll();
    Sleep();
  }
  CHECK(rig.listener.errors.size() == 2);
}

TEST_CASE("a model that waits for the place of one that hangs gets it, with its settings") {
  for (const bool has_buffer : {true, false}) {
    HangingRig rig(kNever, milliseconds(20));
    rig.Hang();
    rig.host->Message("set", {std::string("gain"), 7.0});  // meant for the one that hangs
    if (!has_buffer) rig.host->Message("bufsize", {0.0});
    rig.host->Message("load", {std::string("good")});
    rig.host->Message("set", {std::string("gain"), 2.0});
    while (rig.Run(rig.host.get(), 512)[511] != 2.0f) {
      rig.host->Poll();
      Sleep();
    }
    REQUIRE(rig.listener.errors.size() == 1);
    CHECK(rig.listener.errors[0] ==
          "/models/loud: does not return from forward: left behind");
    CHECK(rig.last.lock().get() != rig.model.get());
  }
}

TEST_CASE("one that returns after it was left does no harm") {
  for (int i = 0; i < 20; ++i) {
    HangingRig rig(milliseconds(3), kNever);
    rig.Hang();
    if (i % 2 == 0) rig.model->gate.Post();
    for (int j = 0; j < 10; ++j) {
      rig.host->Poll();
      rig.Run(rig.host.get(), 512);
      Sleep();
    }
  }
}

TEST_CASE("offline, too, the end of patience is the end") {
  HangingRig rig(kNever, kNever, milliseconds(20));
  rig.host->Message("offline", {1.0});
  const std::vector<float> output = rig.Run(rig.host.get(), 2048);  // would wait for ever
  rig.host->Poll();
  CHECK(output[2047] == 0.0f);
  REQUIRE(rig.listener.errors.size() == 1);
  CHECK(rig.listener.errors[0].find("does not return from forward") != std::string::npos);
}

TEST_CASE("an object whose model hangs goes away at once") {
  HangingRig rig(kNever, kNever);
  rig.Hang();
  rig.host.reset();
  CHECK_FALSE(rig.crew.Wait(milliseconds(5)));
}

TEST_CASE("loads are served while others hang, but for a last one too many") {
  auto gate = std::make_shared<Semaphore>();
  Crew crew;
  Loader loader(&crew, [gate](const LoadJob& job) {
    if (job.path == "slow") gate->Wait();
    return Loaded{std::make_shared<FakeInstrument>(), ""};
  }, milliseconds(1));
  std::vector<std::shared_ptr<LoadJob>> hanging;
  for (int i = 0; i + 1 < Loader::kMostHanging; ++i) hanging.push_back(loader.Load("slow", 64, 0));
  const auto good = loader.Load("good", 64, 0);
  CHECK(loader.Wait(*good, kNever));
  CHECK(good->loaded.failure.empty());
  hanging.push_back(loader.Load("slow", 64, 0));
  const auto late = loader.Load("good", 64, 0);
  CHECK(loader.Wait(*late, kNever));
  CHECK(late->loaded.failure == "cannot be loaded: 8 other models do not return from loading");
  CHECK_FALSE(loader.Wait(*hanging.back(), milliseconds(10)));
  for (int i = 0; i < Loader::kMostHanging; ++i) gate->Post();
  for (const auto& job : hanging) {
    CHECK(loader.Wait(*job, kNever));  // late, but loaded
    CHECK(job->loaded.failure.empty());
  }
  const auto again = loader.Load("good", 64, 0);
  CHECK(loader.Wait(*again, kNever));
  CHECK(again->loaded.failure.empty());
}

TEST_CASE("a load that does not return is told once, keeps few messages, and offline is given up") {
  HostRig rig;
  rig.patience.loading = milliseconds(5);
  rig.patience.offline = milliseconds(20);
  {
    const auto host = rig.Make("slow", "forward", 1024, false);
    while (rig.listener.errors.empty()) {
      host->Poll();
      Sleep();
    }
    for (int i = 0; i < 10; ++i) host->Poll();
    REQUIRE(rig.listener.errors.size() == 1);
    CHECK(rig.listener.errors[0] ==
          "/models/slow: does not return from loading so far: wait, or load another");
    host->Message("offline", {1.0});  // is held for the model
  }
  const auto host = rig.Make("slow");
  REQUIRE(rig.listener.errors.size() == 2);
  CHECK(rig.listener.errors[1] == "/models/slow: does not return from loading: left behind");
  rig.gate.Post();
  rig.gate.Post();
}
