#include "emulator/inspect/distributions.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace coldframe::inspect {
namespace {

constexpr std::size_t k_metadata_bytes = 256 * 1024;
constexpr std::size_t k_record_bytes = std::size_t{8} << 20;

std::string beginning(const Census& census, const std::string& path, std::size_t most) {
  const CensusFile* file = census.find(path);
  if (file == nullptr || !file->is_file()) return "";
  const auto bytes = FileBytes::open(file->host_path);
  if (!bytes) return "";
  std::string text(std::min<std::uint64_t>(bytes->size(), most), '\0');
  text.resize(bytes->read(0, text));
  return text;
}

void each_line(std::string_view text, const std::function<bool(std::string_view)>& use) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!use(line)) return;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Name, version and what is required stand in the head, up to the first empty line.
void read_metadata(const std::string& text, Distribution& out) {
  each_line(text, [&](std::string_view line) {
    if (line.empty()) return false;
    const auto value = [&](std::string_view key) {
      return line.starts_with(key) ? std::optional(line.substr(key.size())) : std::nullopt;
    };
    if (const auto name = value("Name: ")) out.name = normalised(*name);
    if (const auto version = value("Version: ")) out.version = *version;
    if (const auto required = value("Requires-Dist: ")) {
      if (auto name = required_name(*required); !name.empty()) out.requires_.push_back(name);
    }
    return true;
  });
}

// Top-level names in RECORD or top_level.txt.
void read_modules(const Census& census, const std::string& info, Distribution& out) {
  std::set<std::string> names;
  const auto add_path = [&](std::string_view path) {
    const std::string first(path.substr(0, path.find_first_of("/,")));
    if (first.empty() || first == ".." || first.ends_with("-info") || first == "__pycache__")
      return;
    if (const auto* file = census.find(out.directory + "/" + first);
        file != nullptr && file->is_directory()) {
      names.insert(first);
    } else if (first.ends_with(".py") || first.find(".so") != first.npos) {
      names.insert(first.substr(0, first.find('.')));
    }
  };
  each_line(beginning(census, info + "/RECORD", k_record_bytes), [&](std::string_view line) {
    add_path(line);
    return true;
  });
  each_line(beginning(census, info + "/top_level.txt", k_metadata_bytes),
            [&](std::string_view line) {
              const std::string name(line.substr(0, line.find('/')));
              if (!name.empty()) names.insert(name);
              return true;
            });
  // Of Debian's packages no list is left.
  if (names.empty()) {
    std::string guess = out.name;
    std::replace(guess.begin(), guess.end(), '-', '_');
    names.insert(guess);
  }
  out.modules.assign(names.begin(), names.end());
}

}  // namespace

std::string required_name(std::string_view requirement) {
  const auto marker = requirement.find(';');
  if (marker != requirement.npos && requirement.find("extra", marker) != requirement.npos)
    return "";
  const auto from = requirement.find_first_not_of(" \t");
  if (from == requirement.npos) return "";
  const auto end = std::min(requirement.find_first_of(" \t<>=!~;([,@", from), requirement.size());
  return normalised(requirement.substr(from, end - from));
}

void add_distributions(const Census& census, const std::string& directory,
                       std::vector<Distribution>& found) {
  for (const CensusFile* child : census.children(directory)) {
    const CensusFile& file = *child;
    const bool is_wheel = file.path.ends_with(".dist-info");
    if (!is_wheel && !file.path.ends_with(".egg-info")) continue;
    Distribution one;
    one.directory = directory == "/" ? "" : directory;
    const std::string metadata = is_wheel              ? file.path + "/METADATA"
                                 : file.is_directory() ? file.path + "/PKG-INFO"
                                                       : file.path;
    read_metadata(beginning(census, metadata, k_metadata_bytes), one);
    if (one.name.empty()) continue;
    if (!is_wheel && file.is_directory()) {
      // Its requirements stand in a file, those of extras behind a line in brackets.
      each_line(beginning(census, file.path + "/requires.txt", k_metadata_bytes),
                [&](std::string_view line) {
                  if (line.starts_with('[')) return false;
                  if (auto name = required_name(line); !name.empty()) one.requires_.push_back(name);
                  return true;
                });
    }
    read_modules(census, file.path, one);
    found.push_back(std::move(one));
  }
}

}  // namespace coldframe::inspect
