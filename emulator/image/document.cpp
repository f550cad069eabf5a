#include "emulator/image/document.hpp"

namespace coldframe {

using Json = nlohmann::json;

Document Document::parse(const std::string& text, const std::string& place) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw DocumentFault{usage_error(place + " is not JSON")};
  if (!json.is_object() && !json.is_array()) {
    throw DocumentFault{usage_error(place + " is no JSON object")};
  }
  return {std::move(json), place};
}

void Document::fail(const std::string& why) const {
  throw DocumentFault{usage_error(place_ + ": " + why)};
}

void Document::fail_at(const std::string& key, const std::string& wanted) const {
  fail("'" + key + "' is no " + wanted);
}

const Json* Document::find(const char* key) const {
  if (!json_.is_object()) return nullptr;
  const auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

std::string Document::text(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return "";
  if (!value->is_string()) fail_at(key, "text");
  return value->get<std::string>();
}

std::optional<std::int64_t> Document::integer(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer() || *value < 0 || *value > INT64_MAX) fail_at(key, "size");
  return value->get<std::int64_t>();
}

bool Document::flag(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) fail_at(key, "true or false");
  return value->get<bool>();
}

Document Document::object(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return {Json::object(), place_};
  if (!value->is_object()) fail_at(key, "JSON object");
  return {*value, place_};
}

std::vector<Document> Document::objects(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  if (!value->is_array()) fail_at(key, "list");
  return Document(*value, place_ + ", '" + key + "'").items();
}

std::vector<Document> Document::items() const {
  if (!json_.is_array()) fail("it is no list");
  std::vector<Document> items;
  for (const Json& item : json_) {
    if (!item.is_object()) fail("an item is no JSON object");
    items.push_back({item, place_});
  }
  return items;
}

std::vector<std::string> Document::texts(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  if (value->is_string()) return {value->get<std::string>()};
  if (!value->is_array()) fail_at(key, "list of texts");
  std::vector<std::string> texts;
  for (const Json& item : *value) {
    if (!item.is_string()) fail_at(key, "list of texts");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::map<std::string, std::string> Document::text_map(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  if (!value->is_object()) fail_at(key, "JSON object");
  std::map<std::string, std::string> map;
  for (const auto& [name, item] : value->items()) {
    if (!item.is_string()) fail_at(key, "object of texts");
    map.emplace(name, item.get<std::string>());
  }
  return map;
}

Digest Document::digest(const char* key) const {
  return take(Digest::parse(text(key), place_ + ": '" + key + "'"));
}

}  // namespace coldframe
