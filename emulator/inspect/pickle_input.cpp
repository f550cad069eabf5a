#include "emulator/inspect/pickle_input.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstring>

namespace coldframe::inspect {
namespace {

constexpr std::size_t k_block_bytes = 64 * 1024;
constexpr std::uint64_t k_most_unpacked_bytes = std::uint64_t{512} << 20;

// What unpacks has one thing to do: the next bytes.
class UnpackedInput : public PickleInput {
 public:
  std::size_t read(std::span<char> room) final {
    std::size_t done = 0;
    while (done < room.size()) {
      if (at_ == filled_ && !refill()) break;
      const std::size_t count = std::min(room.size() - done, filled_ - at_);
      std::memcpy(room.data() + done, block_.data() + at_, count);
      at_ += count;
      done += count;
    }
    return done;
  }
  bool skip(std::uint64_t count) final {
    while (count > 0) {
      if (at_ == filled_ && !refill()) return false;
      const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(count, filled_ - at_));
      at_ += step;
      count -= step;
    }
    return true;
  }

 protected:
  UnpackedInput() : block_(k_block_bytes) {}
  // How many bytes came into the block; 0: the end, or damage.
  virtual std::size_t unpack(std::span<char> room) = 0;

 private:
  bool refill() {
    if (total_ >= k_most_unpacked_bytes) return false;
    at_ = 0;
    filled_ = unpack(block_);
    total_ += filled_;
    return filled_ > 0;
  }
  std::vector<char> block_;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t total_ = 0;
};

class ZlibInput final : public UnpackedInput {
 public:
  explicit ZlibInput(const Bytes& file) : file_(file), packed_(k_block_bytes) {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_ZLIB;
  }

 private:
  std::size_t unpack(std::span<char> room) override {
    state_.next_out = reinterpret_cast<std::uint8_t*>(room.data());
    state_.avail_out = static_cast<std::uint32_t>(room.size());
    while (state_.avail_out == room.size() && state_.block_state != ISAL_BLOCK_FINISH) {
      if (state_.avail_in == 0) {
        const std::size_t got = file_.read(at_, packed_);
        if (got == 0) break;
        at_ += got;
        state_.next_in = reinterpret_cast<std::uint8_t*>(packed_.data());
        state_.avail_in = static_cast<std::uint32_t>(got);
      }
      if (isal_inflate(&state_) != ISAL_DECOMP_OK) break;
    }
    return room.size() - state_.avail_out;
  }

  const Bytes& file_;
  std::uint64_t at_ = 0;
  std::vector<char> packed_;
  inflate_state state_{};
};

// All other compressions, by libarchive.
class ArchiveInput final : public UnpackedInput {
 public:
  explicit ArchiveInput(const Bytes& file) : file_(file), packed_(k_block_bytes) {}
  ~ArchiveInput() override { archive_read_free(archive_); }
  ArchiveInput(const ArchiveInput&) = delete;
  ArchiveInput& operator=(const ArchiveInput&) = delete;

  bool open() {
    archive_ = archive_read_new();
    if (archive_ == nullptr) return false;
    // Not those that would start a program.
    archive_read_support_filter_gzip(archive_);
    archive_read_support_filter_bzip2(archive_);
    archive_read_support_filter_xz(archive_);
    archive_read_support_filter_lzma(archive_);
    archive_read_support_filter_zstd(archive_);
    archive_read_support_filter_lz4(archive_);
    archive_read_support_format_raw(archive_);
    const auto next = [](struct archive*, void* self, const void** bytes) -> la_ssize_t {
      auto& input = *static_cast<ArchiveInput*>(self);
      const std::size_t got = input.file_.read(input.at_, input.packed_);
      input.at_ += got;
      *bytes = input.packed_.data();
      return static_cast<la_ssize_t>(got);
    };
    archive_entry* entry = nullptr;
    return archive_read_open(archive_, this, nullptr, next, nullptr) == ARCHIVE_OK &&
           archive_read_next_header(archive_, &entry) == ARCHIVE_OK;
  }

 private:
  std::size_t unpack(std::span<char> room) override {
    const la_ssize_t got = archive_read_data(archive_, room.data(), room.size());
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

  const Bytes& file_;
  std::uint64_t at_ = 0;
  std::vector<char> packed_;
  struct archive* archive_ = nullptr;
};

// RFC 1950: deflate, and a checksum over the two bytes.
bool is_zlib(const std::string& head) {
  const auto first = static_cast<unsigned char>(head[0]);
  const auto second = static_cast<unsigned char>(head[1]);
  return first == 0x78 && (first * 256U + second) % 31 == 0;
}

bool is_packed(const std::string& head) {
  using namespace std::string_view_literals;
  for (const auto magic : {"\x1f\x8b"sv, "BZh"sv,
                           "\xfd"
                           "7zXZ"sv,
                           "\x5d\0\0"sv, "\x28\xb5\x2f\xfd"sv, "\x04\x22\x4d\x18"sv}) {
    if (head.starts_with(magic)) return true;
  }
  return false;
}

}  // namespace

std::optional<std::uint8_t> PickleInput::byte() {
  char byte = 0;
  if (read({&byte, 1}) != 1) return std::nullopt;
  return static_cast<std::uint8_t>(byte);
}

std::optional<std::uint64_t> PickleInput::number(std::size_t bytes) {
  std::array<char, 8> room{};
  bytes = std::min(bytes, room.size());
  if (read(std::span(room).first(bytes)) != bytes) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;)
    value = value << 8U | static_cast<unsigned char>(room[i]);
  return value;
}

std::optional<std::string> PickleInput::piece(std::uint64_t count, std::size_t kept) {
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(count, kept)), '\0');
  if (read(text) != text.size() || !skip(count - text.size())) return std::nullopt;
  return text;
}

std::optional<std::string> PickleInput::line(std::size_t most) {
  std::string text;
  while (text.size() <= most) {
    const auto next = byte();
    if (!next) return std::nullopt;
    if (*next == '\n') return text;
    text += static_cast<char>(*next);
  }
  return std::nullopt;
}

std::size_t PlainPickleInput::read(std::span<char> room) {
  const std::size_t got = file_.read(at_, room);
  at_ += got;
  return got;
}

bool PlainPickleInput::skip(std::uint64_t count) {
  if (at_ > file_.size() || count > file_.size() - at_) return false;
  at_ += count;
  return true;
}

std::unique_ptr<PickleInput> open_pickle_input(const Bytes& file) {
  constexpr std::size_t k_head_bytes = 6;
  const std::string head = file.piece(0, k_head_bytes);
  if (!head.empty() && is_zlib(head)) return std::make_unique<ZlibInput>(file);
  if (head.empty() || !is_packed(head)) return std::make_unique<PlainPickleInput>(file);
  auto input = std::make_unique<ArchiveInput>(file);
  if (!input->open()) return nullptr;
  return input;
}

}  // namespace coldframe::inspect
