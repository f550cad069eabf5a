// What keeps a runtime client from its handler: W12, W15, modules.
#include <algorithm>

#include "emulator/base/spelling.hpp"
#include "emulator/violations/rules.hpp"

namespace coldframe {
namespace {

using Text = std::string_view;

constexpr std::size_t k_longest_name = 100;
constexpr Text k_client = "awslambdaric";

// What stands between `mark`, which ends with a quote, and the next such quote; empty: no such
// text.
Text quoted_after(Text text, Text mark) {
  const auto at = text.find(mark);
  if (at == Text::npos) return {};
  text.remove_prefix(at + mark.size());
  const auto end = text.find(mark.back());
  return end > k_longest_name ? Text() : text.substr(0, end);
}

// "'app.handle' (ImageConfig.Command)", or what can be said where it is not known.
std::string shown_handler(const Circumstances& in) {
  if (in.handler.handler.empty()) return "the handler";
  return shown_path(in.handler.handler) + " (" + in.handler.place + ")";
}

bool is_node(const ShownError& error, const Circumstances& in) {
  const Text name = Text(in.program).substr(in.program.rfind('/') + 1);
  const bool is_named_so =
      contains_any(name, {"node", "npx", "lambda-ric"}) && !contains_any(name, {"python"});
  return is_named_so || contains_any(error.text, {"Cannot find ", " is undefined or not exported"});
}

std::string example(bool node) {
  return node ? "e.g. app.handler, the export handler of app.js, app.mjs or app.cjs"
              : "e.g. app.handler, the function handler of app.py";
}

// Python: all but the last word, with slashes for dots. Node.js: what is before the first dot, and
// it names the file without its directory.
bool is_module_of_handler(Text module, const std::string& handler, bool node) {
  if (node) {
    const Text name = Text(handler).substr(handler.rfind('/') + 1);
    const Text file = name.substr(0, name.find('.'));
    return module.substr(module.rfind('/') + 1) == file;
  }
  std::string wanted = handler.substr(0, handler.rfind('.'));
  std::replace(wanted.begin(), wanted.end(), '/', '.');
  return module == wanted || wanted.starts_with(std::string(module) + ".");
}

// The name in the words of Python or Node.js; empty: they are others.
Text missing_module_in(const ShownError& error) {
  const bool is_reported = !error.type.empty();
  // A line that was printed is the last of a traceback, or talk.
  if (is_reported || error.text.starts_with("ModuleNotFoundError: ")) {
    const Text name = quoted_after(error.text, "No module named '");
    if (!name.empty()) return name;
  }
  if (!is_reported && !error.text.starts_with("Error: Cannot find") &&
      !error.text.starts_with("Error [ERR_MODULE_NOT_FOUND]: ")) {
    return {};
  }
  const Text name = quoted_after(error.text, "Cannot find module '");
  return !name.empty() ? name : quoted_after(error.text, "Cannot find package '");
}

// "/usr/bin/python3: No module named awslambdric", which `python3 -m` prints.
std::optional<Violation> wrong_program(const ShownError& error) {
  constexpr Text k_mark = ": No module named ";
  const auto at = error.text.find(k_mark);
  if (!error.type.empty() || at == Text::npos || error.text.front() != '/') return std::nullopt;
  Text name = error.text.substr(at + k_mark.size());
  name = name.substr(0, name.find_first_of("; "));
  // Who is to be installed is told with how (missing_client_advice).
  if (name.empty() || name.front() == '\'' || name == k_client) return std::nullopt;
  return Violation{"W12", "-m " + shown_path(name) + ": " + shown_path(error.text.substr(0, at)) +
                              " has no such module" + did_you_mean(nearest_word(name, {k_client}))};
}

}  // namespace

std::optional<Violation> bad_handler(const ShownError& error, const Circumstances& in) {
  const std::string form = example(is_node(error, in));
  if (error.type == "Runtime.HandlerNotFound") {
    return Violation{"W12", shown_handler(in) +
                                " names a function that its module does not have; after the dot "
                                "goes the name of one that it has" +
                                (is_node(error, in) ? ", and exports" : "")};
  }
  if (error.type == "Runtime.MalformedHandlerName") {
    return Violation{"W12", shown_handler(in) + " is no handler; " + form};
  }
  if (error.type == "Runtime.UserCodeSyntaxError") {
    const std::string with = in.program.empty() ? "" : " with " + shown_path(in.program);
    return Violation{"", shown_handler(in) + " cannot be loaded" + with +
                             ": its code has a syntax error there; mend it, or run the version of "
                             "the language that it is written for"};
  }
  return wrong_program(error);
}

std::optional<Violation> missing_module(const ShownError& error, const Circumstances& in) {
  const Text module = missing_module_in(error);
  if (module.empty()) return std::nullopt;
  const bool node = is_node(error, in);
  if (error.type == "Runtime.ImportModuleError" &&
      is_module_of_handler(module, in.handler.handler, node)) {
    return Violation{"W12", shown_handler(in) + " names a module that is not there; " +
                                example(node) + " in the working directory"};
  }
  if (node) {
    return Violation{"", "the module " + shown_path(module) +
                             " is not there: it must be in the image; here it belongs in "
                             "node_modules beside the function (npm install)"};
  }
  const bool known = in.program.find("python") != std::string::npos;
  return Violation{"", "the module " + shown_path(module) +
                           " is not there: it must be in the image; here it belongs in the virtual "
                           "environment of the entry point" +
                           (known ? " (" + shown_path(in.program) + " -m pip install …)" : "") +
                           ", or beside the handler"};
}

std::optional<Violation> missing_library(const ShownError& error, const Circumstances&) {
  constexpr Text k_mark = ": cannot open shared object file";
  const auto at = error.text.find(k_mark);
  if (at == Text::npos) return std::nullopt;
  // A line that was printed is the loader's own or the last of a traceback, or talk of a library
  // that does without.
  const bool is_reported = !error.type.empty();
  if (!is_reported && !contains_any(error.text, {"error while loading shared libraries: "}) &&
      !error.text.starts_with("ImportError: ") && !error.text.starts_with("OSError: ")) {
    return std::nullopt;
  }
  Text name = error.text.substr(0, at);
  name.remove_prefix(std::min(name.size(), name.find_last_of(": \t'") + 1));
  if (name.find(".so") == Text::npos || name.size() > k_longest_name) return std::nullopt;
  return Violation{"W15", "the native library " + shown_path(name) +
                              " is not there: the package that has it must be installed in the "
                              "image, and on this host"};
}

}  // namespace coldframe
