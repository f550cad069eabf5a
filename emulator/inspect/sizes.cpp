// W16: the size of an image against Lambda's 10 GB, what it is made of, and what need not be there.
#include "emulator/inspect/sizes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "emulator/image/image_limits.hpp"

namespace coldframe::inspect {
namespace {

constexpr std::int64_t k_mb = std::int64_t{1} << 20;
constexpr std::int64_t k_worth_a_word = 10 * k_mb;

std::int64_t bytes_below(const Census& census, std::string_view directory) {
  std::int64_t bytes = 0;
  for (const CensusFile& file : census.below(directory)) {
    if (file.is_first_name) bytes += file.bytes;
  }
  return bytes;
}

// "/usr/lib/x" of "/usr/lib/x/y/z": deep enough to say something.
std::string coarse(const std::string& path, std::size_t parts) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < parts; ++i) {
    at = path.find('/', at + 1);
    if (at == std::string::npos) return std::string(parent_of(path));
  }
  return path.substr(0, at);
}

void add_largest(const std::map<std::string, std::int64_t>& by_name, const char* kind,
                 std::size_t most, std::vector<BigPart>& out) {
  std::vector<BigPart> parts;
  for (const auto& [name, bytes] : by_name) {
    if (bytes >= k_mb) parts.push_back({kind, name, bytes});
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const BigPart& a, const BigPart& b) { return a.bytes > b.bytes; });
  if (parts.size() > most) parts.resize(most);
  out.insert(out.end(), parts.begin(), parts.end());
}

struct Leftover {
  const char* directory;
  const char* what;
  const char* fix;
};
constexpr std::array<Leftover, 11> k_leftovers{{
    {"/root/.cache/pip", "pip's cache", "RUN pip install --no-cache-dir -r requirements.txt"},
    {"/root/.cache/uv", "uv's cache", "RUN uv pip install --no-cache -r requirements.txt"},
    {"/root/.npm", "npm's cache", "RUN npm ci && npm cache clean --force"},
    {"/root/.cache/huggingface", "downloads of Hugging Face, where Lambda's user may not read",
     "ENV HF_HOME=/opt/huggingface   # before the download"},
    {"/root/.cargo", "Rust's tools", "build in another stage, and COPY --from the result"},
    {"/var/cache/apt", "apt's packages", "RUN apt-get install -y … && apt-get clean"},
    {"/var/lib/apt/lists", "apt's lists",
     "RUN apt-get update && apt-get install -y … && rm -rf /var/lib/apt/lists/*"},
    {"/var/cache/dnf", "dnf's cache", "RUN dnf install -y … && dnf clean all"},
    {"/var/cache/yum", "yum's cache", "RUN yum install -y … && yum clean all"},
    {"/usr/include", "C headers", "build in another stage, and COPY --from the result"},
    {"/usr/lib/gcc", "compilers", "build in another stage, and COPY --from the result"},
}};

void check_leftovers(const Look& look, Findings& out) {
  for (const Leftover& one : k_leftovers) {
    const std::int64_t bytes = bytes_below(look.census, one.directory);
    if (bytes < k_worth_a_word) continue;
    out.push_back(
        {"W16", Severity::info,
         fmt::format("{}, {}, {} needed at run time", one.what, size_text(bytes),
                     std::string_view(one.what).ends_with("s") ? "are hardly" : "is hardly"),
         one.directory, one.fix});
  }
}

void check_duplicates(const Look& look, Findings& out) {
  std::int64_t bytes = 0;
  const Overwritten* largest = nullptr;
  for (const Overwritten& one : look.census.overwritten()) {
    bytes += one.bytes;
    if (largest == nullptr || one.bytes > largest->bytes) largest = &one;
  }
  const std::int64_t hidden = total_bytes(look) - look.census.visible_bytes();
  if (largest != nullptr && bytes >= k_worth_a_word) {
    out.push_back({"W16", Severity::info,
                   fmt::format("{} in {} files lie in two layers: the lower one's is never read",
                               size_text(bytes), look.census.overwritten().size()),
                   largest->path,
                   "put what changes a file (chmod, chown, an upgrade) into the RUN or COPY that "
                   "makes it: COPY --chmod=644"});
  }
  if (hidden - bytes >= k_worth_a_word && !look.census.is_cut_off()) {
    out.push_back({"W16", Severity::info,
                   size_text(hidden - bytes) +
                       " of lower layers were removed by higher ones, and are in the image still",
                   "", "remove files in the RUN that makes them"});
  }
}

}  // namespace

std::string size_text(std::int64_t bytes) {
  const double mb = static_cast<double>(bytes) / static_cast<double>(k_mb);
  if (mb >= 1024) return fmt::format("{:.2f} GB", mb / 1024);
  return mb >= 10 ? fmt::format("{:.0f} MB", mb) : fmt::format("{:.1f} MB", mb);
}

std::int64_t total_bytes(const Look& look) {
  if (!look.subject.is_image()) return look.census.visible_bytes();
  std::int64_t bytes = 0;
  for (const SubjectLayer& layer : look.subject.layers)
    bytes += layer.bytes;
  return bytes;
}

std::vector<BigPart> biggest_parts(const Look& look, std::size_t most) {
  std::vector<BigPart> out;
  std::map<std::string, std::int64_t> layers;
  for (std::size_t i = 0; i < look.subject.layers.size(); ++i) {
    const SubjectLayer& layer = look.subject.layers[i];
    layers[fmt::format("{}{}{}", i + 1, layer.created_by.empty() ? "" : " ", layer.created_by)] =
        layer.bytes;
  }
  add_largest(layers, "layer", most, out);
  std::map<std::string, std::int64_t> packages;
  std::map<std::string, std::int64_t> others;
  // Files of a directory mostly belong together.
  std::string_view directory;
  std::string package;
  for (const CensusFile& file : look.census.files()) {
    if (file.bytes == 0 || !file.is_first_name) continue;
    if (parent_of(file.path) != directory || directory.empty()) {
      directory = parent_of(file.path);
      package = look.package_of(file.path);
    }
    if (package.empty()) {
      others[coarse(file.path, look.subject.is_image() ? 3 : 1)] += file.bytes;
    } else {
      packages[package] += file.bytes;
    }
  }
  add_largest(packages, "package", most, out);
  add_largest(others, "directory", most, out);
  return out;
}

Finding too_large(std::int64_t bytes) {
  return {"W16", Severity::error,
          "the image has " + size_text(bytes) + " uncompressed, Lambda takes 10 GB at most", "",
          "leave out what coldframe inspect lists as big, or load the model from S3 into /tmp"};
}

void check_size(const Look& look, Findings& out) {
  if (!look.subject.is_image()) return;
  const std::int64_t bytes = total_bytes(look);
  constexpr std::int64_t k_most = image_limits::k_most_image_bytes;
  if (bytes > k_most) {
    out.push_back(too_large(bytes));
  } else if (bytes > k_most / 10 * 9) {
    out.push_back({"W16", Severity::warning,
                   size_text(bytes) + " of the 10 GB that Lambda takes at most", "",
                   "leave out what is listed as big"});
  }
  check_leftovers(look, out);
  check_duplicates(look, out);
}

}  // namespace coldframe::inspect
