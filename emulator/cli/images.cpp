// `coldframe images`: what the store holds; `coldframe images prune`: less of it.
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "emulator/base/units.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/messages.hpp"
#include "emulator/image/image_store.hpp"
#include "emulator/report/text_table.hpp"

namespace coldframe::cli {
namespace {

struct ImagesOptions {
  std::string store;
  bool json = false;
  std::string keep;
  std::string older_than;
};

std::string size_text(std::int64_t bytes) {
  constexpr double k_mb = 1024 * 1024;
  const double mb = static_cast<double>(bytes) / k_mb;
  return mb >= 1024 ? fmt::format("{:.2f} GB", mb / 1024) : fmt::format("{:.1f} MB", mb);
}

std::string age_text(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s ago", std::max<std::int64_t>(seconds, 0));
  if (seconds < 2 * 3600) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 2 * 86400) return fmt::format("{} h ago", seconds / 3600);
  return fmt::format("{} days ago", seconds / 86400);
}

std::string short_digest(const Digest& digest) {
  constexpr std::size_t k_shown = 12;
  return digest.hex().substr(0, k_shown);
}

Result<ImageStore> open(const ImagesOptions& o) {
  return ImageStore::open(o.store.empty() ? default_store() : o.store);
}

void print_json(const ImageStore& store, const std::vector<ImageListing>& images) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ImageListing& image : images) {
    list.push_back({{"digest", image.digest.text()},
                    {"names", image.names},
                    {"architecture", image.architecture},
                    {"layers", image.layers},
                    {"bytes", image.bytes},
                    {"own_bytes", image.own_bytes},
                    {"used_s", image.used},
                    {"in_use", image.in_use}});
  }
  const nlohmann::ordered_json document{
      {"schema_version", 1}, {"store", store.path()}, {"images", list}};
  fmt::print("{}\n",
             document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

int list(const ImagesOptions& o) {
  auto store = open(o);
  if (!store) return fail(store.error());
  auto images = store->list();
  if (!images) return fail(images.error());
  if (o.json) {
    print_json(*store, *images);
    return 0;
  }
  if (images->empty()) {
    fmt::print("no images in {}\n", store->path());
    return 0;
  }
  TextTable table({"image", "names", "for", "layers", "size", "its own", "used"});
  const std::int64_t now = std::time(nullptr);
  for (const ImageListing& image : *images) {
    std::string names;
    for (const std::string& name : image.names)
      names += (names.empty() ? "" : ", ") + one_line(name);
    table.add({short_digest(image.digest), names.empty() ? "–" : names,
               one_line(image.architecture), std::to_string(image.layers), size_text(image.bytes),
               size_text(image.own_bytes), image.in_use ? "now" : age_text(now - image.used)});
  }
  fmt::print("{}in {}\n", table.text(), store->path());
  return 0;
}

Result<std::int64_t> parse_age(const std::string& text) {
  constexpr std::int64_t k_day = 86400;
  if (text.ends_with('d')) {
    auto days = parse_integer(text.substr(0, text.size() - 1), "--older-than", 0, 36500);
    if (!days) return days.error();
    return *days * k_day;
  }
  auto duration = parse_duration(text, "--older-than");
  if (!duration) return duration.error();
  return *duration / std::chrono::seconds(1);
}

int prune(const ImagesOptions& o) {
  PruneOptions options;
  if (!o.keep.empty()) {
    auto megabytes = parse_megabytes(o.keep, "--keep");
    if (!megabytes) return fail(megabytes.error());
    options.most_bytes = std::int64_t{*megabytes} << 20;
  }
  if (!o.older_than.empty()) {
    auto age = parse_age(o.older_than);
    if (!age) return fail(age.error());
    options.older_than_s = *age;
  }
  auto store = open(o);
  if (!store) return fail(store.error());
  auto report = store->prune(options);
  if (!report) return fail(report.error());
  for (const ImageListing& image : report->removed) {
    fmt::print("removed {}{}\n", short_digest(image.digest),
               image.names.empty() ? "" : " " + one_line(image.names.front()));
  }
  fmt::print("{} freed{}\n", size_text(report->freed_bytes),
             report->kept_in_use == 0 ? ""
                                      : fmt::format("; {} in use {} kept", report->kept_in_use,
                                                    report->kept_in_use == 1 ? "was" : "were"));
  return 0;
}

}  // namespace

void add_images(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ImagesOptions>();
  auto& o = *options;
  auto* command = app.add_subcommand("images", "what the image store holds");
  command->add_option("--store", o.store, "another image store (COLDFRAME_STORE)")
      ->type_name("DIR");
  command->add_flag("--json", o.json, "as JSON");
  command->require_subcommand(0, 1);
  auto* pruning = command->add_subcommand("prune", "remove images that are not in use");
  pruning->add_option("--keep", o.keep, "up to this size, those used last: 10GB")
      ->type_name("SIZE");
  pruning->add_option("--older-than", o.older_than, "those not used for so long: 30d")
      ->type_name("AGE");
  pruning->add_option("--store", o.store, "another image store (COLDFRAME_STORE)")
      ->type_name("DIR");
  command->footer("Example:\n  coldframe images prune --older-than 30d");
  pruning->footer("Example:\n  coldframe images prune --keep 10GB");
  command->callback([options, pruning, &line] {
    if (!line.bootstrap.empty()) {
      line.exit_code = fail(usage_error("images takes no command"));
      return;
    }
    if (pruning->parsed()) return;
    line.exit_code = list(*options);
  });
  pruning->callback([options, &line] { line.exit_code = prune(*options); });
}

}  // namespace coldframe::cli
