// A file's bytes at any place, as little of it read as is asked for.
//
//   const auto file = FileBytes::open(host_path);
//   if (file) elf = read_elf(*file);
//
// Nothing is trusted: a file may shrink while it is read, and then there are fewer bytes. One
// thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe::inspect {

class Bytes {
 public:
  Bytes() = default;
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  virtual ~Bytes() = default;
  virtual std::uint64_t size() const = 0;
  // How many there were; fewer than wanted only at the end.
  virtual std::size_t read(std::uint64_t offset, std::span<char> room) const = 0;

  // Exactly so many bytes, or an empty text.
  std::string piece(std::uint64_t offset, std::size_t count) const;
  // Up to the next NUL; empty if there is none within `most` bytes.
  std::string text(std::uint64_t offset, std::size_t most) const;
};

class MemoryBytes final : public Bytes {
 public:
  explicit MemoryBytes(std::string_view bytes) : bytes_(bytes) {}  // not copied
  std::uint64_t size() const override { return bytes_.size(); }
  std::size_t read(std::uint64_t offset, std::span<char> room) const override;

 private:
  std::string_view bytes_;
};

class FileBytes final : public Bytes {
 public:
  // Null: it is no regular file or cannot be read.
  static std::unique_ptr<FileBytes> open(const std::string& host_path);
  std::uint64_t size() const override { return size_; }
  std::size_t read(std::uint64_t offset, std::span<char> room) const override;

 private:
  static constexpr std::size_t k_block_bytes = 16 * 1024;
  struct Block {
    std::uint64_t number = UINT64_MAX;
    std::vector<char> bytes;
  };
  FileBytes(UniqueFd file, std::uint64_t size) : file_(std::move(file)), size_(size) {}
  const Block& block(std::uint64_t number) const;

  UniqueFd file_;
  std::uint64_t size_;
  mutable std::array<Block, 4> blocks_;  // those read last
  mutable std::size_t oldest_ = 0;
};

}  // namespace coldframe::inspect
