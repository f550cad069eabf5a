// W13: a base image that is not AWS's has no runtime client unless it is installed, for the very
// interpreter that the entry point names.
#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {
namespace {

void check_python(const Look& look, Findings& out) {
  const Program& program = look.program;
  // A bootstrap of the function's own may speak to the Runtime API by itself.
  const bool has_none = program.node == std::nullopt && look.subject.is_image();
  if (!program.starts_python_client && !has_none) return;
  const std::string python = has_none ? find_in_path(look.subject, "python3") : program.python;
  if (python.empty()) return;
  const PythonHome other =
      has_none ? find_python_home(look.subject, look.census, python) : PythonHome{};
  const PythonHome& home = has_none ? other : look.python;
  if (!home.is_known() || (home.version.empty() && home.site_directories.empty())) return;
  if (home.find("awslambdaric")) return;
  std::string elsewhere;
  for (const CensusFile& file : look.census.files()) {
    if (file.is_directory() && file.path.ends_with("/awslambdaric")) elsewhere = file.path;
  }
  out.push_back({"W13", Severity::error,
                 "the runtime client awslambdaric cannot be imported by " +
                     look.subject.shown(python) +
                     (elsewhere.empty() ? "" : "; it is there for another Python"),
                 elsewhere.empty() ? look.subject.shown(python) : look.subject.shown(elsewhere),
                 (look.subject.is_image() ? "RUN " : "") + look.subject.shown(python) +
                     " -m pip install awslambdaric"});
}

void check_node(const Look& look, Findings& out) {
  const Program& program = look.program;
  if (!look.subject.is_image()) return;
  const bool by_npx = last_part(program.named) == "npx";
  std::string wanted;
  for (const std::string& word : look.subject.argv) {
    if (word.find("aws-lambda-ric") != std::string::npos) wanted = word;
  }
  if (wanted.empty() || !program.node) return;
  const std::string place = look.subject.working_directory == "/"
                                ? "/node_modules/aws-lambda-ric"
                                : look.subject.working_directory + "/node_modules/aws-lambda-ric";
  for (const std::string& path : {place, std::string("/var/task/node_modules/aws-lambda-ric"),
                                  std::string("/usr/local/lib/node_modules/aws-lambda-ric"),
                                  std::string("/usr/lib/node_modules/aws-lambda-ric")}) {
    if (look.subject.tree.resolve(path)) return;
  }
  if (!by_npx && wanted.starts_with('/') && look.subject.tree.resolve(wanted)) return;
  out.push_back({"W13", Severity::error,
                 "the runtime client aws-lambda-ric is not among the modules" +
                     std::string(by_npx ? "; npx cannot fetch it on Lambda's read-only root" : ""),
                 place, "RUN npm install aws-lambda-ric"});
}

}  // namespace

void check_runtime_client(const Look& look, Findings& out) {
  check_python(look, out);
  check_node(look, out);
}

}  // namespace coldframe::inspect
