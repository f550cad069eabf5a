#include "emulator/config/byte_code.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <optional>

namespace coldframe {
namespace {

namespace fs = std::filesystem;

constexpr int k_most_entries = 20'000;

// Magic number, flags, time and size of the source (PEP 552); little endian.
constexpr std::size_t k_head_bytes = 16;

std::uint32_t word_at(const std::array<char, k_head_bytes>& head, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(head[at + i]);
  return value;
}

bool is_later(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

// "…/__pycache__/app.cpython-311.opt-1.pyc" is of "…/app.py".
fs::path source_of(const fs::path& byte_code) {
  const std::string name = byte_code.filename().string();
  return byte_code.parent_path().parent_path() / (name.substr(0, name.find('.')) + ".py");
}

bool is_outdated(const fs::path& byte_code) {
  struct stat source {
  }, compiled{};
  if (::stat(source_of(byte_code).c_str(), &source) != 0) return false;
  if (::stat(byte_code.c_str(), &compiled) != 0) return false;
  // Within a tick of the kernel (4 ms) both have one time, and nobody knows which came first.
  if (is_later(compiled.st_mtim, source.st_mtim)) return false;
  std::ifstream file(byte_code, std::ios::binary);
  std::array<char, k_head_bytes> head{};
  if (!file.read(head.data(), head.size())) return false;
  const bool by_time = word_at(head, 4) == 0;  // else Python compares a hash of the source
  return by_time && word_at(head, 8) == static_cast<std::uint32_t>(source.st_mtim.tv_sec) &&
         word_at(head, 12) == static_cast<std::uint32_t>(source.st_size);
}

bool is_passed_over(const fs::path& directory) {
  const std::string name = directory.filename().string();
  return name == "site-packages" || name == "node_modules" || name.starts_with('.');
}

}  // namespace

OutdatedByteCode drop_outdated_byte_code(const fs::path& directory) {
  OutdatedByteCode found;
  std::error_code error;
  fs::recursive_directory_iterator at(directory, fs::directory_options::skip_permission_denied,
                                      error);
  const fs::recursive_directory_iterator end;
  for (int entries = 0; !error && at != end && entries < k_most_entries; ++entries) {
    const fs::path path = at->path();
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      if (is_passed_over(path)) at.disable_recursion_pending();
    } else if (path.extension() == ".pyc" && path.parent_path().filename() == "__pycache__" &&
               is_outdated(path)) {
      (fs::remove(path, ignored) ? found.removed : found.left).push_back(path.string());
    }
    at.increment(error);
  }
  return found;
}

}  // namespace coldframe
