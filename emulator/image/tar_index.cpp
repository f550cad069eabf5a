#include "emulator/image/tar_index.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

namespace coldframe {
namespace {

constexpr std::size_t k_block = 512;
constexpr std::int64_t k_most_long_text = 64 * 1024;  // of a name, or of a list of attributes
constexpr std::size_t k_most_members = 100'000;
constexpr int k_most_links = 8;

using Block = std::array<char, k_block>;

// A field of a header: text up to a NUL or its end.
std::string_view field(const Block& block, std::size_t at, std::size_t size) {
  const std::string_view all(block.data() + at, size);
  return all.substr(0, all.find('\0'));
}

// Octal digits among blanks, or big-endian binary with the first bit set.
std::optional<std::int64_t> number(const Block& block, std::size_t at, std::size_t size) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(block[at + i]); };
  if ((byte(0) & 0x80) != 0) {
    std::uint64_t value = byte(0) & 0x7F;
    for (std::size_t i = 1; i < size; ++i) {
      if (value >> 54 != 0) return std::nullopt;
      value = value << 8 | byte(i);
    }
    return static_cast<std::int64_t>(value);
  }
  std::string_view text = field(block, at, size);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  text = text.substr(0, text.find(' '));
  std::int64_t value = 0;
  if (text.empty()) return 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool has_right_checksum(const Block& block) {
  constexpr std::size_t k_at = 148;
  constexpr std::size_t k_size = 8;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < k_block; ++i) {
    const bool is_sum = i >= k_at && i < k_at + k_size;
    sum += is_sum ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return number(block, k_at, k_size) == sum;
}

std::string plain_name(std::string_view name) {
  std::string text = std::filesystem::path(name).lexically_normal().generic_string();
  while (text.ends_with('/'))
    text.pop_back();
  return text;
}

// What goes before a header and replaces some of it.
struct Extension {
  std::optional<std::string> name;
  std::optional<std::string> target;
  std::optional<std::int64_t> size;
};

// pax: "LENGTH KEY=VALUE\n", one after the other. False: it is none.
bool read_pax(std::string_view text, Extension& out) {
  while (!text.empty() && text.front() != '\0') {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || length > text.size() || length < digits + 2 ||
        text[digits] != ' ' || text[length - 1] != '\n') {
      return false;
    }
    const std::string_view pair = text.substr(digits + 1, length - digits - 2);
    const auto equals = pair.find('=');
    if (equals == pair.npos) return false;
    const std::string_view key = pair.substr(0, equals);
    const std::string_view value = pair.substr(equals + 1);
    if (key == "path") out.name = value;
    if (key == "linkpath") out.target = value;
    if (key == "size") {
      std::int64_t size = 0;
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), size);
      if (parsed.ec != std::errc() || size < 0) return false;
      out.size = size;
    }
    text.remove_prefix(length);
  }
  return true;
}

class Reader {
 public:
  Reader(int file, std::int64_t size, const std::string& name)
      : file_(file), size_(size), name_(name) {}

