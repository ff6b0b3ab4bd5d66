// What is said of a model whose sound goes wrong: enough, and not a hundred times a second.

#include <doctest/doctest.h>

#include "core/engine.h"
#include "fake_instrument.h"

using namespace vschaos;

namespace {

struct Rig {
  Rig() {
    engine.Init({});
    engine.Configure(64, 0, 512);
    engine.Send(PlayCommand(instrument));
  }

  std::shared_ptr<FakeInstrument> instrument = std::make_shared<FakeInstrument>();
  Crew crew;
  Engine engine{&crew};
};

}  // namespace

TEST_CASE("a model that fails by turns says so once, and again when it is another") {
  Rig rig;
  const auto count_errors = [&] {
    int count = 0;
    for (int i = 0; i < 100; ++i) {
      rig.instrument->fails = i % 2 == 0;
      RunMono(&rig.engine, Ramp(512));
      for (Reply reply; rig.engine.PopReply(&reply);) count += reply.is_error;
    }
    return count;
  };
  CHECK(count_errors() == 1);
  CHECK(count_errors() == 0);
  rig.instrument = std::make_shared<FakeInstrument>();
  rig.engine.Send(PlayCommand(rig.instrument));
  CHECK(count_errors() == 1);
}

TEST_CASE("values that are no numbers become silence, and that is said once") {
  Rig rig;
  rig.instrument->is_nan = true;
  for (float value : RunMono(&rig.engine, Ramp(2048))) REQUIRE(value == 0.0f);
  Reply reply;
  REQUIRE(rig.engine.PopReply(&reply));
  CHECK(reply.text == "forward: returns values that are no numbers: they become silence");
  CHECK_FALSE(rig.engine.PopReply(&reply));
}
