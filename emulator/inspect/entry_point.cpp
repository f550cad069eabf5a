// W12: what Lambda starts, followed step by step as the kernel and the runtime client would.
#include <fmt/format.h>

#include <filesystem>

#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_entry_fix = R"(ENTRYPOINT ["/usr/local/bin/python", "-m", "awslambdaric"])";

class EntryPointCheck {
 public:
  EntryPointCheck(const Look& look, Findings& out) : look_(look), out_(out) {}

  void run() {
    const Program& program = look_.program;
    if (look_.subject.is_image()) check_working_directory();
    if (look_.subject.argv.empty()) {
      if (!look_.subject.is_image() && !look_.subject.handler.empty()) return check_handler();
      return say(Severity::error, "there is neither an ENTRYPOINT nor a CMD", "config",
                 k_entry_fix);
    }
    if (program.node) {
      check_program();
    } else {
      not_found();
      if (look_.subject.is_image()) return;
    }
    check_words();
  }

 private:
  void say(Severity severity, std::string message, std::string where, std::string fix) {
    out_.push_back({"W12", severity, std::move(message), std::move(where), std::move(fix)});
  }

  // The module and function that a handler is, by its form.
  static bool looks_like_handler(const std::string& word) {
    const auto dot = word.rfind('.');
    return word.find_first_of("/ ") == std::string::npos && dot != std::string::npos && dot > 0 &&
           dot + 1 < word.size() && !word.ends_with(".sh") && !word.ends_with(".py");
  }

  void check_working_directory() {
    const std::string& directory = look_.subject.working_directory;
    const auto node = look_.subject.tree.resolve(directory);
    if (node && node->is_directory()) return;
    say(Severity::error,
        "WORKDIR " + directory + (node ? " is no directory" : " does not exist") +
            ": Lambda answers Runtime.InvalidWorkingDir",
        directory, "RUN mkdir -p " + directory);
  }

  void not_found() {
    const Program& program = look_.program;
    const Subject& subject = look_.subject;
    // In a directory what is outside of it cannot be told.
    if (!subject.is_image() && (program.path.empty() || !is_function_file(program.path))) return;
    const bool handler = subject.entry_words == 0 && looks_like_handler(program.named);
    if (handler) {
      return say(Severity::error,
                 "CMD '" + program.named +
                     "' is a handler, and there is no ENTRYPOINT to give it to: Lambda answers "
                     "Runtime.InvalidEntrypoint",
                 "config", k_entry_fix);
    }
    if (program.path.empty()) {
      return say(Severity::error,
                 "'" + program.named +
                     "' was not found in the PATH of the image: Lambda answers "
                     "Runtime.InvalidEntrypoint",
                 "config", k_entry_fix);
    }
    const std::string dead = subject.tree.dead_end(program.path);
    const bool by_link = !dead.empty() && dead != program.path;
    say(Severity::error,
        "the entry point does not exist" + (by_link ? ": there is no " + subject.shown(dead) : "") +
            "; Lambda answers Runtime.InvalidEntrypoint",
        subject.shown(program.path),
        subject.is_image()
            ? "COPY --chmod=755 " + std::string(last_part(program.path)) + " " + program.path
            : "correct ImageConfig.EntryPoint in function.json");
  }

  bool is_function_file(const std::string& path) const {
    // What a link leads to outside of the directory is not in the tree.
    std::error_code ignored;
    const bool is_there = fs::exists(look_.subject.directories.front() + path, ignored);
    return path.starts_with('/') && !is_there && is_listed(path);
  }
  // Whether the directory would hold it: an absolute path of the host is none of ours.
  bool is_listed(const std::string& path) const {
    const auto first = path.find('/', 1);
    return first == std::string::npos || look_.census.find(path.substr(0, first)) != nullptr;
  }

  void check_program() {
    const Program& program = look_.program;
    const Subject& subject = look_.subject;
    const std::string where = subject.shown(program.path);
    if (subject.is_image() && !program.named.starts_with('/')) {
      say(Severity::warning,
          "the entry point '" + program.named +
              "' is no absolute path; Lambda's documents ask for one",
          "config", "ENTRYPOINT [\"" + program.path + "\", …]");
    }
    if (!program.node->is_file()) {
      return say(Severity::error, "the entry point is no file: Runtime.InvalidEntrypoint", where,
                 k_entry_fix);
    }
    if ((program.node->info.st_mode & 0001) == 0) {
      say(Severity::error,
          "the entry point is not executable for others: Lambda answers Runtime.InvalidEntrypoint, "
          "permission denied",
          where, (subject.is_image() ? "RUN chmod 755 " : "chmod 755 ") + where);
    }
    if (const auto line = read_script_line(program.beginning)) return check_script(*line, where);
    const CensusFile* file = look_.census.find(program.node->path);
    const ElfFile* elf = file != nullptr ? look_.census.elf_of(*file) : nullptr;
    if (elf == nullptr) {
      return say(Severity::error,
                 "the entry point is neither a program nor a script with #!: exec format error",
                 where, "begin it with #!/bin/sh");
    }
    if (subject.is_image() && !elf->interpreter.empty() &&
        !subject.tree.resolve(elf->interpreter)) {
      say(Severity::error,
          "the entry point wants the loader " + elf->interpreter +
              ", which is not in the image (built for another libc?): Runtime.InvalidEntrypoint",
          where, "build it in the image, or link it statically");
    }
  }

