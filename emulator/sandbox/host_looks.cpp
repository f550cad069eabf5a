#include "emulator/sandbox/host_looks.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {
namespace {

constexpr std::size_t k_most = PATH_MAX;
constexpr std::string_view k_folder = "folder";
constexpr std::string_view k_other = "other";

std::string_view kind_of_place(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return S_ISDIR(info.st_mode) ? k_folder : k_other;
}

std::string_view read_link(const std::string& path, char* buffer) {
  const ssize_t got = ::readlink(path.c_str(), buffer, k_most);
  return {buffer, got > 0 ? static_cast<std::size_t>(got) : 0};
}

// Does not wait for who would write into a pipe.
std::string_view read_beginning(const std::string& path, std::size_t most, char* buffer) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const ssize_t got = file ? ::read(file.get(), buffer, std::min(most, k_most)) : 0;
  return {buffer, got > 0 ? static_cast<std::size_t>(got) : 0};
}

}  // namespace

const std::string& HostLooks::look(Kind kind, const std::filesystem::path& path, std::size_t most) {
  const auto known = std::find_if(looks_.begin(), looks_.end(), [&](const Look& one) {
    return one.kind == kind && one.most == most && one.path == path.native();
  });
  if (known != looks_.end()) return known->found;
  char buffer[k_most];
  const std::string& name = path.native();
  const auto found = kind == Kind::place  ? kind_of_place(name)
                     : kind == Kind::link ? read_link(name, buffer)
                                          : read_beginning(name, most, buffer);
  return looks_.emplace_back(Look{kind, name, std::string(found), most}).found;
}

bool HostLooks::is_folder(const std::filesystem::path& path) {
  return look(Kind::place, path) == k_folder;
}

bool HostLooks::is_there(const std::filesystem::path& path) {
  return !look(Kind::place, path).empty();
}

std::filesystem::path HostLooks::link_target(const std::filesystem::path& path) {
  return look(Kind::link, path);
}

std::string HostLooks::beginning(const std::filesystem::path& file, std::size_t most) {
  return look(Kind::text, file, most);
}

bool HostLooks::still_so() const {
  char buffer[k_most];
  return std::all_of(looks_.begin(), looks_.end(), [&](const Look& one) {
    switch (one.kind) {
      case Kind::place:
        return kind_of_place(one.path) == one.found;
      case Kind::link:
        return read_link(one.path, buffer) == one.found;
      case Kind::text:
        return read_beginning(one.path, one.most, buffer) == one.found;
    }
    return false;
  });
}

}  // namespace coldframe
