// The files that an image is made of, by the names that they have for each other: "index.json",
// "blobs/sha256/…", "manifest.json".
//
//   auto files = open_image_files("scoring.tar", spool);      // or a directory, or "-"
//   auto text = (*files)->read_small("index.json", 4 << 20);
//
// A directory (OCI image layout), or a tar file of one or of `docker save`; what is compressed, or
// comes through a pipe, is written down first, to a file without a name. Safe to read from several
// threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "emulator/image/byte_source.hpp"

namespace coldframe {

class ImageFiles {
 public:
  ImageFiles() = default;
  ImageFiles(const ImageFiles&) = delete;
  ImageFiles& operator=(const ImageFiles&) = delete;
  virtual ~ImageFiles() = default;

  // For messages: what the user has typed.
  const std::string& name() const { return name_; }
  bool has(const std::string& file) const { return size_of(file).has_value(); }
  // Bytes; nothing: there is no such file.
  virtual std::optional<std::int64_t> size_of(const std::string& file) const = 0;
  // Error: 2, there is none.
  virtual Result<std::unique_ptr<ByteSource>> open(const std::string& file) const = 0;
  // A document, of at most so many bytes.
  Result<std::string> read_small(const std::string& file, std::size_t most) const;

 protected:
  explicit ImageFiles(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

// What is written down there while it is read: an empty file of the store's, open for both, that
// nobody else sees and that is gone when it is closed.
using MakeSpool = std::function<Result<UniqueFd>()>;

// `path`: a directory, a file or "-" for standard input. Errors: 2, it is no such thing, is damaged
// or larger than an image may be; 4, it cannot be read or written down.
Result<std::unique_ptr<ImageFiles>> open_image_files(const std::string& path,
                                                     const MakeSpool& spool);

}  // namespace coldframe
