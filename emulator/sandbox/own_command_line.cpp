#include "emulator/sandbox/own_command_line.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace coldframe {

bool replace_own_command_line(std::string_view text) {
  std::ifstream file("/proc/self/stat");
  const std::string all{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto name_end = all.rfind(')');
  if (name_end == std::string::npos) return false;
  std::istringstream fields(all.substr(name_end + 1));
  constexpr int k_first = 3;  // the field after the name, as numbered in proc(5)
  constexpr int k_arg_start = 48;
  std::string skipped;
  for (int field = k_first; field < k_arg_start; ++field)
    fields >> skipped;
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  if (!(fields >> start >> end) || start == 0 || end <= start) return false;
  const std::size_t room = end - start;
  auto* memory = reinterpret_cast<char*>(start);
  std::memset(memory, 0, room);
  std::memcpy(memory, text.data(), std::min(text.size(), room - 1));
  return true;
}

}  // namespace coldframe
