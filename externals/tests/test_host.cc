#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "host_rig.h"

using namespace vschaos;

namespace {

using Rig = HostRig;

}  // namespace

TEST_CASE("a model that is missing, bad or unfit gives one error and silence") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"nowhere", "nowhere: no such file"},
      {"bad", "/models/bad: cannot be loaded (it is bad)"}};
  for (const auto& [model, error] : cases) {
    Rig rig;
    const auto host = rig.Make(model);
    host->Prepare(64, 44100.0, false);
    for (float value : rig.Run(host.get(), 2048)) REQUIRE(value == 0.0f);
    host->Poll();
    REQUIRE(rig.listener.errors.size() == 1);
    CHECK(rig.listener.errors[0] == error);
    CHECK(host->ports().inlets == 1);
  }
  Rig rig;
  const auto host = rig.Make("good", "missing");
  REQUIRE(rig.listener.errors.size() == 1);
  CHECK(rig.listener.errors[0] ==
        "/models/good: has no method missing, but forward, negate, wide, broken");
}

TEST_CASE("a failed load leaves the model that plays") {
  Rig rig;
  const auto host = rig.Make("loud");
  host->Prepare(64, 44100.0, false);
  host->Message("load", {std::string("bad")});
  CHECK(rig.listener.errors.size() == 1);
  CHECK(rig.Run(host.get(), 4096)[4095] == 4.0f);
}

