// JSON documents of an image, read key by key: a wrong value is a Fault that names document and
// key.
//
// Private to this room; a Fault is thrown between its files only.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/image/image_files.hpp"
#include "emulator/image/sha256.hpp"

namespace coldframe {

struct DocumentFault {
  Error error;
};

// An object of a document. Keys that are null count as missing: docker writes them.
class Document {
 public:
  // `place`: "'index.json' of 'image.tar'".
  static Document parse(const std::string& text, const std::string& place);

  bool has(const char* key) const { return find(key) != nullptr; }
  // Missing texts are empty, missing lists have nothing.
  std::string text(const char* key) const;
  std::optional<std::int64_t> integer(const char* key) const;  // of a size: never negative
  bool flag(const char* key) const;
  Document object(const char* key) const;  // empty if missing
  std::vector<Document> objects(const char* key) const;
  // A list of texts; a single text counts as a list of one.
  std::vector<std::string> texts(const char* key) const;
  std::map<std::string, std::string> text_map(const char* key) const;
  Digest digest(const char* key) const;  // must be there
  // The document itself as a list of objects.
  std::vector<Document> items() const;

  const std::string& place() const { return place_; }
  [[noreturn]] void fail(const std::string& why) const;

 private:
  Document(nlohmann::json json, std::string place)
      : json_(std::move(json)), place_(std::move(place)) {}
  const nlohmann::json* find(const char* key) const;
  [[noreturn]] void fail_at(const std::string& key, const std::string& wanted) const;

  nlohmann::json json_;
  std::string place_;
};

// What a Result holds, or its error as a fault.
template <typename T>
T take(Result<T> result) {
  if (!result) throw DocumentFault{result.error()};
  return std::move(*result);
}

}  // namespace coldframe
