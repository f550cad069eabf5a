#include <nlohmann/json.hpp>

#include "emulator/image/document.hpp"
#include "emulator/image/stored_image.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;

constexpr int k_version = 1;

Json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json list = Json::array();
  for (const auto& [name, value] : pairs)
    list.push_back({{"name", name}, {"value", value}});
  return list;
}

std::vector<std::pair<std::string, std::string>> pairs_of(const Document& document,
                                                          const char* key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Document& one : document.objects(key))
    pairs.emplace_back(one.text("name"), one.text("value"));
  return pairs;
}

}  // namespace

std::string to_record(const ImageManifest& manifest, const std::string& imported) {
  const ImageConfig& config = manifest.config;
  Json layers = Json::array();
  for (const ImageLayer& layer : manifest.layers) {
    Json one{{"file", layer.file}, {"media_type", layer.media_type}};
    one["diff_id"] = layer.diff_id.text();
    if (layer.digest) one["digest"] = layer.digest->text();
    if (layer.size) one["size"] = *layer.size;
    layers.push_back(std::move(one));
  }
  Json history = Json::array();
  for (const ImageHistory& step : config.history)
    history.push_back({{"created_by", step.created_by}, {"empty_layer", step.empty_layer}});
  const Json record{{"version", k_version},
                    {"imported", imported},
                    {"digest", manifest.digest.text()},
                    {"config_digest", manifest.config_digest.text()},
                    {"names", manifest.names},
                    {"config",
                     {{"entry_point", config.entry_point},
                      {"command", config.command},
                      {"environment", pairs_json(config.environment)},
                      {"working_directory", config.working_directory},
                      {"user", config.user},
                      {"architecture", config.architecture},
                      {"variant", config.variant},
                      {"os", config.os},
                      {"created", config.created},
                      {"labels", pairs_json(config.labels)},
                      {"history", history}}},
                    {"layers", layers},
                    {"packaging",
                     {{"is_docker_archive", manifest.packaging.is_docker_archive},
                      {"has_nested_index", manifest.packaging.has_nested_index},
                      {"has_attestations", manifest.packaging.has_attestations},
                      {"manifest_media_type", manifest.packaging.manifest_media_type}}}};
  // What images say need not be UTF-8.
  return record.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<ImageManifest> from_record(const std::string& text) {
  try {
    const Document record = Document::parse(text, "a record of the image store");
    if (record.integer("version") != k_version) return std::nullopt;
    ImageManifest image;
    image.digest = record.digest("digest");
    image.config_digest = record.digest("config_digest");
    image.names = record.texts("names");
    const Document config = record.object("config");
    image.config.entry_point = config.texts("entry_point");
    image.config.command = config.texts("command");
    image.config.environment = pairs_of(config, "environment");
    image.config.working_directory = config.text("working_directory");
    image.config.user = config.text("user");
    image.config.architecture = config.text("architecture");
    image.config.variant = config.text("variant");
    image.config.os = config.text("os");
    image.config.created = config.text("created");
    image.config.labels = pairs_of(config, "labels");
    for (const Document& step : config.objects("history"))
      image.config.history.push_back({step.text("created_by"), step.flag("empty_layer")});
    for (const Document& one : record.objects("layers")) {
      ImageLayer layer{one.text("file"), one.text("media_type"), std::nullopt,
                       one.digest("diff_id"), one.integer("size")};
      if (one.has("digest")) layer.digest = one.digest("digest");
      image.layers.push_back(std::move(layer));
    }
    const Document packaging = record.object("packaging");
    image.packaging = {packaging.flag("is_docker_archive"), packaging.flag("has_nested_index"),
                       packaging.flag("has_attestations"), packaging.text("manifest_media_type")};
    return image;
  } catch (const DocumentFault&) {
    return std::nullopt;
  }
}

}  // namespace coldframe
