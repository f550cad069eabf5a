#include "emulator/config/json_node.hpp"

#include "emulator/json/json_check.hpp"

namespace coldframe {

Result<void> parse_json_object(std::string_view text, const std::filesystem::path& path,
                               Json& out) {
  constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";  // of editors on Windows
  if (text.starts_with(k_byte_order_mark)) text.remove_prefix(k_byte_order_mark.size());
  // Our own pass first: it bounds the nesting, and says where the fault is.
  if (auto fault = check_json(text)) {
    return usage_error(path.string() + ":" + std::to_string(fault->line) + ":" +
                       std::to_string(fault->column) + ": not JSON: " + fault->plain);
  }
  try {
    out = Json::parse(text);
  } catch (const Json::out_of_range&) {
    return usage_error(path.string() + ": holds a number out of range");
  } catch (const Json::parse_error& error) {
    // What our pass lets through and this one does not.
    const auto line =
        1 +
        std::count(text.begin(),
                   text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size())),
                   '\n');
    return usage_error(
        path.string() + ":" + std::to_string(line) +
        ": holds half of a surrogate pair (an escape like \\ud800), which is no text");
  }
  if (out.is_object()) return {};
  return usage_error(path.string() + ": must hold a JSON object");
}

std::string Node::at(const std::string& key) const {
  return where_ + (where_.ends_with(' ') ? "" : ".") + key;
}

bool Node::has(const std::string& key) const {
  auto it = json_.find(key);
  return it != json_.end() && !it->is_null();
}

Node Node::object(const std::string& key) const {
  const Json& value = json_.at(key);
  if (!value.is_object()) throw Fault{at(key) + " must be an object"};
  return {value, at(key)};
}

std::string Node::text(const std::string& key) const {
  const Json& value = json_.at(key);
  if (!value.is_string()) throw Fault{at(key) + " must be a text in quotes"};
  auto text = value.get<std::string>();
  if (text.find('\0') != std::string::npos) throw Fault{at(key) + " contains a NUL byte"};
  return text;
}

std::int64_t Node::integer(const std::string& key) const {
  const Json& value = json_.at(key);
  if (!value.is_number_integer() ||
      (value.is_number_unsigned() && value.get<std::uint64_t>() > 1'000'000'000'000ULL)) {
    throw Fault{at(key) + " must be a whole number, not " + value.dump()};
  }
  return value.get<std::int64_t>();
}

std::vector<std::string> Node::texts(const std::string& key, bool single) const {
  const Json& value = json_.at(key);
  if (single && value.is_string()) return {text(key)};
  std::vector<std::string> out;
  if (!value.is_array()) throw Fault{at(key) + " must be a list of texts"};
  for (auto& item : value) {
    if (!item.is_string()) throw Fault{at(key) + " must be a list of texts"};
    out.push_back(item.get<std::string>());
    if (out.back().find('\0') != std::string::npos) throw Fault{at(key) + " contains a NUL byte"};
  }
  return out;
}

}  // namespace coldframe
