// The configuration of an image: https://github.com/opencontainers/image-spec/blob/main/config.md;
// docker's is older and the same but for keys that nobody needs here.
#include "emulator/image/image_limits.hpp"
#include "emulator/image/image_reading.hpp"

namespace coldframe {

void read_image_config(const std::string& text, const std::string& place, ImageManifest& image) {
  const Document document = Document::parse(text, place);
  ImageConfig& config = image.config;
  config.architecture = document.text("architecture");
  config.variant = document.text("variant");
  config.os = document.text("os");
  config.created = document.text("created");
  const Document run = document.object("config");
  config.entry_point = run.texts("Entrypoint");
  config.command = run.texts("Cmd");
  config.working_directory = run.text("WorkingDir");
  config.user = run.text("User");
  for (const std::string& variable : run.texts("Env")) {
    const auto equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) continue;  // docker takes no notice either
    config.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  for (auto& [name, value] : run.text_map("Labels"))
    config.labels.emplace_back(name, value);
  for (const Document& step : document.objects("history"))
    config.history.push_back({step.text("created_by"), step.flag("empty_layer")});

  const Document rootfs = document.object("rootfs");
  if (const auto type = rootfs.text("type"); !type.empty() && type != "layers") {
    document.fail("'rootfs' is of type '" + type + "', not 'layers'");
  }
  const auto diff_ids = rootfs.texts("diff_ids");
  if (diff_ids.size() != image.layers.size()) {
    document.fail("it has " + std::to_string(diff_ids.size()) + " diff_ids for " +
                  std::to_string(image.layers.size()) + " layers");
  }
  if (diff_ids.size() > image_limits::k_most_layers) {
    document.fail("it has " + std::to_string(diff_ids.size()) + " layers; at most " +
                  std::to_string(image_limits::k_most_layers) + " can be run");
  }
  for (std::size_t i = 0; i < diff_ids.size(); ++i)
    image.layers[i].diff_id = take(Digest::parse(diff_ids[i], place + ": a diff_id"));
}

}  // namespace coldframe
