// The answer, the network, the variables: W32, W34, W36, W38.
#include <algorithm>

#include "emulator/violations/rules.hpp"

namespace coldframe {
namespace {

using Text = std::string_view;

bool is_variable_name(Text name) {
  return name.size() > 1 &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == Text::npos &&
         (name.front() < '0' || name.front() > '9');
}

// What Lambda sets, or does not let a customer set.
bool is_lambdas(Text name) {
  return name.starts_with("AWS_") || name.starts_with("_") || name.starts_with("LAMBDA_") ||
         name == "PATH" || name == "LANG" || name == "TZ" || name == "LD_LIBRARY_PATH" ||
         name == "PYTHONPATH" || name == "NODE_PATH" || name == "PWD" || name == "SHLVL";
}

// "Object of type float32 is not JSON serializable" → "float32".
std::string type_in(Text text) {
  constexpr Text k_begin = "Object of type ";
  constexpr Text k_end = " is not JSON serializable";
  const auto end = text.find(k_end);
  const auto begin = text.rfind(k_begin, end);
  if (end == Text::npos || begin == Text::npos) return "";
  const Text name = text.substr(begin + k_begin.size(), end - begin - k_begin.size());
  return name.size() <= 60 ? std::string(name) : "";
}

// Of KeyError: the name, if os.environ raised it.
std::string environ_key(const ShownError& error) {
  Text key = error.text;
  if (error.type != "KeyError") {
    constexpr Text k_mark = "KeyError: ";
    const auto at = key.rfind(k_mark);
    if (!error.type.empty() || at == Text::npos) return "";
    key = key.substr(at + k_mark.size());
  }
  if (key.size() < 3 || key.front() != '\'' || key.back() != '\'') return "";
  key = key.substr(1, key.size() - 2);
  // The last frame is os.environ's own: any dictionary may have an upper-case key.
  const auto frame = error.stack.rfind("  File \"");
  if (frame == Text::npos) return "";
  const Text last = error.stack.substr(frame, error.stack.find('\n', frame) - frame);
  const bool is_environ = last.find("in __getitem__") != Text::npos &&
                          contains_any(last, {"\"<frozen os>\"", "/os.py\""});
  return is_environ && is_variable_name(key) ? std::string(key) : "";
}

// The words of sockets and of the usual clients, as they are when nobody answers.
bool is_cut_off(const ShownError& error) {
  if (error.system && error.system->kind == SystemErrorKind::no_network) return true;
  const Text text = error.text;
  if (contains_any(text, {"Name or service not known", "Temporary failure in name resolution",
                          "Max retries exceeded with url",          // requests
                          "Failed to establish a new connection",   // urllib3
                          "<urlopen error timed out>",              // urllib
                          "Could not connect to the endpoint URL",  // botocore
                          "Connect timeout on endpoint URL",
                          "getaddrinfo EAI_AGAIN",  // Node.js
                          "getaddrinfo ENOTFOUND", "connect ETIMEDOUT", "ConnectTimeoutError",
                          "Client.Timeout exceeded",  // Go
                          "onnect timed out",         // Java
                          "UnknownHostException", "Connection timed out",
                          "Could not resolve host"})) {  // curl
    return true;
  }
  if (contains_any(error.type, {"UnknownHostException"})) return true;
  if (contains_any(text, {"dial tcp", "dial udp"})) {
    return contains_any(text, {"i/o timeout", "no such host"});
  }
  // These say it of much; of a connection only what stands beside it tells.
  if (text == "fetch failed") return error.type == "TypeError";
  return text.ends_with("timed out") &&
         contains_any(error.stack, {"create_connection", "sock.connect(", ".connect("});
}

}  // namespace

std::optional<Violation> answer_no_json(const ShownError& error, const Circumstances&) {
  const std::string type = type_in(error.text);
  const bool marshal = error.type.find("Runtime.MarshalError") != Text::npos;
  if (type.empty() && !marshal) return std::nullopt;
  const std::string what = type.empty() ? "the answer" : "a value of type " + type;
  return Violation{"W32", what +
                              " is not JSON; convert it before it is returned: float(x) or int(x), "
                              "x.tolist() of an array, str(x) of a date"};
}

std::optional<Violation> answer_too_large(const ShownError& error, const Circumstances&) {
  if (error.type != "Function.ResponseSizeTooLarge") return std::nullopt;
  return Violation{"W34",
                   "the answer is larger than 6 MB, the most that Lambda takes: put it into S3 and "
                   "answer with its key or a presigned URL, compress it, or answer in pages"};
}

std::optional<Violation> no_route(const ShownError& error, const Circumstances& in) {
  if (in.network != "none" || !is_cut_off(error)) return std::nullopt;
  return Violation{
      "W36",
      "no route out (--network none, as in a VPC without NAT or endpoint); put what is "
      "fetched into the image, or give the function a route: --network open has one"};
}

std::optional<Violation> missing_variable(const ShownError& error, const Circumstances& in) {
  const std::string name = environ_key(error);
  if (name.empty()) {
    // Rust: std::env::VarError.
    if (error.text != "environment variable not found" &&
        !error.text.ends_with(": environment variable not found")) {
      return std::nullopt;
    }
    return Violation{"W38",
                     "a variable of the environment is not set on Lambda; add it to "
                     "Environment.Variables"};
  }
  if (is_lambdas(name)) return std::nullopt;
  const bool here = in.has_variable && in.has_variable(name);
  return Violation{"W38", here ? name +
                                     " is set in your shell only, not for the function; add it to "
                                     "Environment.Variables, or pass it with -E " +
                                     name
                               : name +
                                     " is not set for the function; add it to "
                                     "Environment.Variables"};
}

}  // namespace coldframe
