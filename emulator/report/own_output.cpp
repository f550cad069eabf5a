#include "emulator/report/own_output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

bool is_own_output(const std::string& path) {
  // A pipe or a device would keep us waiting.
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  char buffer[256];
  const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
  if (got <= 0) return false;
  const std::string_view head(buffer, static_cast<std::size_t>(got));
  const bool is_result = head.starts_with("{\n\"schema_version\": ") &&
                         head.find("\"tool\": {\"name\":\"coldframe\"") != head.npos;
  const bool is_junit =
      head.starts_with("<?xml ") && head.find("<testsuites name=\"coldframe") != head.npos;
  return is_result || is_junit;
}

}  // namespace coldframe
