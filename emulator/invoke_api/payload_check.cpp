#include "emulator/invoke_api/payload_check.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>

#include "emulator/json/json_check.hpp"
#include "emulator/net/http_message.hpp"

namespace coldframe {
namespace {

constexpr std::size_t k_keep_parser_below = 64 * 1024;

static_assert(http::k_body_padding >= simdjson::SIMDJSON_PADDING);

// The parser's own depth is another than ours; it stays what it was made with.
bool accepted_by(simdjson::dom::parser& parser, const std::string& body) {
  if (parser.capacity() < body.size() || parser.max_depth() != k_json_max_depth) {
    const std::size_t room = body.size() < k_keep_parser_below
                                 ? std::bit_ceil(std::max<std::size_t>(body.size(), 1024))
                                 : body.size();
    if (parser.allocate(room, k_json_max_depth) != simdjson::SUCCESS) return false;
  }
  const bool padded = body.capacity() >= body.size() + simdjson::SIMDJSON_PADDING;
  simdjson::dom::element document;
  return parser.parse(body.data(), body.size(), !padded).get(document) == simdjson::SUCCESS;
}

}  // namespace

struct PayloadCheck::Parser {
  simdjson::dom::parser dom;
};

PayloadCheck::PayloadCheck() : parser_(std::make_unique<Parser>()) {}
PayloadCheck::~PayloadCheck() = default;

std::optional<std::string> PayloadCheck::fault(const std::string& body) {
  bool accepted = false;
  if (body.size() < k_keep_parser_below) {
    accepted = accepted_by(parser_->dom, body);
  } else {
    simdjson::dom::parser large;  // its tables are several times the body; give them back at once
    accepted = accepted_by(large, body);
  }
  if (accepted) return std::nullopt;
  if (auto fault = check_json(body)) return fault->message;
  return std::nullopt;
}

}  // namespace coldframe
