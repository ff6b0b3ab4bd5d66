#include "file/json.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/refused.h"

namespace engine {

namespace {

constexpr int kDeepest = 32;
constexpr std::size_t kMostValues = 1 << 18;

[[noreturn]] void Wrong(const char* wanted) {
  throw Refused(std::string("its description is damaged (") + wanted +
                " was expected): export it again");
}

// A code point as UTF-8; half of a pair becomes a question mark.
void Append(unsigned code, std::string* text) {
  if (code >= 0xd800 && code < 0xe000) code = '?';
  if (code < 0x80) {
    *text += static_cast<char>(code);
  } else if (code < 0x800) {
    *text += static_cast<char>(0xc0 | code >> 6);
    *text += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *text += static_cast<char>(0xe0 | code >> 12);
    *text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *text += static_cast<char>(0x80 | (code & 0x3f));
  }
}

}  // namespace

class JsonReader {
 public:
  explicit JsonReader(const std::string& text) : at_(text.c_str()), end_(at_ + text.size()) {}

  Json Whole() {
    Json value = Value(0);
    Skip();
    if (at_ != end_) Wrong("its end");
    return value;
  }

 private:
  void Skip() {
    while (at_ != end_ && std::strchr(" \t\r\n", *at_) && *at_) ++at_;
  }
  bool Take(char c) {
    Skip();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(const char* word) {
    const std::size_t length = std::strlen(word);
    if (std::size_t(end_ - at_) < length || std::memcmp(at_, word, length) != 0) return false;
    at_ += length;
    return true;
  }

  Json Value(int depth) {
    if (depth > kDeepest || ++count_ > kMostValues) Wrong("less of it");
    Json value;
    if (Take('{')) {
      value.kind_ = Json::Kind::kObject;
      if (Take('}')) return value;
      do {
        if (!Take('"')) Wrong("a key");
        std::string key = String();
        if (!Take(':')) Wrong("a colon");
        value.members_.emplace_back(std::move(key), Value(depth + 1));
      } while (Take(','));
      if (!Take('}')) Wrong("a brace");
    } else if (Take('[')) {
      value.kind_ = Json::Kind::kList;
      if (Take(']')) return value;
      do value.items_.push_back(Value(depth + 1));
      while (Take(','));
      if (!Take(']')) Wrong("a bracket");
    } else if (Take('"')) {
      value.kind_ = Json::Kind::kText;
      value.text_ = String();
    } else if (TakeWord("true") || TakeWord("false")) {
      value.kind_ = Json::Kind::kTruth;
      value.truth_ = at_[-2] == 'u';
    } else if (!TakeWord("null")) {
      value.kind_ = Json::Kind::kNumber;
      value.number_ = Number();
    }
    return value;
  }

  double Number() {
    std::string digits;
    while (at_ != end_ && *at_ && std::strchr("+-.0123456789eE", *at_) && digits.size() < 64) {
      digits += *at_++;
    }
    char* end = nullptr;
    const double number = std::strtod(digits.c_str(), &end);
    if (digits.empty() || *end || !std::isfinite(number)) Wrong("a number");
    return number;
  }

  std::string String() {
    std::string text;
    while (at_ != end_ && *at_ != '"') {
      if (*at_ != '\\') {
        text += *at_++;
        continue;
      }
      if (++at_ == end_) break;
      const char kind = *at_++;
      if (kind == 'u') {
        unsigned code = 0;
        for (int i = 0; i < 4; ++i) {
          if (at_ == end_) Wrong("a character");
          const char c = *at_++;
          const int digit = c >= '0' && c <= '9'   ? c - '0'
                            : c >= 'a' && c <= 'f' ? c - 'a' + 10
                            : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                   : -1;
          if (digit < 0) Wrong("a character");
          code = code * 16 + static_cast<unsigned>(digit);
        }
        Append(code, &text);
      } else {
        const char *names = "\"\\/bfnrt", *place = std::strchr(names, kind);
        if (!kind || !place) Wrong("a character");
        text += "\"\\/\b\f\n\r\t"[place - names];
      }
    }
    if (at_ == end_) Wrong("a quote");
    ++at_;
    return text;
  }

  const char* at_;
  const char* const end_;
  std::size_t count_ = 0;
};

Json Json::Parse(const std::string& text) { return JsonReader(text).Whole(); }

const Json* Json::Find(std::string_view key) const {
  for (const auto& member : members_) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

const Json& Json::At(std::string_view key) const {
  const Json* const value = Find(key);
  if (!value) Wrong(std::string(key).c_str());
  return *value;
}

const std::vector<Json>& Json::Items() const {
  if (kind_ != Kind::kList) Wrong("a list");
  return items_;
}

const std::vector<std::pair<std::string, Json>>& Json::Members() const {
  if (kind_ != Kind::kObject) Wrong("an object");
  return members_;
}

const std::string& Json::Text() const {
  if (kind_ != Kind::kText) Wrong("a text");
  return text_;
}

bool Json::Truth() const {
  if (kind_ != Kind::kTruth) Wrong("true or false");
  return truth_;
}

double Json::Number() const {
  if (kind_ != Kind::kNumber) Wrong("a number");
  return number_;
}

int Json::Whole(std::string_view name, int lowest, int highest) const {
  const double number = Number();
  if (!(number >= lowest && number <= highest) || number != std::floor(number)) {
    throw Refused(std::string(name) + " must be a whole number between " + std::to_string(lowest) + " and " +
                  std::to_string(highest) + ": export the file again");
  }
  return static_cast<int>(number);
}

}  // namespace engine
