#include "nn/recurrent.h"

#include <cstring>

namespace engine {

namespace {

// The new gate of a GRU takes its units in behind another gate: it has two sums.
constexpr int kSums = 4;

}  // namespace

void Recurrent::Make(Kind kind, int inputs, int hidden, int layers) {
  kind_ = kind;
  inputs_ = inputs;
  hidden_ = hidden;
  stride_ = RoundUp(hidden, kWidth);
  layers_.resize(static_cast<std::size_t>(layers));
  for (int layer = 0; layer < layers; ++layer) {
    layers_[layer].Make(this->inputs(layer) + hidden, kSums * stride_);
  }
  gates_.Make(RoundUp(kSums * stride_, Linear::kPadding));
}

void Recurrent::Place(int layer, const float* of_inputs, const float* of_units,
                      const float* input_bias, const float* unit_bias) {
  Linear* const of = &layers_[layer];
  const int count = inputs(layer);
  for (int gate = 0; gate < gates(); ++gate) {
    const int row = gate * hidden_, to = gate * stride_;
    const bool is_apart = kind_ == Kind::kGru && gate == 2;
    const int to_units = is_apart ? to + stride_ : to;
    of->Place(of_inputs + std::size_t(row) * count, true, 0, count, to, hidden_);
    of->Place(of_units + std::size_t(row) * hidden_, true, count, hidden_, to_units, hidden_);
    of->AddBias(input_bias + row, to, hidden_);
    of->AddBias(unit_bias + row, to_units, hidden_);
  }
}

Recurrent::Memory Recurrent::Begun() const {
  Memory memory;
  for (int layer = 0; layer < layers(); ++layer) {
    memory.heard.emplace_back(static_cast<std::size_t>(inputs(layer) + stride_));
    memory.cells.emplace_back(static_cast<std::size_t>(stride_));
  }
  return memory;
}

void Recurrent::Forget(Memory* memory) {
  for (Floats& heard : memory->heard) heard.Zero();
  for (Floats& cells : memory->cells) cells.Zero();
}

const float* Recurrent::Step(const float* x, Memory* memory) const {
  const float* from = x;
  for (int layer = 0; layer < layers(); ++layer) {
    float* const heard = memory->heard[layer].data();
    std::memcpy(heard, from, inputs(layer) * sizeof(float));
    layers_[layer](heard, 0, gates_.data(), 0, 1);
    float* const own = units(memory, layer);
    if (kind_ == Kind::kLstm) {
      StepLstm(own, memory->cells[layer].data());
    } else {
      StepGru(own);
    }
    from = own;
  }
  return from;
}

// Gates in, forget, cell, out. Units that only fill a vector up stay 0.
void Recurrent::StepLstm(float* units, float* cells) const {
  const float* const gates = gates_.data();
  ForEach(hidden_, [&](int i) {
    const Vector in = Sigmoid(Load(gates + i)), kept = Sigmoid(Load(gates + stride_ + i));
    const Vector fresh = HyperbolicTangent(Load(gates + 2 * stride_ + i));
    const Vector out = Sigmoid(Load(gates + 3 * stride_ + i));
    const Vector cell = kept * Load(cells + i) + in * fresh;
    Store(cells + i, cell);
    Store(units + i, out * HyperbolicTangent(cell));
  });
}

// Gates reset, update, new, and what the units say to the last.
void Recurrent::StepGru(float* units) const {
  const float* const gates = gates_.data();
  ForEach(hidden_, [&](int i) {
    const Vector kept = Sigmoid(Load(gates + stride_ + i));
    const Vector share = Sigmoid(Load(gates + i));
    const Vector fresh = HyperbolicTangent(Load(gates + 2 * stride_ + i) +
                                           share * Load(gates + 3 * stride_ + i));
    Store(units + i, (Load(units + i) - fresh) * kept + fresh);
  });
}

}  // namespace engine
