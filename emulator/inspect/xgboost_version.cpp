// The version that XGBoost writes into a model, as JSON ("version":[2,0,3]) or as UBJSON.
#include <cctype>

#include "emulator/inspect/pickle_reader.hpp"

namespace coldframe::inspect {
namespace {

constexpr int k_parts = 3;

class Numbers {
 public:
  explicit Numbers(std::string_view text) : text_(text) {}

  std::string as_json() {
    std::string out;
    for (int i = 0; i < k_parts; ++i) {
      if (i > 0 && !take(',')) return "";
      const std::size_t from = at_;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0)
        ++at_;
      if (at_ == from || at_ - from > 5) return "";
      out += (i > 0 ? "." : "") + std::string(text_.substr(from, at_ - from));
    }
    return take(']') ? out : "";
  }

  // After "version[": perhaps "$" and a type for all, "#" and a count, then numbers.
  std::string as_ubjson() {
    char type = 0;
    if (take('$')) {
      type = at_ < text_.size() ? text_[at_++] : '\0';
    }
    if (take('#') && integer(0) != k_parts) return "";
    std::string out;
    for (int i = 0; i < k_parts; ++i) {
      const auto value = integer(type);
      if (value < 0) return "";
      out += (i > 0 ? "." : "") + std::to_string(value);
    }
    return out;
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // -1: there is none. Numbers are big-endian.
  std::int64_t integer(char type) {
    if (type == 0 && at_ < text_.size()) type = text_[at_++];
    const std::size_t bytes = type == 'i' || type == 'U' ? 1
                              : type == 'I'              ? 2
                              : type == 'l'              ? 4
                              : type == 'L'              ? 8
                                                         : 0;
    if (bytes == 0 || bytes > text_.size() - at_) return -1;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value = value << 8U | static_cast<unsigned char>(text_[at_++]);
    constexpr std::uint64_t k_most = 99999;
    return value > k_most ? -1 : static_cast<std::int64_t>(value);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string xgboost_version(std::string_view bytes) {
  constexpr std::string_view k_json = "\"version\":[";
  constexpr std::string_view k_ubjson = "version[";
  if (const auto at = bytes.rfind(k_json); at != bytes.npos) {
    return Numbers(bytes.substr(at + k_json.size())).as_json();
  }
  if (const auto at = bytes.rfind(k_ubjson); at != bytes.npos) {
    return Numbers(bytes.substr(at + k_ubjson.size())).as_ubjson();
  }
  return "";
}

}  // namespace coldframe::inspect
