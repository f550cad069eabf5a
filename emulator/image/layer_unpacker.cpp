#include "emulator/image/layer_unpacker.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

namespace coldframe {
namespace {

constexpr std::string_view k_whiteout = ".wh.";
constexpr std::string_view k_opaque = ".wh..wh..opq";

struct FreeArchive {
  void operator()(archive* reader) const { ::archive_read_free(reader); }
};
using Archive = std::unique_ptr<archive, FreeArchive>;

// Names are bytes. libarchive takes them for text of the locale, and drops what that cannot write.
class Utf8Locale {
 public:
  Utf8Locale() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = ::uselocale(utf8_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;
  ~Utf8Locale() {
    if (utf8_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(utf8_);
  }

 private:
  locale_t utf8_;
  locale_t before_{};
};

// What libarchive reads from.
struct Input {
  LayerStream& stream;
  LayerStream::Block block;  // that it is reading
  std::optional<Error> error;

  static la_ssize_t read(archive*, void* data, const void** bytes) {
    auto& input = *static_cast<Input*>(data);
    auto next = input.stream.next();
    if (!next) {
      input.error = next.error();
      return ARCHIVE_FATAL;
    }
    input.block = std::move(*next);
    if (!input.block) return 0;
    *bytes = input.block->data();
    return static_cast<la_ssize_t>(input.block->size());
  }
};

class Unpacker {
 public:
  Unpacker(LayerStream& stream, int directory, const UnpackOptions& options)
      : options_(options),
        input_{stream, {}, {}},
        tree_(directory, options.rights),
        reader_(::archive_read_new()) {}

  Result<UnpackedLayer> run() {
    const Utf8Locale utf8;
    if (!reader_ || ::archive_read_support_format_tar(reader_.get()) != ARCHIVE_OK ||
        ::archive_read_open(reader_.get(), &input_, nullptr, Input::read, nullptr) < ARCHIVE_WARN) {
      return reading_failed();
    }
    for (;;) {
      archive_entry* entry = nullptr;
      const int result = ::archive_read_next_header(reader_.get(), &entry);
      if (result == ARCHIVE_EOF) break;
      if (result < ARCHIVE_WARN) return reading_failed();
      if (++unpacked_.entries > options_.most_entries) {
        return usage_error(options_.name + " has more than " +
                           std::to_string(options_.most_entries) + " entries");
      }
      if (auto ok = add(entry); !ok) return with_name(ok.error());
    }
    auto digests = input_.stream.finish();
    if (!digests) return digests.error();
    if (auto ok = tree_.finish(); !ok) return with_name(ok.error());
    unpacked_.digests = *digests;
    unpacked_.implicit_directories = tree_.implicit_directories();
    return std::move(unpacked_);
  }

 private:
  // Of the layer, so that one knows which.
  Error with_name(Error error) const {
    const bool has_name = error.message.starts_with(options_.name);
    if (error.code == ExitCode::usage && !has_name)
      error.message = options_.name + ": " + error.message;
    return error;
  }

  Error reading_failed() {
    if (input_.error) return *input_.error;
    const char* why = reader_ ? ::archive_error_string(reader_.get()) : nullptr;
    return usage_error(options_.name + " is damaged: " + (why != nullptr ? why : "no tar file"));
  }

  static EntryAttributes attributes_of(archive_entry* entry) {
    EntryAttributes out;
    out.mode = ::archive_entry_perm(entry);
    out.owner = static_cast<uid_t>(::archive_entry_uid(entry));
    out.group = static_cast<gid_t>(::archive_entry_gid(entry));
    out.modified = {::archive_entry_mtime(entry), ::archive_entry_mtime_nsec(entry)};
    ::archive_entry_xattr_reset(entry);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (::archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
      if (size > image_limits::k_most_xattr_bytes) continue;  // the kernel takes none of that size
      out.xattrs.emplace_back(name, std::string(static_cast<const char*>(value), size));
    }
    return out;
  }

  Result<void> add(archive_entry* entry) {
    const char* name = ::archive_entry_pathname(entry);
    if (name == nullptr) return usage_error("an entry has no name");
    auto path = plain_entry_name(name);
    if (!path) return path.error();
    constexpr std::int64_t k_most_number = 0xFFFFFFFE;  // of a user or a group
    if (::archive_entry_uid(entry) < 0 || ::archive_entry_uid(entry) > k_most_number ||
        ::archive_entry_gid(entry) < 0 || ::archive_entry_gid(entry) > k_most_number) {
      return usage_error("'" + *path + "' has no possible owner");
    }
    const auto slash = path->rfind('/');
    const std::string above = slash == std::string::npos ? "" : path->substr(0, slash);
    const std::string last = slash == std::string::npos ? *path : path->substr(slash + 1);
    if (last.starts_with(k_whiteout)) return add_removal(above, last);
    if (const char* target = ::archive_entry_hardlink(entry)) {
      auto other = plain_entry_name(target);
      if (!other) return other.error();
      return tree_.add_hard_link(*path, *other);
    }
    const EntryAttributes attributes = attributes_of(entry);
    const auto type = ::archive_entry_filetype(entry);
    if (path->empty() && type != AE_IFDIR) return usage_error("its root is no directory");
    switch (type) {
      case AE_IFDIR:
        return tree_.add_directory(*path, attributes);
      case AE_IFREG:
        return add_file(entry, *path, attributes);
      case AE_IFLNK: {
        const char* target = ::archive_entry_symlink(entry);
        if (target == nullptr || *target == '\0') {
          return usage_error("'" + *path + "' is a link to nothing");
        }
        return tree_.add_symlink(*path, attributes, target);
      }
      case AE_IFIFO:
        return tree_.add_fifo(*path, attributes);
      default:
        ++unpacked_.devices;
        return {};
    }
  }

  // Source: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
  Result<void> add_removal(const std::string& above, const std::string& last) {
    if (last == k_opaque) return tree_.make_opaque(above);
    const std::string name = last.substr(k_whiteout.size());
    if (name.starts_with(k_whiteout)) return {};  // the own notes of an older file system (aufs)
    if (name.empty() || name == "." || name == "..") {
      return usage_error("'" + last + "' removes nothing that can be");
    }
    return tree_.add_whiteout(above.empty() ? name : above + "/" + name);
  }

  Result<void> add_file(archive_entry* entry, const std::string& path,
                        const EntryAttributes& attributes) {
    const std::int64_t size = ::archive_entry_size_is_set(entry) != 0
                                  ? static_cast<std::int64_t>(::archive_entry_size(entry))
                                  : 0;
    if (size < 0) return usage_error("'" + path + "' has no possible size");
    if (size > options_.most_bytes - unpacked_.bytes) {
      return usage_error("it has more than the " +
                         std::to_string(image_limits::k_most_image_bytes >> 30) +
                         " GB that Lambda allows for an image (W16)");
    }
    unpacked_.bytes += size;
    return tree_.add_file(path, attributes,
                          [&](int file) { return write_content(file, path, size); });
  }

  Result<void> write_content(int file, const std::string& path, std::int64_t size) {
    std::int64_t end = 0;
    for (;;) {
      const void* bytes = nullptr;
      std::size_t count = 0;
      la_int64_t at = 0;
      const int result = ::archive_read_data_block(reader_.get(), &bytes, &count, &at);
      if (result == ARCHIVE_EOF) break;
      if (result < ARCHIVE_WARN) return reading_failed();
      if (auto ok = put(file, static_cast<const char*>(bytes), count, at, path); !ok) return ok;
      end = at + static_cast<std::int64_t>(count);
    }
    // A hole at the end has no block.
    if (end != size && ::ftruncate(file, size) != 0) return cannot_write(path);
    return {};
  }

  static Error cannot_write(const std::string& path) {
    return host_error("cannot write '" + path + "' in the image store: " + std::strerror(errno));
  }

  static Result<void> put(int file, const char* bytes, std::size_t count, std::int64_t at,
                          const std::string& path) {
    while (count > 0) {
      const ssize_t done = ::pwrite(file, bytes, count, at);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return cannot_write(path);
      bytes += done;
      count -= static_cast<std::size_t>(done);
      at += done;
    }
    return {};
  }

  const UnpackOptions& options_;
  Input input_;
  LayerTree tree_;
  Archive reader_;
  UnpackedLayer unpacked_;
};

}  // namespace

Result<UnpackedLayer> unpack_layer(LayerStream& stream, int directory,
                                   const UnpackOptions& options) {
  return Unpacker(stream, directory, options).run();
}

Result<std::string> plain_entry_name(std::string_view name) {
  if (name.size() > image_limits::k_most_path_bytes) {
    return usage_error("a name in it has " + std::to_string(name.size()) + " bytes");
  }
  std::string path;
  std::size_t depth = 0;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      return usage_error("'" + std::string(name) + "' could lead out of it");
    }
    constexpr std::size_t k_most_part = 255;  // bytes, as file systems have it
    if (part.size() > k_most_part) {
      return usage_error("a name in it has a part of " + std::to_string(part.size()) + " bytes");
    }
    if (++depth > image_limits::k_most_depth) {
      return usage_error("it has directories that are nested more than " +
                         std::to_string(image_limits::k_most_depth) + " deep");
    }
    path += (path.empty() ? "" : "/");
    path += part;
  }
  return path;
}

}  // namespace coldframe
