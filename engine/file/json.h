// A small reader of JSON: what a file says of itself.

#ifndef VSCHAOS_ENGINE_FILE_JSON_H_
#define VSCHAOS_ENGINE_FILE_JSON_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {

// A value. What is asked of it and not there, or of another kind, throws Refused.
class Json {
 public:
  // Throws Refused where the text is no JSON, or is nested deeper than anybody needs.
  static Json Parse(const std::string& text);

  const Json* Find(std::string_view key) const;  // nullptr: there is none
  const Json& At(std::string_view key) const;
  const std::vector<Json>& Items() const;
  const std::vector<std::pair<std::string, Json>>& Members() const;
  const std::string& Text() const;
  bool Truth() const;
  double Number() const;
  // A whole number between two others; `name` for the refusal.
  int Whole(std::string_view name, int lowest, int highest) const;
  int Whole(std::string_view key) const { return At(key).Whole(key, 0, 1 << 24); }

  bool is_text() const { return kind_ == Kind::kText; }
  bool is_number() const { return kind_ == Kind::kNumber; }
  bool is_null() const { return kind_ == Kind::kNull; }

 private:
  friend class JsonReader;
  enum class Kind { kNull, kTruth, kNumber, kText, kList, kObject };

  Kind kind_ = Kind::kNull;
  bool truth_ = false;
  double number_ = 0.0;
  std::string text_;
  std::vector<Json> items_;
  std::vector<std::pair<std::string, Json>> members_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FILE_JSON_H_