TEST_CASE("what is sent while a model is being loaded is meant for it, and the old one plays on") {
  Rig rig;
  const auto host = rig.Make("loud");
  host->Prepare(64, 44100.0, false);
  host->Message("offline", {0.0});
  host->Message("load", {std::string("slow")});
  host->Message("set", {std::string("gain"), 2.0});
  CHECK(rig.Run(host.get(), 4096)[4095] == 4.0f);
  rig.gate.Post();
  while (rig.Run(host.get(), 512)[511] == 4.0f) {
    host->Poll();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(rig.Run(host.get(), 4096)[4095] == 2.0f);
  CHECK(rig.listener.errors.empty());
}

TEST_CASE("an object that goes away does not wait for its model") {
  Rig rig;
  rig.Make("slow", "forward", 0, false).reset();  // would hang
  rig.gate.Post();
}

TEST_CASE("a replaced model is freed") {
  Rig rig;
  const auto host = rig.Make("good", "forward", 1024);
  host->Prepare(64, 44100.0, false);
  const std::weak_ptr<FakeInstrument> first = rig.last;
  host->Message("load", {std::string("loud")});
  rig.Run(host.get(), 1024);
  host->Poll();
  for (int i = 0; i < 1000 && !first.expired(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(first.expired());
}

TEST_CASE("only methods that fit the inlets can be chosen") {
  Rig rig;
  const auto host = rig.Make("good");
  host->Prepare(64, 44100.0, false);
  host->Message("method", {std::string("wide")});
  host->Message("method", {std::string("broken")});
  REQUIRE(rig.listener.errors.size() == 2);
  CHECK(rig.listener.errors[0] ==
        "/models/good: method: wide has 2 inlets and 1 outlets, this object has 1 and 1: create a "
        "new one for it");
  CHECK(rig.listener.errors[1] == "/models/good: method: broken: it was tried");
  host->Message("method", {std::string("negate")});
  CHECK(rig.Run(host.get(), 4096)[4095] == -1.0f);
}

TEST_CASE("answers go to the info outlet") {
  Rig rig;
  const auto host = rig.Make("good", "forward", 2048);
  host->Prepare(64, 44100.0, false);
  host->Message("set", {std::string("gain"), 0.25});
  host->Message("get", {std::string("gain")});
  host->Message("latency", {});
  host->Message("xruns", {});
  REQUIRE(rig.listener.infos.size() == 3);
  CHECK(rig.listener.infos[0].first == "gain");
  CHECK(rig.listener.infos[0].second == std::vector<Atom>{0.25});
  CHECK(rig.listener.infos[1].first == "latency");
  CHECK(rig.listener.infos[1].second == std::vector<Atom>{2055.0, 2048.0, 7.0});
  CHECK(rig.listener.infos[2].first == "xruns");
  CHECK(rig.listener.infos[2].second == std::vector<Atom>{0.0});
}

TEST_CASE("a bang is answered as by nn~") {
  Rig rig;
  const auto host = rig.Make("good", "negate", 2048);
  host->Prepare(64, 44100.0, false);
  host->Message("bang", {});
  const std::vector<std::pair<std::string, std::vector<Atom>>> expected = {
      {"loaded", {1.0}},
      {"enabled", {1.0}},
      {"gpu", {0.0}},
      {"model", {std::string("/models/good")}},
      {"methods", {std::string("forward"), std::string("negate"), std::string("wide"),
                   std::string("broken")}},
      {"method", {std::string("negate")}},
      {"attributes", {std::string("gain")}},
      {"bufsize", {2048.0}},
      {"dim", {1.0, 1.0}},
      {"ratio", {1.0, 512.0}}};
  CHECK(rig.listener.infos == expected);
  Rig empty;
  const auto nothing = empty.Make("");
  nothing->Message("bang", {});
  REQUIRE(empty.listener.infos.size() == 1);
  CHECK(empty.listener.infos[0].second == std::vector<Atom>{0.0});
}

TEST_CASE("bufsize right after creation is meant for the model on its way") {
  Rig rig;
  const auto host = rig.Make("slow", "forward", 4096, false);
  host->Prepare(64, 44100.0, false);
  host->Message("bufsize", {1024.0});
  rig.gate.Post();
  host->Message("latency", {});
  while (rig.listener.infos.empty()) {
    host->Poll();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(rig.listener.infos[0].second[1] == Atom(1024.0));
}

TEST_CASE("bufsize changes the delay, rounds up aloud, and refuses what is no size") {
  Rig rig;
  const auto host = rig.Make("good", "forward", 2048);
  host->Prepare(64, 44100.0, false);
  for (const Atom& size : {Atom(-1.0), Atom(0.5), Atom(std::string("big")), Atom(1e9)}) {
    host->Message("bufsize", {size});
  }
  CHECK(rig.listener.errors.size() == 4);
  CHECK(rig.listener.posts.empty());
  host->Message("bufsize", {3000.0});
  REQUIRE(rig.listener.posts.size() == 1);
  CHECK(rig.listener.posts[0].find("3000 becomes 3072") != std::string::npos);
  host->Message("bufsize", {0.0});
  host->Message("latency", {});
  CHECK(rig.listener.infos.back().second[1] == Atom(512.0 - 64.0));
}

TEST_CASE("a pause in the sound is forgotten") {
  Rig rig;
  const auto host = rig.Make("good", "forward", 1024);
  host->Prepare(64, 44100.0, false);
  rig.Run(host.get(), 4096);
  host->Prepare(64, 44100.0, true);
  const std::vector<float> output = rig.Run(host.get(), 2048);
  for (int i = 64; i < 1024; ++i) REQUIRE(output[i] == 0.0f);
  CHECK(output[2047] == 1.0f);
  CHECK(rig.last.lock()->resets == 1);
}

TEST_CASE("wrong messages say what would be right") {
  Rig rig;
  const auto host = rig.Make("good");
  host->Message("set", {std::string("gain")});
  host->Message("get", {1.0});
  host->Message("load", {});
  host->Message("frobnicate", {});
  REQUIRE(rig.listener.errors.size() == 4);
  for (const std::string& error : rig.listener.errors) CHECK(error.find('\n') == std::string::npos);
  CHECK(rig.listener.errors[3].find("it knows set, get") != std::string::npos);
  host->Message("bufsize", {512.0, std::string("now")});
  CHECK(rig.listener.errors[4].find("512 now is no number of samples") != std::string::npos);
}

TEST_CASE("a model of another rate is pointed out") {
  Rig rig;
  const auto host = rig.Make("good");
  host->Prepare(64, 48000.0, false);
  REQUIRE(rig.listener.posts.size() == 1);
  CHECK(rig.listener.posts[0] ==
        "/models/good is made for 44100 Hz and plays at 48000 Hz, out of tune: script.py --rate "
        "48000 makes one for this rate, if there is one");
}

TEST_CASE("a model that plays at several rates is told that of the host") {
  Rig rig;
  const auto host = rig.Make("warped");
  host->Prepare(64, 48000.0, false);
  host->Prepare(64, 48000.0, false);  // Pd comes here whenever a patch changes
  host->Prepare(64, 44100.0, false);
  const auto instrument = rig.last.lock();
  CHECK(instrument->told_rates == std::vector<double>{48000.0, 44100.0});
  CHECK(rig.listener.posts.empty());
  host->Prepare(64, 96000.0, false);
  CHECK(instrument->told_rates.size() == 2);
  CHECK(rig.listener.posts.size() == 1);
}

TEST_CASE("a model loaded while sound is on is told the rate") {
  Rig rig;
  const auto host = rig.Make("good");
  host->Prepare(64, 48000.0, false);
  host->Message("load", {std::string("warped")});
  CHECK(rig.last.lock()->told_rates == std::vector<double>{48000.0});
}

// Every sample of row r of the object says 100 r + 1; what comes out of each row, at its end.
static std::vector<float> Rows(Host* host, int inlets, int outlets) {
  std::vector<std::vector<float>> in, out(outlets, std::vector<float>(64));
  std::vector<const float*> sources;
  std::vector<float*> targets;
  for (int row = 0; row < inlets; ++row) in.emplace_back(64, 100.0f * row + 1.0f);
  for (const auto& row : in) sources.push_back(row.data());
  for (auto& row : out) targets.push_back(row.data());
  for (int block = 0; block < 64; ++block) host->Process(sources.data(), targets.data(), 64);
  std::vector<float> heard;
  for (const auto& row : out) heard.push_back(row.back());
  return heard;
}

TEST_CASE("inlets and outlets go by voices, one voice behind the other") {
  for (const int buffer : {0, 1024}) {
    Rig rig;
    const auto host = rig.Make("loud", "wide", buffer, true, 3);
    host->Prepare(64, 44100.0, false);
    REQUIRE(host->ports().in_rows() == 6);
    REQUIRE(host->ports().out_rows() == 3);
    CHECK(Rows(host.get(), 6, 3) == std::vector<float>{4.0f, 804.0f, 1604.0f});
    // A method of fewer channels takes the first inlets of every voice.
    host->Message("method", {std::string("negate")});
    CHECK(Rows(host.get(), 6, 3) == std::vector<float>{-4.0f, -804.0f, -1604.0f});
    host->Message("dump", {});
    bool is_told = false;
    for (const auto& [selector, values] : rig.listener.infos) {
      is_told = is_told || (selector == "voices" && values == std::vector<Atom>{3.0});
    }
    CHECK(is_told);
    CHECK(rig.listener.errors.empty());
  }
}

TEST_CASE("outlets that a method does not have are silent in every voice") {
  Crew crew;
  Engine engine(&crew);
  engine.Init({1, 2, 2});
  engine.Configure(64, 0, 64);
  engine.Send(PlayCommand(std::make_shared<FakeInstrument>()));
  std::vector<std::vector<float>> rows(4, std::vector<float>(64));
  for (int block = 0; block < 8; ++block) {
    for (int voice = 0; voice < 2; ++voice) rows[voice].assign(64, voice + 1.0f);
    std::vector<float*> pointers;
    for (auto& row : rows) pointers.push_back(row.data());
    engine.Process(pointers.data(), pointers.data(), 64);
  }
  CHECK(rows[0].back() == 1.0f);
  CHECK(rows[1].back() == 0.0f);
  CHECK(rows[2].back() == 2.0f);
  CHECK(rows[3].back() == 0.0f);
}

TEST_CASE("voices that there cannot be are refused") {
  for (const int voices : {0, -1, 65}) {
    Rig rig;
    CHECK_THROWS_WITH_AS(rig.Make("good", "forward", 0, true, voices),
                         doctest::Contains("give a number from 1 to 64"), std::invalid_argument);
  }
  Crew crew;
  Loader loader(&crew, [](const LoadJob&) { return Loaded{nullptr, "must not be reached"}; });
  Listener listener;
  const auto peek = [](const std::string&, const std::string&, Ports* ports) {
    ports->inlets = 200;
    return true;
  };
  Settings settings;
  settings.model = "wide";
  settings.voices = 3;
  CHECK_THROWS_WITH_AS(Host(&listener, &loader, peek, settings),
                       "3 voices of 200 inlets and 1 outlets: more than 512 of either",
                       std::invalid_argument);
}
