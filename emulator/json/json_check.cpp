#include "emulator/json/json_check.hpp"

#include "emulator/json/reader.hpp"

namespace coldframe {

namespace {

struct NullHandler {
  static constexpr bool k_wants_text = false;
  void open(bool, std::size_t) {}
  void close(std::size_t) {}
  void key(std::string_view, bool) {}
  void scalar(JsonKind, bool, std::string_view, bool, std::size_t, std::size_t) {}
};

}  // namespace

std::optional<JsonFault> check_json(std::string_view text) {
  JsonScanner scanner(text, {});
  NullHandler handler;
  if (JsonReader<NullHandler>(scanner, handler).read_document()) return std::nullopt;
  return scanner.take_fault();
}

}  // namespace coldframe
