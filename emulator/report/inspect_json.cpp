#include <nlohmann/json.hpp>

#include "emulator/report/inspect_report.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;

Json finding_json(const inspect::Finding& finding) {
  Json json = {
      {"id", finding.id}, {"severity", to_text(finding.severity)}, {"message", finding.message}};
  if (!finding.where.empty()) json["where"] = finding.where;
  json["fix"] = finding.fix;
  return json;
}

void add_sizes(Json& json, const inspect::Inspection& inspection) {
  if (inspection.files > 0) {
    json["bytes"] = inspection.bytes;
    json["files"] = inspection.files;
  }
  json["biggest"] = Json::array();
  for (const auto& part : inspection.biggest)
    json["biggest"].push_back({{"kind", part.kind}, {"name", part.name}, {"bytes", part.bytes}});
}

Json image_json(const InspectReport& report) {
  const ImageManifest& image = *report.manifest;
  Json json = {{"name", report.target},
               {"digest", image.digest.text()},
               {"names", image.names},
               {"architecture", image.config.architecture},
               {"os", image.config.os}};
  if (!image.packaging.manifest_media_type.empty())
    json["media_type"] = image.packaging.manifest_media_type;
  json["entry_point"] = image.config.entry_point;
  json["command"] = image.config.command;
  json["working_directory"] = image.config.working_directory;
  json["layers"] = Json::array();
  for (const auto& layer : report.layers) {
    Json one = {{"digest", layer.digest}, {"bytes", layer.bytes}};
    if (!layer.created_by.empty()) one["created_by"] = layer.created_by;
    json["layers"].push_back(one);
  }
  add_sizes(json, report.inspection);
  return json;
}

}  // namespace

std::string inspect_json(const ResultHead& head, const InspectReport& report) {
  ResultDocument document(head);
  document.add("target", report.target);
  document.add("architecture", report.architecture);
  if (report.manifest) {
    document.add("image", image_json(report));
  } else {
    Json directory = {{"path", report.target}};
    add_sizes(directory, report.inspection);
    document.add("directory", directory);
  }
  std::vector<std::string> findings;
  for (const auto& finding : report.inspection.findings)
    findings.push_back(to_json_text(finding_json(finding)));
  document.add_list("findings", findings);
  std::vector<std::string> ignored;
  for (const auto& one : report.inspection.ignored) {
    Json json = finding_json(one.finding);
    if (!one.reason.empty()) json["reason"] = one.reason;
    ignored.push_back(to_json_text(json));
  }
  document.add_list("ignored", ignored);
  return document.text();
}

}  // namespace coldframe
