#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "core/engine.h"
#include "fake_instrument.h"

using namespace vschaos;

namespace {

void Sleep(int microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

std::vector<float> Delayed(const std::vector<float>& input, int delay) {
  std::vector<float> output(input.size());
  for (std::size_t i = delay; i < output.size(); ++i) output[i] = input[i - delay];
  return output;
}

// An engine of one channel with a fake instrument in it.
struct Rig {
  Rig(int buffer, bool is_offline, int block = 64, int hop = 512)
      : instrument(std::make_shared<FakeInstrument>()) {
    engine.SetOffline(is_offline);
    engine.Init({});
    engine.Configure(block, buffer, hop);
    engine.Send(PlayCommand(instrument));
  }

  void Finish() {
    engine.SetOffline(true);
    engine.Send(SetGain(1.0));
  }

  std::shared_ptr<FakeInstrument> instrument;
  Crew crew;
  Engine engine{&crew};
};

}  // namespace

TEST_CASE("offline, what comes out is what came in, exactly one delay later") {
  for (int block : {16, 64, 1024}) {
    for (int hop : {1, 64, 512}) {
      for (int buffer : {0, 512, 1536, 2048, 8192}) {
        Rig rig(buffer, true, block, hop);
        const std::vector<float> input = Ramp(20480);
        CHECK(RunMono(&rig.engine, input) == Delayed(input, rig.engine.geometry().delay));
        CHECK(rig.engine.xruns() == 0);
      }
    }
  }
}

TEST_CASE("a setting takes effect with the chunk being gathered, whatever the worker's speed") {
  for (int buffer : {0, 512, 2048}) {
    for (bool is_offline : {true, false}) {
      Rig rig(buffer, is_offline);
      std::vector<int> sent;  // gain n + 2 was set when sent[n] samples had arrived
      unsigned random = 7;
      for (int block = 0; block < 1000; ++block) {
        random = random * 1664525u + 1013904223u;
        if (random >> 29 == 0) {
          rig.engine.Send(SetGain(double(sent.size() + 2)));
          sent.push_back(64 * block);
        }
        if (!is_offline && (random >> 20) % 8 == 0) Sleep(100);
        RunMono(&rig.engine, Ramp(64, 64 * block));
      }
      const int chunk = rig.engine.geometry().chunk;
      rig.Finish();
      REQUIRE(rig.instrument->seen.size() > 2);
      int wrong = 0;
      for (const auto& [first_sample, gain] : rig.instrument->seen) {
        int expected = 1;
        while (std::size_t(expected - 1) < sent.size() &&
               sent[expected - 1] < int(first_sample) + chunk) {
          ++expected;
        }
        wrong += gain != double(expected);
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("commands and chunks keep their order at full speed") {
  Rig rig(128, false, 64, 1);  // a chunk for every block
  constexpr int kBlocks = 100000;
  unsigned random = 11;
  for (int block = 0; block < kBlocks; ++block) {
    random = random * 1664525u + 1013904223u;
    for (volatile unsigned i = random >> 22; i > 0; i = i - 1) {
    }
    rig.engine.SetOffline(block % 500 == 0);  // that the worker catches up now and then
    rig.engine.Send(SetGain(double(block)));
    RunMono(&rig.engine, std::vector<float>(64, float(block)));
  }
  rig.Finish();
  CHECK(rig.instrument->seen.size() >= kBlocks / 500);
  int wrong = 0;
  for (const auto& [number, gain] : rig.instrument->seen) wrong += gain != double(number);
  CHECK(wrong == 0);
}

TEST_CASE("a late chunk fades, counts once, is never heard later, and the sound comes back") {
  Rig rig(1024, false);  // chunks of 512
  int start = 1;
  const auto run = [&](int samples) {
    const std::vector<float> output = RunMono(&rig.engine, Ramp(samples, start));
    start += samples;
    return output;
  };
  run(512);
  rig.Finish();  // chunk 0 is done
  rig.engine.SetOffline(false);
  rig.instrument->is_gated = true;
  run(512);
  rig.instrument->has_arrived.Wait();  // chunk 1 hangs
  const std::vector<float> first = run(512);
  CHECK(first == Ramp(512));
  CHECK(rig.engine.xruns() == 0);
  const std::vector<float> faded = run(512);  // of chunk 1
  for (int i = 0; i < 64; ++i) CHECK(faded[i] == doctest::Approx(512.0 * (63 - i) / 64));
  for (int i = 64; i < 512; ++i) CHECK(faded[i] == 0.0f);
  CHECK(rig.engine.xruns() == 1);
  rig.instrument->is_gated = false;
  rig.instrument->gate.Post();
  rig.Finish();  // chunks 1, 2 and 3 are done
  const std::vector<float> back = run(512);  // of chunk 2
  for (int i = 0; i < 64; ++i) CHECK(back[i] == doctest::Approx((1025.0 + i) * (i + 1) / 64));
  for (int i = 64; i < 512; ++i) CHECK(back[i] == 1025.0f + i);
  CHECK(run(512) == Ramp(512, 1537));
  CHECK(rig.engine.xruns() == 1);
}

TEST_CASE("after a long stall only chunks that can still be heard are computed") {
  Rig rig(1024, false);
  rig.instrument->is_gated = true;
  RunMono(&rig.engine, Ramp(512));
  rig.instrument->has_arrived.Wait();
  RunMono(&rig.engine, Ramp(100 * 512, 513));
  CHECK(rig.engine.xruns() == 99);  // all that was due: chunks 0 to 98
  rig.instrument->is_gated = false;
  rig.instrument->gate.Post();
  float last = 0.0f;
  int start = 101 * 512 + 1;
  for (int tries = 0; tries < 2000 && last == 0.0f; ++tries, start += 512) {
    Sleep(1000);
    last = RunMono(&rig.engine, Ramp(512, start))[511];
  }
  CHECK(last == float(start - 1 - 1024));
  rig.Finish();
  REQUIRE(rig.instrument->seen.size() > 1);
  CHECK(rig.instrument->seen[0].first == 1.0f);
  CHECK(rig.instrument->seen[1].first > 98 * 512.0f);
}

TEST_CASE("at any speed no step is heard, only fades") {
  Rig rig(1024, false);
  std::vector<float> output;
  for (int block = 0; block < 2000; ++block) {
    if (block % 300 == 299) Sleep(2000);
    const std::vector<float> part = RunMono(&rig.engine, std::vector<float>(64, 1.0f));
    output.insert(output.end(), part.begin(), part.end());
  }
  float largest = 0.0f;
  bool has_begun = false;  // the first sound may step: it is exact
  for (std::size_t i = 1; i < output.size(); ++i) {
    if (has_begun) largest = std::max(largest, std::abs(output[i] - output[i - 1]));
    has_begun = has_begun || output[i] > 0.0f;
  }
  CHECK(largest <= 1.0001f / Fader::kFadeSamples);
}

TEST_CASE("a model that fails is silent, is no xrun, and says so once") {
  for (int buffer : {0, 1024}) {
    Rig rig(buffer, true);
    rig.instrument->fails = true;
    for (float value : RunMono(&rig.engine, Ramp(8192))) REQUIRE(value == 0.0f);
    CHECK(rig.engine.xruns() == 0);
    Reply reply;
    REQUIRE(rig.engine.PopReply(&reply));
    CHECK(reply.is_error);
    CHECK(reply.text == "forward: it is broken");
    CHECK_FALSE(rig.engine.PopReply(&reply));
  }
}

TEST_CASE("a new model takes over in a straight line over one chunk") {
  for (int buffer : {0, 1024}) {
    Rig rig(buffer, true);
    const std::vector<float> ones(512, 1.0f);
    RunMono(&rig.engine, ones);
    const auto other = std::make_shared<FakeInstrument>();
    other->gain = 3.0;
    rig.engine.Send(PlayCommand(other));
    std::vector<float> output;
    for (int i = 0; i < 5; ++i) {
      const std::vector<float> part = RunMono(&rig.engine, ones);
      output.insert(output.end(), part.begin(), part.end());
    }
    const int start = rig.engine.geometry().delay;
    for (int i = 0; i < 512; ++i) CHECK(output[start + i] == doctest::Approx(1.0 + 2.0 * i / 512));
    for (int i = 512; i < 1024; ++i) CHECK(output[start + i] == 3.0f);
    CHECK(rig.instrument.use_count() == 1);  // the old one was let go
  }
}

TEST_CASE("a method takes over from another, but not from itself") {
  Rig rig(0, true);
  const std::vector<float> ones(512, 1.0f);
  RunMono(&rig.engine, ones);
  rig.engine.Send(PlayCommand(nullptr, 0));
  RunMono(&rig.engine, ones);
  CHECK(rig.instrument->seen.size() == 2);
  rig.engine.Send(PlayCommand(nullptr, 1));
  RunMono(&rig.engine, ones);
  RunMono(&rig.engine, ones);
  CHECK(RunMono(&rig.engine, ones)[511] == -1.0f);
}

TEST_CASE("off is silence without work, and on starts anew") {
  Rig rig(1024, true);
  RunMono(&rig.engine, Ramp(4096));
  rig.engine.SetEnabled(false);
  const std::size_t before = rig.instrument->seen.size();
  const std::vector<float> off = RunMono(&rig.engine, Ramp(4096));
  for (int i = 64; i < 4096; ++i) REQUIRE(off[i] == 0.0f);
  CHECK(rig.instrument->seen.size() == before);
  rig.engine.SetEnabled(true);
  CHECK(rig.instrument->resets == 1);
  const std::vector<float> on = RunMono(&rig.engine, Ramp(4096));
  for (int i = 0; i < 1024; ++i) REQUIRE(on[i] == 0.0f);
  for (int i = 1088; i < 4096; ++i) REQUIRE(on[i] == float(i - 1024 + 1));
}

TEST_CASE("the model changes hands between the threads while everybody is busy") {
  Rig rig(1024, false);
  for (int i = 0; i < 200; ++i) {
    rig.engine.Configure(64, i % 3 == 0 ? 0 : 1024 << (i % 2), 512);
    rig.engine.Send(SetGain(1.0 + i));
    RunMono(&rig.engine, Ramp(64 * (i % 20)));
    Reply reply;
    rig.engine.PopReply(&reply);
    if (i % 10 == 0) Sleep(300);
  }
  rig.engine.SetOffline(true);
  rig.engine.Configure(64, 0, 512);
  rig.engine.Send(SetGain(2.0));
  const std::vector<float> output = RunMono(&rig.engine, Ramp(4096));
  for (int i = 1024; i < 4096; ++i) REQUIRE(output[i] == 2.0f * (i - 448 + 1));
}

TEST_CASE("thousands of messages at once neither wait nor get lost") {
  Rig rig(1024, false);
  rig.instrument->is_gated = true;
  RunMono(&rig.engine, Ramp(512));
  rig.instrument->has_arrived.Wait();
  for (int i = 1; i <= 10000; ++i) rig.engine.Send(SetGain(double(i)));  // nobody is reading
  rig.instrument->is_gated = false;
  rig.instrument->gate.Post();
  rig.engine.SetOffline(true);
  Command get;
  get.verb = Command::Verb::kGet;
  get.name = "gain";
  rig.engine.Send(get);
  Reply reply;
  REQUIRE(rig.engine.PopReply(&reply));
  CHECK(reply.text == "gain");
  CHECK(std::get<double>(reply.values[0]) == 10000.0);
}

TEST_CASE("an engine goes away while its model works") {
  for (int i = 0; i < 50; ++i) {
    Rig rig(1024, false);
    RunMono(&rig.engine, Ramp(64 * (8 + i % 32)));
  }
}
