#include "emulator/image/image_tool.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "emulator/base/unique_fd.hpp"

extern char** environ;

namespace coldframe {
namespace {

struct Outcome {
  int code = -1;  // 127: there is no such program
  std::string out;
  std::string err;
};

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe make_pipe() {
  int fds[2] = {-1, -1};
  if (::pipe2(fds, O_CLOEXEC) != 0) return {};
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// What is left of what it says: the beginning of an answer, the end of complaints.
void read_both(Pipe& out, Pipe& err, Outcome& outcome) {
  constexpr std::size_t k_most = 64 * 1024;
  std::array<pollfd, 2> waiting{{{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}}};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      std::array<char, 4096> bytes{};
      const ssize_t got = ::read(waiting[i].fd, bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        waiting[i].fd = -1;
        continue;
      }
      std::string& text = i == 0 ? outcome.out : outcome.err;
      text.append(bytes.data(), static_cast<std::size_t>(got));
      if (i == 0 && text.size() > k_most) text.resize(k_most);
      if (i == 1 && text.size() > k_most) text.erase(0, text.size() - k_most);
    }
  }
}

Outcome run(const std::vector<std::string>& words) {
  Outcome outcome;
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  if (!out.read || !err.read) return outcome;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : words)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  out.write.reset();
  err.write.reset();
  if (failed != 0) {
    outcome.code = failed == ENOENT || failed == EACCES ? 127 : -1;
    outcome.err = std::strerror(failed);
    return outcome;
  }
  read_both(out, err, outcome);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

const char* program_of(ImageTool tool) {
  switch (tool) {
    case ImageTool::docker:
      return "docker";
    case ImageTool::podman:
      return "podman";
    case ImageTool::skopeo:
      return "skopeo";
  }
  return "";
}

Outcome inspect(const ImageName& name) {
  return run({program_of(name.tool), "image", "inspect", "--format", "{{.Id}}", name.name});
}

}  // namespace

const char* to_text(ImageTool tool) {
  return tool == ImageTool::skopeo ? "registry" : program_of(tool);
}

std::optional<ImageName> parse_image_name(const std::string& target) {
  for (const ImageTool tool : {ImageTool::docker, ImageTool::podman, ImageTool::skopeo}) {
    const std::string prefix = std::string(to_text(tool)) + ":";
    if (!target.starts_with(prefix) || target.size() == prefix.size()) continue;
    std::string name = target.substr(prefix.size());
    if (name.starts_with('-')) return std::nullopt;  // an option of that program
    return ImageName{tool, std::move(name)};
  }
  return std::nullopt;
}

Result<ImageName> find_image_name(const std::string& name) {
  for (const ImageTool tool : {ImageTool::docker, ImageTool::podman}) {
    if (inspect({tool, name}).code == 0) return ImageName{tool, name};
  }
  if (run({"skopeo", "--version"}).code == 0) return ImageName{ImageTool::skopeo, name};
  return unsupported("'" + name +
                     "' is no path; neither docker nor podman has an image of that name here, and "
                     "skopeo, to fetch it from a registry, is not installed");
}

std::optional<Digest> image_id(const ImageName& name) {
  if (name.tool == ImageTool::skopeo) return std::nullopt;
  const Outcome outcome = inspect(name);
  if (outcome.code != 0) return std::nullopt;
  std::string id = last_line(outcome.out);
  if (!id.starts_with("sha256:")) id = "sha256:" + id;
  const auto digest = Digest::parse(id, "");
  return digest ? std::optional(*digest) : std::nullopt;
}

Result<std::string> save_image(const ImageName& name, const std::string& directory,
                               const std::string& architecture) {
  const std::string archive = directory + "/image.tar";
  std::string path = archive;
  std::vector<std::string> words;
  switch (name.tool) {
    case ImageTool::docker:
      words = {"docker", "save", "--output", archive, name.name};
      break;
    case ImageTool::podman:
      words = {"podman",         "save",     "--quiet", "--format",
               "docker-archive", "--output", archive,   name.name};
      break;
    case ImageTool::skopeo:
      path = directory + "/image";
      words = {"skopeo"};
      if (!architecture.empty()) words.insert(words.end(), {"--override-arch", architecture});
      words.insert(words.end(),
                   {"copy", "--quiet", "docker://" + name.name, "oci:" + path + ":it"});
      break;
  }
  const Outcome outcome = run(words);
  const std::string program = program_of(name.tool);
  if (outcome.code == 127) {
    return unsupported("'" + std::string(to_text(name.tool)) + ":" + name.name + "' needs " +
                       program + ", which is not installed here");
  }
  if (outcome.code != 0) {
    const std::string said = last_line(outcome.err);
    return usage_error(program + " cannot give '" + name.name +
                       "': " + (said.empty() ? "it failed without a word" : said));
  }
  return path;
}

}  // namespace coldframe
