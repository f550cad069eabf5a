// The result file of a command: one JSON object with a common head, the command's own keys and the
// verdict (docs/result-files.md). Elements of long lists stand one on a line.
//
//   ResultDocument document(head);
//   document.add("summary", json);                     // nlohmann::ordered_json
//   document.add_list("cases", one_json_text_each);
//   Result<void> written = write_result(path, document.text());   // "-" is standard output
//
// Owned by the command that writes it; one thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/report/host_facts.hpp"

namespace coldframe {

struct FunctionFacts {
  std::string name;
  int memory_mb = 0;
  double vcpu = 0;
  double timeout_s = 0;
  std::string image_digest;  // empty: not an image
  std::string limits;        // in force: "none", "signal", "cgroup v2"
  double cpu_scale = 1;
  std::string sandbox;                           // in force: "none", "strict"
  std::string network = "host";                  // in force: "open", "none", "host"
  std::string freeze = "off";                    // in force: "on", "off"
  std::string tmp = "host";                      // where /tmp is: "disk", "memory", "host"
  bool traced = false;                           // denied calls were looked for: times are longer
  std::map<std::string, std::string> requested;  // as asked for: {"limits": "auto", …}
};

struct ResultHead {
  std::string tool_version;
  std::string command;  // "validate", "bench cold", …
  WallTime started{};
  std::uint64_t seed = 0;
  HostFacts host;
  FunctionFacts function;
  ExitCode exit_code = ExitCode::ok;
  std::vector<std::string> reasons;
};

class ResultDocument {
 public:
  explicit ResultDocument(const ResultHead& head);
  void add(const std::string& key, const nlohmann::ordered_json& value);
  void add_list(const std::string& key, const std::vector<std::string>& elements);
  std::string text() const;  // ends with a line break

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
  std::string verdict_;
};

// JSON text of a value; bytes that are not UTF-8 become U+FFFD.
std::string to_json_text(const nlohmann::ordered_json& value);

// Whether the place for a result file exists and can be written, before anything is started (usage
// error).
Result<void> check_result_path(const std::string& path);

// Writes beside the target and renames, so that nobody sees half a file; pipes and devices are
// written directly, and so is standard output ("-"). Under sudo the file belongs to who called it.
// Error: exit code 4, with the reason.
Result<void> write_result(const std::string& path, const std::string& text);

}  // namespace coldframe
