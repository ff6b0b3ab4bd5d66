// Models handed over while another thread plays: stress FILE.ts KIND SECONDS.
//
// Counts what the playing thread allocates, which must be nothing; built with -DVSCHAOS_SANITIZE=thread
// or address it finds races and leaks, too.

#include <atomic>
#include <cmath>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/loader.h"
#include "core/parameters.h"
#include "core/stream.h"

namespace {

thread_local bool is_counted = false;
std::atomic<int> allocated{0};

void* Allocated(std::size_t bytes) {
  if (is_counted) ++allocated;
  if (void* const found = std::malloc(bytes)) return found;
  throw std::bad_alloc();
}

void Freed(void* memory) {
  if (is_counted && memory) ++allocated;
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return Allocated(bytes); }
void operator delete(void* memory) noexcept { Freed(memory); }
void operator delete(void* memory, std::size_t) noexcept { Freed(memory); }

int main(int count, char** words) {
  if (count != 4) {
    std::fprintf(stderr, "usage: stress FILE.ts effect|instrument SECONDS\n");
    return 2;
  }
  using namespace vschaos;
  const bool is_instrument = std::strcmp(words[2], "instrument") == 0;
  const About about = ReadAbout("", is_instrument);
  std::vector<float> values;
  for (const Parameter& parameter : about.parameters) values.push_back(parameter.value);
  constexpr int kRates[] = {44100, 48000, 16000, 96000};

  auto loader = std::make_unique<Loader>();
  std::atomic<bool> ends{false};
  std::atomic<int> taken{0}, blocks{0};
  std::atomic<bool> is_sound{true};
  std::thread playing([&] {
    std::unique_ptr<Stream> stream;
    std::vector<float> sides[2] = {std::vector<float>(4096), std::vector<float>(4096)};
    std::minstd_rand random(1);
    Message messages[8];
    while (!ends) {
      is_counted = true;
      if (loader->Take(&stream)) ++taken;
      const int frames = 1 + static_cast<int>(random() % 4096);
      for (auto& side : sides) {
        for (int i = 0; i < frames; ++i) side[i] = 0.2f * (random() / float(random.max()) - 0.5f);
      }
      for (auto& message : messages) {
        message = {random() % frames, {std::uint8_t(random() % 5 ? 0x90 : 0xb0), std::uint8_t(random() % 128),
                                       std::uint8_t(random() % 2 * (random() % 128))}};
      }
      std::uint32_t last = 0;
      for (auto& message : messages) message.frame = last = std::max(last, message.frame);
      float* const out[2] = {sides[0].data(), sides[1].data()};
      if (stream) {
        const Parameter& parameter = about.parameters[random() % about.parameters.size()];
        const float part = random() / float(random.max());
        const float value = parameter.lowest + part * (parameter.highest - parameter.lowest);
        stream->Set(parameter, parameter.kind == Parameter::Kind::kInteger ? std::round(value) : value);
        stream->Run(out, out, frames, messages, is_instrument ? 8 : 0);
        for (int i = 0; i < frames; ++i) is_sound = is_sound && std::isfinite(out[0][i]);
        ++blocks;
      }
      is_counted = false;
    }
  });
  std::minstd_rand random(2);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(int(1000 * std::atof(words[3])));
  const std::string path = words[1];
  while (std::chrono::steady_clock::now() < end) {
    const int rate = kRates[random() % 4];
    loader->Ask([&, rate]() -> std::unique_ptr<Stream> {
      if (rate == 16000) return nullptr;  // as where a file cannot be played
      const engine::ModelFile file = engine::ModelFile::Read(path);
      return is_instrument ? MakeInstrument(file, about, values, rate) : MakeEffect(file, about, values, rate);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 120));
  }
  ends = true;
  playing.join();
  loader.reset();
  std::printf("%d models taken up, %d blocks, %d allocations, %s\n", taken.load(), blocks.load(), allocated.load(),
              is_sound ? "all finite" : "NOT A NUMBER");
  return allocated == 0 && is_sound && taken > 0 && blocks > 0 ? 0 : 1;
}
