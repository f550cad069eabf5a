#include "emulator/image/image_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "emulator/base/user_cache.hpp"
#include "emulator/image/store_layout.hpp"
#include "emulator/image/stored_layer.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[32]{};
  ::gmtime_r(&now, &parts);
  (void)std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// What stat() tells of a file that does not change: its content has not, either. Of a layout its
// index, which names all else by digest. Empty: it may be another one each time.
std::string identity_of(const std::string& source, const ImageChoice& choice) {
  if (source == "-") return "";
  struct stat info {};
  if (::stat(source.c_str(), &info) != 0) return "";
  if (S_ISDIR(info.st_mode) && ::stat((source + "/index.json").c_str(), &info) != 0 &&
      ::stat((source + "/manifest.json").c_str(), &info) != 0) {
    return "";
  }
  if (!S_ISREG(info.st_mode)) return "";
  std::string text;
  for (const auto number :
       {static_cast<std::int64_t>(info.st_dev), static_cast<std::int64_t>(info.st_ino),
        static_cast<std::int64_t>(info.st_size), static_cast<std::int64_t>(info.st_mtim.tv_sec),
        static_cast<std::int64_t>(info.st_mtim.tv_nsec),
        static_cast<std::int64_t>(info.st_ctim.tv_sec),
        static_cast<std::int64_t>(info.st_ctim.tv_nsec)})
    text += std::to_string(number) + " ";
  return text + choice.architecture + " " + choice.reference;
}

}  // namespace

std::string default_store() {
  const char* given = std::getenv("COLDFRAME_STORE");
  if (given != nullptr && *given != '\0') return given;
  const std::string cache = user_cache_directory();
  return cache.empty() ? "" : cache + "/images";
}

ImageStore::ImageStore(std::string path, LayerRights rights)
    : path_(std::move(path)), rights_(rights), kind_(kind_name(rights)) {}

Result<ImageStore> ImageStore::open(const std::string& path) {
  if (path.empty()) {
    return host_error("no directory for the image store; set COLDFRAME_STORE to one");
  }
  std::error_code error;
  const std::string absolute = fs::absolute(path, error).lexically_normal().string();
  fs::create_directories(absolute + "/incoming", error);
  if (error)
    return host_error("cannot make the image store '" + absolute + "': " + error.message());
  fs::permissions(absolute, fs::perms::owner_all, error);
  sweep_incoming(absolute);
  auto probe = IncomingDirectory::make(absolute);
  if (!probe) return probe.error();
  ImageStore store(absolute, rights_in(probe->path()));
  for (const char* directory : {"layers-", "images-", "sources-"}) {
    fs::create_directories(absolute + "/" + directory + store.kind_, error);
    if (error) {
      return host_error("cannot make the image store '" + absolute + "': " + error.message());
    }
  }
  return store;
}

std::string ImageStore::layer_directory(const Digest& diff_id) const {
  return path_ + "/layers-" + kind_ + "/" + diff_id.hex();
}
std::string ImageStore::image_file(const Digest& image) const {
  return path_ + "/images-" + kind_ + "/" + image.hex() + ".json";
}
std::string ImageStore::top_directory(const Digest& image) const {
  return path_ + "/images-" + kind_ + "/" + image.hex() + ".top";
}
std::string ImageStore::source_file(const std::string& identity) const {
  return path_ + "/sources-" + kind_ + "/" + sha256_of(identity).hex();
}

