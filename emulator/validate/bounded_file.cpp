#include "emulator/validate/bounded_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace coldframe {
namespace {

constexpr std::size_t k_piece = std::size_t{64} << 10;

Error reason() { return usage_error(std::strerror(errno)); }

Result<UniqueFd> open_to_read(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return reason();
  struct stat info {};
  if (::fstat(file.get(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return usage_error("it is a directory");
  }
  return file;
}

// Appends what a read gives; 0 at the end.
Result<std::size_t> read_piece(int fd, std::string& text) {
  std::array<char, k_piece> piece{};
  ssize_t got = 0;
  do {
    got = ::read(fd, piece.data(), piece.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return reason();
  text.append(piece.data(), static_cast<std::size_t>(got));
  return static_cast<std::size_t>(got);
}

}  // namespace

Result<BoundedText> read_bounded(const std::string& path, std::size_t most) {
  Result<UniqueFd> file = open_to_read(path);
  if (!file) return file.error();
  BoundedText out;
  while (out.text.size() <= most) {
    const Result<std::size_t> got = read_piece(file->get(), out.text);
    if (!got) return got.error();
    if (*got == 0) return out;
  }
  struct stat info {};
  const bool size_known = ::fstat(file->get(), &info) == 0 && S_ISREG(info.st_mode);
  out.too_large = size_known ? std::to_string(info.st_size) : fmt::format("more than {}", most);
  return out;
}

Result<void> BoundedLines::open(const std::string& path) {
  Result<UniqueFd> file = open_to_read(path);
  if (!file) return file.error();
  file_ = std::move(*file);
  return {};
}

Result<bool> BoundedLines::fill() {
  const Result<std::size_t> got = read_piece(file_.get(), text_);
  if (!got) return got.error();
  if (*got > total_left_) {
    return usage_error("with it, the golden files have more than 1 GB; split them");
  }
  total_left_ -= *got;
  return *got > 0;
}

Result<std::optional<std::string_view>> BoundedLines::next() {
  std::size_t end = text_.find('\n', at_);
  while (end == std::string::npos && !ended_) {
    text_.erase(0, std::exchange(at_, 0));
    if (text_.size() > longest_line_) {
      return usage_error(
          fmt::format("the line has more than {} MB; is it a golden file?", longest_line_ >> 20));
    }
    const std::size_t searched = text_.size();
    const Result<bool> more = fill();
    if (!more) return more.error();
    ended_ = !*more;
    end = text_.find('\n', searched);
  }
  if (at_ == text_.size()) return std::optional<std::string_view>();
  const std::string_view line =
      std::string_view(text_).substr(at_, std::min(end, text_.size()) - at_);
  at_ = std::min(at_ + line.size() + 1, text_.size());
  return std::optional<std::string_view>(line);
}

}  // namespace coldframe
