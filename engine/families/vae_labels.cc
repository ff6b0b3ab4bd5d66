#include "families/vae_labels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "base/refused.h"
#include "families/layers_of_file.h"

namespace engine {

namespace {

constexpr int kMostClasses = 65536, kMostLabels = 256, kMostLayers = 64, kWidest = 65536;
constexpr float kLabelLimit = 1e6f;
constexpr float kLogStdLimit = 6.0f;

// The class that a label stands for, the nearest of those there are.
int ClassOf(float label, int classes) {
  return static_cast<int>(std::min(std::max(std::nearbyintf(label), 0.0f), classes - 1.0f));
}

float Scalar(const ModelFile& file, const std::string& name) { return file.Find(name, {})[0]; }

}  // namespace

ENGINE_ONCE void LabelModel::ReadLabels(const ModelFile& file) {
  const Json* const rows = file.settings().Find("labels");
  if (!rows) return;
  if (rows->Items().size() > kMostLabels) Refuse("has more labels than anybody could tell");
  for (const Json& row : rows->Items()) {
    const std::string name = "label" + std::to_string(labels_.size());
    const std::string& embedding = row.At("embedding").Text();
    Label label;
    label.classes = row.At("classes").Whole("classes", 1, kMostClasses);
    label.on_encoder = row.At("encoder").Truth();
    label.on_decoder = row.At("decoder").Truth();
    label.guess = row.At("guess").Whole("guess", -1, kMostLabels);
    label.latent_guess = row.At("latent_guess").Whole("latent_guess", -1, kMostLabels);
    if (embedding == "Float") {
      label.embedding = Embedding::kNumber;
      label.mean = Scalar(file, name + ".mean");
      label.deviation = Scalar(file, name + ".std");
    } else if (embedding == "OneHot") {
      label.width = label.classes;
    } else if (embedding == "Embedding") {
      label.embedding = Embedding::kTable;
      label.width = row.At("width").Whole("width", 1, kMostClasses);
      label.table.Make(std::size_t(label.classes) * label.width);
      label.table.Copy(file.Find(name + ".table", {label.classes, label.width}),
                       label.table.size());
    } else {
      throw Refused("has labels of the kind " + embedding + ", which the small engine does not know");
    }
    if (label.on_encoder) {
      label.encode_inlet = encode_inlets_++;
      encoder_width_ += label.width;
    }
    if (label.on_decoder) decoder_width_ += label.width;
    labels_.push_back(std::move(label));
  }
}

ENGINE_ONCE void LabelModel::ReadPredictors(const ModelFile& file, int features, int latent_dim) {
  const Json* const rows = file.settings().Find("predictors");
  if (!rows) return;
  if (rows->Items().size() > kMostLabels) Refuse("guesses more labels than anybody could read");
  says_confidence_ = file.settings().At("confidence").Truth();
  int widest = 1;
  for (const Json& row : rows->Items()) {
    const std::string name = "predictor" + std::to_string(predictors_.size());
    Predictor predictor;
    predictor.reads_latents = row.At("reads_latents").Truth();
    predictor.classes = row.At("classes").Whole("classes", 0, kMostClasses);
    if (predictor.classes == 0) {
      predictor.mean = Scalar(file, name + ".mean");
      predictor.deviation = Scalar(file, name + ".std");
    }
    int inputs = predictor.reads_latents ? latent_dim : features;
    for (const Json& width : row.At("widths").Items()) {
      const std::string layer = name + ".layer" + std::to_string(predictor.layers.size());
      const int outputs = width.Whole("widths", 1, kWidest);
      predictor.layers.push_back(ReadLinear(file, layer, inputs, outputs));
      widest = std::max(widest, inputs = outputs);
    }
    const std::size_t count = predictor.layers.size();
    if (count < 1 || count > kMostLayers || inputs != std::max(2, predictor.classes)) {
      throw Refused("has a " + name + " of other sizes than it says: export it again");
    }
    predictors_.push_back(std::move(predictor));
  }
  for (const Label& label : labels_) {
    const int last = static_cast<int>(predictors_.size()) - 1;
    if (label.guess > last || label.latent_guess > last) {
      Refuse("has labels that nothing guesses: export it again");
    }
    guesses_latents_ = guesses_latents_ || label.latent_guess >= 0;
  }
  Floats ones(features), zeros(features);
  std::fill_n(ones.data(), features, 1.0f);
  norm_.Make(ones.data(), zeros.data(), features);
  normal_.Make(features);
  inner_.Make(RoundUp(widest, Linear::kPadding));
  outer_.Make(RoundUp(widest, Linear::kPadding));
}

// A command, or else something else, whole where it is a class.
float LabelModel::Chosen(const Label& label, float command, float otherwise) const {
  const bool is_given = std::isfinite(command) && command >= 0.0f;
  const float value =
      std::min(std::max(is_given ? command : otherwise, -kLabelLimit), kLabelLimit);
  return label.embedding == Embedding::kNumber ? value : std::nearbyintf(value);
}

void LabelModel::Unguessed(const float* commands, float* labels) const {
  for (int i = 0; i < count(); ++i) labels[i] = Chosen(labels_[i], commands[i], labels_[i].value);
}

void LabelModel::Guessed(const float* commands, const float* guesses, bool of_latents,
                         float* labels) const {
  for (int i = 0; i < count(); ++i) {
    const int from = of_latents ? labels_[i].latent_guess : labels_[i].guess;
    labels[i] = Chosen(labels_[i], commands[i], from >= 0 ? guesses[from] : labels_[i].value);
  }
}

void LabelModel::Embed(const float* labels, bool for_encoder, float* beside) const {
  for (int i = 0; i < count(); ++i) {
    const Label& label = labels_[i];
    if (!(for_encoder ? label.on_encoder : label.on_decoder)) continue;
    if (label.embedding == Embedding::kNumber) {
      *beside = (labels[i] - label.mean) / label.deviation;
    } else if (label.embedding == Embedding::kOneHot) {
      std::fill_n(beside, label.width, 0.0f);
      beside[ClassOf(labels[i], label.classes)] = 1.0f;
    } else {
      const float* const row =
          label.table.data() + std::size_t(ClassOf(labels[i], label.classes)) * label.width;
      std::memcpy(beside, row, label.width * sizeof(float));
    }
    beside += label.width;
  }
}

void LabelModel::Guess(const float* features, const float* latents, float* guesses) const {
  const int count = static_cast<int>(predictors_.size());
  if (features) norm_(features, normal_.data());
  for (int i = 0; i < count; ++i) {
    const Predictor& predictor = predictors_[i];
    if (!predictor.reads_latents && !features) continue;
    const float* from = predictor.reads_latents ? latents : normal_.data();
    float *to = inner_.data(), *other = outer_.data();
    for (const Linear& layer : predictor.layers) {
      if (&layer != &predictor.layers.front()) {
        std::swap(to, other);
        Silu(other, layer.inputs());
        from = other;
      }
      layer(from, 0, to, 0, 1);
    }
    float value, confidence;
    if (predictor.classes > 0) {
      const float* const found = std::max_element(to, to + predictor.classes);
      float sum = 0.0f;
      for (int k = 0; k < predictor.classes; ++k) sum += std::exp(to[k] - *found);
      value = static_cast<float>(found - to);
      confidence = 1.0f / sum;
    } else {
      const float deviation = std::exp(kLogStdLimit * std::tanh(to[1] / kLogStdLimit));
      value = to[0] * predictor.deviation + predictor.mean;
      confidence = std::max(0.0f, 1.0f - deviation * deviation);
    }
    guesses[i] = value;
    if (says_confidence_) guesses[count + i] = confidence;
  }
}

}  // namespace engine