  // nullopt: the end of the archive.
  Result<std::optional<Block>> next_header() {
    Block block{};
    // The two blocks of zeros at the end are often forgotten.
    if (at_ >= size_) return std::optional<Block>();
    if (auto ok = read_at(at_, block); !ok) return ok.error();
    at_ += static_cast<std::int64_t>(k_block);
    if (std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; })) {
      return std::optional<Block>();
    }
    if (!has_right_checksum(block)) return not_a_tar();
    return std::optional<Block>(block);
  }

  // Where the content begins; afterwards at the next header.
  Result<std::int64_t> skip_content(std::int64_t size, std::string_view member) {
    const std::int64_t begin = at_;
    if (size > size_ - begin) {
      return usage_error("'" + name_ + "' is cut off in '" + std::string(member) + "': it has " +
                         std::to_string(size_ - begin) + " of " + std::to_string(size) + " bytes");
    }
    constexpr auto k_step = static_cast<std::int64_t>(k_block);
    at_ = begin + (size + k_step - 1) / k_step * k_step;
    return begin;
  }

  Result<std::string> long_text(std::int64_t size) {
    if (size > k_most_long_text) return damaged("a name in it is too long");
    auto begin = skip_content(size, "a long name");
    if (!begin) return begin.error();
    std::string text(static_cast<std::size_t>(size), '\0');
    if (auto ok = read_at(*begin, text); !ok) return ok.error();
    return text;
  }

  Error damaged(const std::string& why) const {
    return usage_error("'" + name_ + "' is damaged: " + why);
  }

 private:
  Error not_a_tar() const {
    if (at_ == static_cast<std::int64_t>(k_block)) {
      return usage_error("'" + name_ + "' is no tar archive");
    }
    return damaged("no tar header at byte " + std::to_string(at_ - 512));
  }

  template <typename Bytes>
  Result<void> read_at(std::int64_t at, Bytes& bytes) {
    for (std::size_t filled = 0; filled < bytes.size();) {
      const ssize_t got = ::pread(file_, bytes.data() + filled, bytes.size() - filled,
                                  at + static_cast<std::int64_t>(filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return host_error("cannot read '" + name_ + "': " + std::strerror(errno));
      if (got == 0) return usage_error("'" + name_ + "' is cut off in a tar header");
      filled += static_cast<std::size_t>(got);
    }
    return {};
  }

  int file_;
  std::int64_t size_;
  const std::string& name_;
  std::int64_t at_ = 0;
};

TarMember::Kind kind_of(char type) {
  switch (type) {
    case '0':
    case '\0':
    case '7':
      return TarMember::Kind::file;
    case '1':
    case '2':
      return TarMember::Kind::link;
    case '5':
      return TarMember::Kind::directory;
    default:
      return TarMember::Kind::other;
  }
}

}  // namespace

Result<TarIndex> TarIndex::read(int file, std::int64_t size, const std::string& name) {
  constexpr std::size_t k_type_at = 156;
  TarIndex index;
  Reader reader(file, size, name);
  Extension extension;
  for (;;) {
    auto header = reader.next_header();
    if (!header) return header.error();
    if (!*header) return index;
    const Block& block = **header;
    const char type = block[k_type_at];
    const auto own_size = number(block, 124, 12);
    if (!own_size) return reader.damaged("a size in it is no number");
    if (type == 'L' || type == 'K' || type == 'x' || type == 'g') {
      auto text = reader.long_text(*own_size);
      if (!text) return text.error();
      if (type == 'L') extension.name = text->substr(0, text->find('\0'));
      if (type == 'K') extension.target = text->substr(0, text->find('\0'));
      if (type == 'x' && !read_pax(*text, extension)) {
        return reader.damaged("a pax header in it is none");
      }
      continue;
    }
    std::string member_name(field(block, 0, 100));
    const bool has_prefix =
        std::string_view(block.data() + 257, 6) == std::string_view("ustar\0", 6);
    if (const auto prefix = field(block, 345, 155); has_prefix && !prefix.empty()) {
      member_name = std::string(prefix) + "/" + member_name;
    }
    if (extension.name) member_name = *extension.name;
    TarMember member;
    member.kind = kind_of(type);
    member.target = extension.target.value_or(std::string(field(block, 157, 100)));
    // A relative symbolic link counts from the directory that it is in.
    if (type == '2' && !member.target.starts_with('/')) {
      const auto directory = std::filesystem::path(member_name).parent_path();
      member.target = (directory / member.target).generic_string();
    }
    member.target = plain_name(member.target);
    member.size = extension.size.value_or(*own_size);
    if (member.kind == TarMember::Kind::link || member.kind == TarMember::Kind::directory) {
      member.size = 0;
    }
    auto begin = reader.skip_content(member.size, member_name);
    if (!begin) return begin.error();
    member.offset = *begin;
    extension = {};
    if (index.members_.size() >= k_most_members) return reader.damaged("it has too many members");
    index.members_.insert_or_assign(plain_name(member_name), std::move(member));
  }
}

const TarMember* TarIndex::find(std::string_view name) const {
  std::string wanted = plain_name(name);
  for (int links = 0; links <= k_most_links; ++links) {
    const auto found = members_.find(wanted);
    if (found == members_.end()) return nullptr;
    if (found->second.kind == TarMember::Kind::file) return &found->second;
    if (found->second.kind != TarMember::Kind::link) return nullptr;
    wanted = found->second.target;
  }
  return nullptr;
}

}  // namespace coldframe
