// The manual page, in the man macros: coldframe(1).
#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "emulator/cli/command_facts.hpp"

namespace coldframe::cli {
namespace {

// A text as roff shows it: a minus is no hyphen, and a line must not begin like a request.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    constexpr std::string_view ellipsis = "…";
    if (text.substr(at, ellipsis.size()) == ellipsis) {
      out += "...";
      at += ellipsis.size() - 1;
    } else if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

// "Example:\n  coldframe …" of the help, without the indentation.
std::string example(const std::string& footer) {
  constexpr std::string_view heading = "Example:\n";
  std::string lines;
  const std::size_t start = footer.find(heading);
  if (start == std::string::npos) return "";
  for (std::size_t at = start + heading.size(); at < footer.size();) {
    const std::size_t end = std::min(footer.find('\n', at), footer.size());
    const std::string line = footer.substr(at, end - at);
    if (line.starts_with("  ")) lines += roff(line.substr(2)) + "\n";
    at = end + 1;
  }
  return lines.empty() ? "" : ".PP\nExample:\n.PP\n.RS 4\n.nf\n" + lines + ".fi\n.RE\n";
}

std::string option_entry(const OptionFacts& option) {
  std::string names;
  for (const auto& name : option.names) {
    names += (names.empty() ? "" : ", ") + (option.positional ? italic(name) : bold(name));
  }
  if (!option.value.empty()) names += " " + italic(option.value);
  return ".TP\n" + names + "\n" + roff(option.description) + "\n";
}

struct Entry {
  const char* term;
  const char* text;
};

std::string entries(const char* heading, std::initializer_list<Entry> list) {
  std::string out = std::string(".SH ") + heading + "\n";
  for (const auto& entry : list)
    out += ".TP\n" + bold(entry.term) + "\n" + roff(entry.text) + "\n";
  return out;
}

}  // namespace

std::string man_page(const std::vector<CommandFacts>& commands, const std::string& version) {
  std::string out = ".TH COLDFRAME 1 \"\" \"coldframe " + roff(version) + "\" \"User Commands\"\n";
  out += ".SH NAME\ncoldframe \\- run a Lambda function before Lambda does\n";
  out += ".SH SYNOPSIS\n";
  for (const auto& command : commands) {
    if (command.path.empty() || !command.commands.empty()) continue;
    std::string target;
    for (const auto& option : command.options)
      if (option.positional) target = " " + italic(option.names.front());
    out += bold("coldframe " + command.text()) + target + " [" + italic("OPTION") + "]...\n.br\n";
  }
  for (const auto& command : commands) {
    if (command.path.empty()) {
      out += ".SH DESCRIPTION\n" + roff(command.description) + "\n.SH OPTIONS\n";
    } else {
      out += (command.path.size() == 1 ? ".SH \"" : ".SS \"") +
             roff("coldframe " + command.text()) + "\"\n" + roff(command.description) + "\n";
      for (const auto& alias : command.aliases)
        out += ".PP\nAlso called " + bold("coldframe " + alias) + ".\n";
    }
    for (const auto& option : command.options)
      out += option_entry(option);
    out += example(command.footer);
  }
  out += entries(
      "THRESHOLDS",
      {{"init", "process start until the runtime asks for its first event"},
       {"first", "duration of the cold call, without init"},
       {"cold", "init and first; where a first init failed, the latency of the cold call"},
       {"warm", "bench cold: duration of the second call; bench warm: of those after the warm-up"},
       {"latency",
        "as the caller sees it; bench cold: of the cold call, init included; bench "
        "warm: of the calls after the warm-up"},
       {".p50 .p90 .p95 .p99 .max .mean", "the figure of one of these, as in cold.p90 < 3s"},
       {"init.cpu", "median CPU time of an init"},
       {"warm.cpu", "median CPU time of a call that counts for warm"},
       {"memory.peak", "the most memory that any environment used"},
       {"cold.ratio", "cold calls in all calls, a share"},
       {"errors", "calls that failed: a number, or with % their share of all calls"}});
  out +=
      ".PP\nAn expression is METRIC OP VALUE with one of < <= > >=; values are like 250us, 250ms,\n"
      "3s, 5m, 1h, 400MB, 1GB, 5% and 0. A percentile passes only if the far end of its interval\n"
      "passes; one that the samples cannot decide ends with exit status 5.\n"
      "docs/thresholds.md, installed in share/doc/coldframe, has every detail.\n";
  out += entries(
      "\"EXIT STATUS\"",
      {{"0", "all well, every gate passed"},
       {"1", "the function or a gate failed: function error, wrong answers, threshold exceeded"},
       {"2", "usage or input error; nothing was started"},
       {"3",
        "the function cannot start: init error, init crash, init timeout, out of memory in the "
        "init"},
       {"4", "the emulator or the host failed (port in use, no permission, disk full)"},
       {"5", "inconclusive: too few samples for a threshold, or too little time for the goldens"},
       {"77", "this version or host cannot do what was asked"},
       {"128+n",
        "ended by signal n (INT, TERM, HUP, QUIT, PIPE), after stopping every child and removing "
        "every group and temporary "
        "file"}});
  out +=
      entries("ENVIRONMENT",
              {{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "memory in MB, below --memory, above the file"},
               {"AWS_LAMBDA_FUNCTION_TIMEOUT", "timeout in seconds, likewise"},
               {"AWS_LAMBDA_FUNCTION_NAME", "function name, likewise"},
               {"XDG_RUNTIME_DIR", "where a run keeps the list of what it has started"}});
  out += entries("FILES", {{"function.json", "the function, in AWS's own names; see README.md"},
                           {"share/doc/coldframe/",
                            "README.md, and in docs/ the reference of result and golden files, "
                            "thresholds and checks in ctest"},
                           {"share/coldframe/schemas/", "a JSON Schema of each result file"}});
  return out + ".SH \"SEE ALSO\"\n.BR aws (1)\n";
}

}  // namespace coldframe::cli
