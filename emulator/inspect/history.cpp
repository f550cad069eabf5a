// W18: a base image that was named by a tag, which may be another image tomorrow.
#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {
namespace {

constexpr const char* k_base_name = "org.opencontainers.image.base.name";
constexpr const char* k_base_digest = "org.opencontainers.image.base.digest";

std::string label(const ImageConfig& config, const char* name) {
  for (const auto& [key, value] : config.labels) {
    if (key == name) return value;
  }
  return "";
}

// "python:3.11" of a step "FROM python:3.11", as buildah and kaniko write it.
std::string base_in_history(const ImageConfig& config) {
  for (const ImageHistory& step : config.history) {
    const auto at = step.created_by.find("FROM ");
    if (at != 0 && (at == std::string::npos || step.created_by[at - 1] != ' ')) continue;
    const auto begin = at + 5;
    return step.created_by.substr(begin, step.created_by.find_first_of(" \t\n", begin) - begin);
  }
  return "";
}

}  // namespace

void check_history(const Look& look, Findings& out) {
  if (!look.subject.is_image()) return;
  const ImageConfig& config = look.subject.manifest->config;
  const bool by_label = !label(config, k_base_name).empty();
  const std::string base = by_label ? label(config, k_base_name) : base_in_history(config);
  if (base.empty() || base == "scratch" || base.find('@') != std::string::npos) return;
  const std::string digest = label(config, k_base_digest);
  if (!digest.empty()) return;
  out.push_back({"W18", Severity::info,
                 "the base " + base +
                     " was named by its tag, and no digest of it is recorded: the next build may "
                     "have another",
                 by_label ? k_base_name : "history", "FROM " + base + "@sha256:DIGEST"});
}

}  // namespace coldframe::inspect