  void check_script(const ScriptLine& line, const std::string& where) {
    if (line.has_carriage_return) {
      return say(Severity::error,
                 "the script's first line ends with CR LF, so the kernel looks for '" +
                     line.interpreter + "\\r': Runtime.InvalidEntrypoint",
                 where, "RUN sed -i 's/\\r$//' " + where);
    }
    if (!look_.subject.is_image()) return;
    const auto interpreter = look_.subject.tree.resolve(line.interpreter);
    if (line.interpreter.empty() || !interpreter || !interpreter->is_file()) {
      say(Severity::error,
          "its interpreter '" + line.interpreter +
              "' is not in the image: Runtime.InvalidEntrypoint, no such file or directory",
          where, "correct the first line of " + where);
    } else if ((interpreter->info.st_mode & 0001) == 0) {
      say(Severity::error, "its interpreter '" + line.interpreter + "' is not executable", where,
          "RUN chmod 755 " + line.interpreter);
    } else if (last_part(line.interpreter) == "env" && !line.argument.starts_with('-') &&
               find_in_path(look_.subject, line.argument).empty()) {
      say(Severity::error,
          "its interpreter '" + line.argument + "' was not found in the PATH of the image", where,
          "correct the first line of " + where);
    }
  }

  void check_words() {
    const Program& program = look_.program;
    if (program.is_shell_form && look_.subject.argv.size() > look_.subject.entry_words &&
        look_.subject.entry_words > 0) {
      say(Severity::warning,
          "an ENTRYPOINT in shell form gets no arguments: CMD, the handler, is ignored", "config",
          k_entry_fix);
    }
    if (!program.module.empty() && program.module != "awslambdaric" && look_.python.is_known() &&
        !look_.python.standard_library.empty() && !look_.python.find(program.module)) {
      say(Severity::error, "Python has no module " + program.module + ", which -m asks for",
          "config", "RUN pip install " + program.module);
    }
    if (!program.python.empty() && program.module.empty() && !program.starts_python_client &&
        is_python_name(program.named) && !program.arguments.empty() &&
        looks_like_handler(program.arguments.front())) {
      return say(Severity::error,
                 "Python is given the handler '" + program.arguments.front() + "' as a file to run",
                 "config", k_entry_fix);
    }
    if (program.starts_python_client && !program.is_shell_form) check_handler();
  }

  void check_handler() {
    const Program& program = look_.program;
    const std::string& handler = program.handler;
    const std::string where = look_.subject.is_image() ? "config" : "function.json";
    const std::string fix = look_.subject.is_image()
                                ? R"(CMD ["app.handler"])"
                                : R"("ImageConfig": {"Command": ["app.handler"]})";
    if (handler.empty()) {
      return say(Severity::error, "the runtime client is given no handler: there is no CMD", where,
                 fix);
    }
    if (handler.find('.') == std::string::npos) {
      return say(Severity::error, "'" + handler + "' is no handler: it wants MODULE.FUNCTION",
                 where, fix);
    }
    if (!look_.python.is_known()) return;
    if (!look_.python.find(module_of_handler(handler))) {
      return say(Severity::error,
                 fmt::format("the handler's module '{}' is nowhere in {}: "
                             "Runtime.ImportModuleError",
                             module_of_handler(handler),
                             look_.subject.is_image() ? look_.subject.working_directory
                                                      : look_.subject.name),
                 where, look_.subject.is_image() ? "COPY app.py /var/task/" : fix);
    }
    if (!look_.imports.handler_is_defined) {
      say(Severity::warning,
          "'" + handler.substr(handler.rfind('.') + 1) +
              "' does not occur in the handler's module: Runtime.HandlerNotFound",
          look_.subject.shown(look_.imports.handler_file), fix);
    }
  }

  const Look& look_;
  Findings& out_;
};

}  // namespace

void check_entry_point(const Look& look, Findings& out) { EntryPointCheck(look, out).run(); }

}  // namespace coldframe::inspect
