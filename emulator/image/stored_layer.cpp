#include "emulator/image/stored_layer.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "emulator/image/document.hpp"
#include "emulator/image/store_layout.hpp"

namespace coldframe {
namespace {

constexpr int k_version = 1;

const std::string& this_boot() {
  static const std::string id = [] {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    std::getline(file, text);
    return text;
  }();
  return id;
}

}  // namespace

Result<void> remember_layer(const std::string& directory, const UnpackedLayer& layer) {
  nlohmann::ordered_json record{
      {"version", k_version},     {"boot", this_boot()},
      {"bytes", layer.bytes},     {"entries", layer.entries},
      {"devices", layer.devices}, {"implicit_directories", layer.implicit_directories}};
  return put_file(directory + "/layer.json",
                  record.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::optional<LayerRecord> find_layer(const std::string& directory) {
  const std::string text = get_file(directory + "/layer.json");
  if (text.empty() || ::access((directory + "/fs").c_str(), F_OK) != 0) return std::nullopt;
  try {
    const Document record = Document::parse(text, directory);
    const bool is_on_disk =
        record.text("boot") == this_boot() || ::access((directory + "/synced").c_str(), F_OK) == 0;
    if (record.integer("version") != k_version || !is_on_disk) return std::nullopt;
    return LayerRecord{record.integer("bytes").value_or(0), record.integer("entries").value_or(0),
                       record.integer("devices").value_or(0), record.texts("implicit_directories")};
  } catch (const DocumentFault&) {
    return std::nullopt;
  }
}

void mark_synced(const std::string& directory) { (void)put_file(directory + "/synced", ""); }

}  // namespace coldframe
