#include "emulator/inspect/subject.hpp"

#include <filesystem>

namespace coldframe::inspect {
namespace {

namespace fs = std::filesystem;

std::vector<SubjectLayer> layers_of(const StoredImage& image) {
  std::vector<std::string> steps;  // that made a layer
  for (const ImageHistory& step : image.manifest.config.history) {
    if (!step.empty_layer) steps.push_back(step.created_by);
  }
  const bool fits = steps.size() == image.layers.size();
  std::vector<SubjectLayer> layers;
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    const bool known = i < image.manifest.layers.size();
    layers.push_back({known ? image.manifest.layers[i].diff_id.text() : "", fits ? steps[i] : "",
                      image.layers[i].bytes});
  }
  return layers;
}

// As docker does: who gives an ENTRYPOINT means a CMD of his own, too.
void take_command(Subject& subject, const ImageConfig& image, const FunctionConfig& config) {
  const bool own_entry = !config.entry_point.empty();
  subject.argv = own_entry ? config.entry_point : image.entry_point;
  subject.entry_words = subject.argv.size();
  const auto& command = own_entry || !config.command.empty() ? config.command : image.command;
  subject.argv.insert(subject.argv.end(), command.begin(), command.end());
}

// "/venv/bin/python" of "DIRECTORY/venv/bin/python"; what lies outside stays as it is.
std::string inside(const fs::path& path, const fs::path& directory) {
  const fs::path absolute = (directory / path).lexically_normal();
  const fs::path relative = absolute.lexically_relative(directory.lexically_normal());
  if (relative.empty() || *relative.begin() == "..") return path.string();
  return relative == "." ? "/" : "/" + relative.string();
}

}  // namespace

std::string Subject::shown(const std::string& path) const {
  if (is_image() || path.size() < 2) return path;
  return path.substr(1);
}

Subject of_image(const StoredImage& image, const std::string& name, const FunctionConfig& config,
                 bool architecture_given) {
  const auto directories = directories_of(image);
  Subject subject{name, ImageTree(directories, image.has_trusted_xattrs), directories};
  subject.manifest = image.manifest;
  subject.layers = layers_of(image);
  const ImageConfig& said = image.manifest.config;
  take_command(subject, said, config);
  const std::string given = config.working_directory.string();
  subject.working_directory = given.empty() ? said.working_directory : given;
  if (subject.working_directory.empty()) subject.working_directory = "/";
  subject.architecture = architecture_given || said.architecture.empty()
                             ? config.architecture
                             : lambda_architecture(said.architecture);
  for (const auto& [key, value] : said.environment)
    subject.variables[key] = value;
  for (const auto& [key, value] : config.variables)
    subject.variables[key] = value;
  subject.in_use = image.in_use;
  return subject;
}

Subject of_directory(const std::string& name, const FunctionConfig& config) {
  const std::string directory = config.task_root.lexically_normal().string();
  Subject subject{name, ImageTree({directory}, true), {directory}};
  subject.task_root = "/";
  const std::string working = inside(config.working_directory, config.task_root);
  if (working.starts_with('/') && fs::path(working) != config.working_directory) {
    subject.working_directory = working;
  }
  subject.argv = config.entry_point;
  subject.entry_words = subject.argv.size();
  subject.argv.insert(subject.argv.end(), config.command.begin(), config.command.end());
  if (!subject.argv.empty() && subject.argv.front().find('/') != std::string::npos) {
    subject.argv.front() = inside(subject.argv.front(), config.task_root);
  }
  if (subject.argv.empty() && subject.tree.look("/bootstrap")) {
    subject.argv = {"/bootstrap"};
    subject.entry_words = 1;
  }
  subject.handler = config.handler;
  subject.architecture = config.architecture;
  subject.variables = config.variables;
  return subject;
}

}  // namespace coldframe::inspect
