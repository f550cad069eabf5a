#include "emulator/image/image_files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "emulator/image/decompress.hpp"
#include "emulator/image/image_limits.hpp"
#include "emulator/image/tar_index.hpp"

namespace coldframe {
namespace {

Error no_such_file(const std::string& image, const std::string& file) {
  return usage_error("'" + image + "' is incomplete: it has no '" + file + "'");
}

// A layout may come from anywhere: its links lead nowhere else.
UniqueFd open_below(int directory, const std::string& file) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(
      static_cast<int>(::syscall(SYS_openat2, directory, file.c_str(), &how, sizeof(how))));
}

class DirectoryFiles final : public ImageFiles {
 public:
  DirectoryFiles(std::string name, UniqueFd directory)
      : ImageFiles(std::move(name)), directory_(std::move(directory)) {}

  std::optional<std::int64_t> size_of(const std::string& file) const override {
    const UniqueFd fd = open_below(directory_.get(), file);
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
    return info.st_size;
  }

  Result<std::unique_ptr<ByteSource>> open(const std::string& file) const override {
    UniqueFd fd = open_below(directory_.get(), file);
    struct stat info {};
    if (!fd && errno != ENOENT && errno != ENOTDIR && errno != EXDEV && errno != ELOOP) {
      return host_error("cannot read '" + file + "' of '" + name_ + "': " + std::strerror(errno));
    }
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return no_such_file(name_, file);
    }
    std::unique_ptr<ByteSource> source = std::make_unique<RangeSource>(
        std::make_shared<const UniqueFd>(std::move(fd)), 0, info.st_size, file);
    return source;
  }

 private:
  UniqueFd directory_;
};

class TarFiles final : public ImageFiles {
 public:
  TarFiles(std::string name, UniqueFd file, TarIndex index)
      : ImageFiles(std::move(name)),
        file_(std::make_shared<const UniqueFd>(std::move(file))),
        index_(std::move(index)) {}

  std::optional<std::int64_t> size_of(const std::string& file) const override {
    const TarMember* member = index_.find(file);
    return member != nullptr ? std::optional(member->size) : std::nullopt;
  }

  Result<std::unique_ptr<ByteSource>> open(const std::string& file) const override {
    const TarMember* member = index_.find(file);
    if (member == nullptr) return no_such_file(name_, file);
    std::unique_ptr<ByteSource> source =
        std::make_unique<RangeSource>(file_, member->offset, member->size, file);
    return source;
  }

 private:
  std::shared_ptr<const UniqueFd> file_;
  TarIndex index_;
};

Result<void> write_all(int file, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      return host_error(std::string("cannot write the archive down in the image store: ") +
                        std::strerror(errno));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

// A file without a name that holds what `source` says.
Result<UniqueFd> write_down(ByteSource& source, const std::string& name, const MakeSpool& spool) {
  auto file = spool();
  if (!file) return file;
  constexpr std::size_t k_step = 1 << 20;
  std::vector<char> bytes(k_step);
  std::int64_t total = 0;
  for (;;) {
    auto got = source.read(bytes);
    if (!got) return got.error();
    if (*got == 0) return file;
    total += static_cast<std::int64_t>(*got);
    if (total > image_limits::k_most_archive_bytes) {
      return usage_error("'" + name + "' is larger than " +
                         std::to_string(image_limits::k_most_archive_bytes >> 30) +
                         " GB: no image that Lambda takes is");
    }
    if (auto ok = write_all(file->get(), std::span(bytes).first(*got)); !ok) return ok.error();
  }
}

bool is_compressed(int file) {
  unsigned char head[4]{};
  const ssize_t got = ::pread(file, head, sizeof(head), 0);
  const std::string_view bytes(reinterpret_cast<const char*>(head),
                               got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes.starts_with("\x1F\x8B") || bytes.starts_with("\x28\xB5\x2F\xFD") ||
         bytes.starts_with("BZh") || bytes.starts_with("\xFD\x37z") ||
         bytes.starts_with("\x04\x22\x4D\x18");
}

}  // namespace

Result<std::string> ImageFiles::read_small(const std::string& file, std::size_t most) const {
  auto source = open(file);
  if (!source) return source.error();
  return read_all(**source, most, "'" + file + "' of '" + name_ + "'");
}

Result<std::unique_ptr<ImageFiles>> open_image_files(const std::string& path,
                                                     const MakeSpool& spool) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "standard input" : path;
  UniqueFd file(is_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                         : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) {
    const bool is_missing = errno == ENOENT || errno == ENOTDIR;
    return Error{is_missing ? ExitCode::usage : ExitCode::emulator_failed,
                 "cannot read image '" + name + "': " + std::strerror(errno)};
  }
  std::unique_ptr<ImageFiles> files;
  if (S_ISDIR(info.st_mode)) {
    files = std::make_unique<DirectoryFiles>(name, std::move(file));
    return files;
  }
  // A file on standard input may be read from its middle on: as a stream then.
  const bool is_stream = is_stdin || !S_ISREG(info.st_mode);
  if (is_stream || is_compressed(file.get())) {
    auto shared = std::make_shared<const UniqueFd>(std::move(file));
    std::unique_ptr<ByteSource> source;
    if (is_stream) {
      source = std::make_unique<StreamSource>(shared, name);
    } else {
      source = std::make_unique<RangeSource>(shared, 0, info.st_size, name);
    }
    auto plain = decompressed(std::move(source), name);
    if (!plain) return plain.error();
    auto written = write_down(**plain, name, spool);
    if (!written) return written.error();
    file = std::move(*written);
    if (::fstat(file.get(), &info) != 0) {
      return host_error("cannot look at '" + name + "': " + std::strerror(errno));
    }
  }
  if (info.st_size == 0) return usage_error("'" + name + "' is empty");
  auto index = TarIndex::read(file.get(), info.st_size, name);
  if (!index) return index.error();
  files = std::make_unique<TarFiles>(name, std::move(file), std::move(*index));
  return files;
}

}  // namespace coldframe