Result<UniqueFd> ImageStore::make_spool() const {
  UniqueFd file(::open((path_ + "/incoming").c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file && (errno == EOPNOTSUPP || errno == EISDIR)) {
    std::string name = path_ + "/incoming/spool-XXXXXX";
    file.reset(::mkostemp(name.data(), O_CLOEXEC));
    if (file) ::unlink(name.c_str());
  }
  if (!file) {
    return host_error("cannot write in the image store '" + path_ + "': " + std::strerror(errno));
  }
  return file;
}

Result<ImageSource> ImageStore::open_source(const std::string& source,
                                            const ImageChoice& choice) const {
  ImageSource out;
  out.name = source == "-" ? "standard input" : source;
  out.identity = identity_of(source, choice);
  if (!out.identity.empty()) {
    if (const auto digest = Digest::parse(get_file(source_file(out.identity)), "")) {
      if (auto image = find(*digest)) {
        out.known = *digest;
        out.manifest = std::move(image->manifest);
        return out;
      }
    }
  }
  auto files = open_image_files(source, [this] { return make_spool(); });
  if (!files) return files.error();
  auto manifest = read_image(**files, choice);
  if (!manifest) return manifest.error();
  out.files = std::move(*files);
  out.manifest = std::move(*manifest);
  return out;
}

std::optional<StoredImage> ImageStore::find(const Digest& image) const {
  const std::string file = image_file(image);
  if (::access(file.c_str(), F_OK) != 0) return std::nullopt;
  auto held = lock_file(file, LockKind::shared, false);
  if (!held || !*held) return std::nullopt;  // it is being removed
  auto manifest = from_record(get_file(file));
  if (!manifest || manifest->digest != image) return std::nullopt;
  StoredImage stored;
  for (const ImageLayer& layer : manifest->layers) {
    const auto known = find_layer(layer_directory(layer.diff_id));
    if (!known) return std::nullopt;
    stored.layers.push_back({layer_directory(layer.diff_id) + "/fs", known->bytes, known->entries});
    stored.bytes += known->bytes;
  }
  if (const std::string top = top_directory(image); ::access(top.c_str(), F_OK) == 0) {
    stored.top = top;
  }
  stored.manifest = std::move(*manifest);
  stored.has_owners = rights_.set_owners;
  stored.has_trusted_xattrs = rights_.trusted_xattr;
  // By its time one sees when it was used last.
  ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
  stored.in_use = std::make_shared<const UniqueFd>(std::move(*held));
  return stored;
}

Result<ImageSource> ImageStore::fetch_source(const ImageName& name,
                                             const ImageChoice& choice) const {
  ImageSource out;
  out.name = std::string(to_text(name.tool)) + ":" + name.name;
  if (const auto id = image_id(name)) {
    if (auto image = find(*id)) {
      out.known = *id;
      out.manifest = std::move(image->manifest);
      return out;
    }
  }
  auto incoming = IncomingDirectory::make(path_);
  if (!incoming) return incoming.error();
  auto place = std::make_shared<const IncomingDirectory>(std::move(*incoming));
  const auto path = save_image(name, place->path(), choice.architecture);
  if (!path) return path.error();
  auto opened = open_source(*path, {.architecture = choice.architecture});
  if (!opened) return opened.error();
  out.files = std::move(opened->files);
  out.manifest = std::move(opened->manifest);
  out.place = std::move(place);
  return out;
}

Result<StoredImage> ImageStore::import(ImageSource& source, const Progress& progress) const {
  const auto removes = lock_file(path_ + "/import.lock", LockKind::shared);
  if (!removes) return removes.error();
  const ImageManifest& manifest = *source.manifest;
  auto stored = find(manifest.digest);
  if (!stored && source.files == nullptr) {
    return host_error("'" + source.name + "' was just removed from the image store; try once more");
  }
  if (source.files != nullptr) {
    if (auto ok = unpack_all(source, progress); !ok) return ok.error();
  }
  if (!stored) {
    if (auto ok = make_top(manifest); !ok) return ok.error();
    auto ok = put_file(image_file(manifest.digest), to_record(manifest, now_text()));
    if (!ok) return ok.error();
    stored = find(manifest.digest);
    if (!stored) return host_error("what was put into the image store '" + path_ + "' is gone");
  }
  if (!source.identity.empty() && !source.known) {
    // Without it the next start reads the file once more: nothing to fail for.
    (void)put_file(source_file(source.identity), manifest.digest.text());
  }
  return std::move(*stored);
}

}  // namespace coldframe
