// Unpacking what the store does not have yet.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "emulator/image/image_store.hpp"
#include "emulator/image/image_tree.hpp"
#include "emulator/image/layer_unpacker.hpp"
#include "emulator/image/store_layout.hpp"
#include "emulator/image/stored_layer.hpp"

namespace coldframe {
namespace {

std::string layer_name(const ImageSource& source, std::size_t index) {
  return "layer " + std::to_string(index + 1) + " of '" + source.name + "'";
}

Result<void> check(const std::string& name, const Digest& wanted, const Digest& got,
                   const char* what) {
  if (wanted == got) return {};
  return usage_error(name + " is damaged: " + what + " is " + got.text() + ", not " +
                     wanted.text());
}

}  // namespace

// A layer that is there already may yet be damaged in this file, and that is what will be deployed.
Result<void> ImageStore::verify(const ImageSource& source, std::size_t index) const {
  const ImageLayer& layer = source.manifest->layers[index];
  const std::string name = layer_name(source, index);
  auto blob = source.files->open(layer.file);
  if (!blob) return blob.error();
  if (!layer.digest) {
    LayerStream stream(std::move(*blob), name);
    auto digests = stream.finish();
    if (!digests) return digests.error();
    return check(name, layer.diff_id, digests->diff_id, "its diff_id");
  }
  Sha256 hash;
  std::vector<char> bytes(std::size_t{1} << 20);
  for (;;) {
    auto got = (*blob)->read(bytes);
    if (!got) return got.error();
    if (*got == 0) break;
    hash.update(std::span(bytes).first(*got));
  }
  return check(name, *layer.digest, hash.finish(), "its digest");
}

Result<void> ImageStore::unpack(const ImageSource& source, std::size_t index) const {
  const ImageLayer& layer = source.manifest->layers[index];
  const std::string directory = layer_directory(layer.diff_id);
  if (find_layer(directory)) return verify(source, index);
  // Somebody else may be at it; then it is there when the lock is ours.
  const auto turn = lock_file(directory + ".lock", LockKind::alone);
  if (!turn) return turn.error();
  if (find_layer(directory)) return verify(source, index);
  if (!remove_tree(directory)) {
    return host_error("cannot remove '" + directory + "': " + std::strerror(errno));
  }
  auto incoming = IncomingDirectory::make(path_);
  if (!incoming) return incoming.error();
  const std::string draft = incoming->path() + "/layer";
  if (::mkdir(draft.c_str(), 0700) != 0 || ::mkdir((draft + "/fs").c_str(), 0755) != 0) {
    return host_error("cannot make '" + draft + "': " + std::strerror(errno));
  }
  const UniqueFd root(::open((draft + "/fs").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto blob = source.files->open(layer.file);
  if (!blob) return blob.error();
  const std::string name = layer_name(source, index);
  LayerStream stream(std::move(*blob), name);
  UnpackOptions options;
  options.name = name;
  options.rights = rights_;
  auto unpacked = unpack_layer(stream, root.get(), options);
  if (!unpacked) return unpacked.error();
  if (layer.digest) {
    auto ok = check(name, *layer.digest, unpacked->digests.blob, "its digest");
    if (!ok) return ok;
  }
  auto ok = check(name, layer.diff_id, unpacked->digests.diff_id, "its diff_id");
  if (!ok) return ok;
  if (ok = remember_layer(draft, *unpacked); !ok) return ok;
  auto given = incoming->give("layer", directory);
  if (!given) return given.error();
  ::unlink((directory + ".lock").c_str());
  return {};
}

Result<void> ImageStore::unpack_all(const ImageSource& source, const Progress& progress) const {
  std::vector<std::size_t> all;
  const auto& layers = source.manifest->layers;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto same = [&](std::size_t j) { return layers[j].diff_id == layers[i].diff_id; };
    if (std::none_of(all.begin(), all.end(), same)) all.push_back(i);
  }
  // The largest first: it takes longest, and the others go beside it.
  std::stable_sort(all.begin(), all.end(), [&](std::size_t a, std::size_t b) {
    return layers[a].size.value_or(0) > layers[b].size.value_or(0);
  });
  std::mutex mutex;
  std::optional<Error> error;
  std::size_t next = 0;
  ImportProgress state{all.size(), 0};
  const auto work = [&] {
    for (;;) {
      std::size_t index = 0;
      {
        const std::lock_guard lock(mutex);
        if (error || next == all.size()) return;
        index = all[next++];
        if (progress && next == 1) progress(state);
      }
      auto ok = unpack(source, index);
      const std::lock_guard lock(mutex);
      ++state.done;
      if (progress) progress(state);
      if (!ok && !error) error = ok.error();
    }
  };
  // Each has two threads beside it that decode and hash.
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t workers =
      std::clamp<std::size_t>(cores / 2, 1, std::max<std::size_t>(all.size(), 1));
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < workers; ++i)
    threads.emplace_back(work);
  work();
  for (auto& thread : threads)
    thread.join();
  if (error) return *error;
  std::int64_t bytes = 0;
  for (const ImageLayer& layer : layers) {
    if (const auto known = find_layer(layer_directory(layer.diff_id))) bytes += known->bytes;
  }
  if (bytes > image_limits::k_most_image_bytes) {
    return usage_error("'" + source.name + "' has more than the " +
                       std::to_string(image_limits::k_most_image_bytes >> 30) +
                       " GB that Lambda allows for an image (W16)");
  }
  return {};
}

// A directory that a layer does not name, but has something in, gets its owner and mode from the
// layers below. An overlay would take those that it was made with: so the right ones go on top.
Result<void> ImageStore::make_top(const ImageManifest& manifest) const {
  std::vector<std::string> directories;
  std::vector<std::set<std::string>> implicit;
  for (auto layer = manifest.layers.rbegin(); layer != manifest.layers.rend(); ++layer) {
    const std::string directory = layer_directory(layer->diff_id);
    const auto known = find_layer(directory);
    if (!known) return host_error("'" + directory + "' was just removed from the image store");
    directories.push_back(directory + "/fs");
    implicit.emplace_back(known->implicit_directories.begin(), known->implicit_directories.end());
  }
  const ImageTree tree(directories, rights_.trusted_xattr);
  // Whose attributes count: the highest layer that names it; nothing: none does.
  const auto named_by = [&](const std::string& path) -> std::optional<std::size_t> {
    for (const std::size_t i : tree.parts_of("/" + path)) {
      if (!implicit[i].contains(path)) return i;
    }
    return std::nullopt;
  };
  std::map<std::string, std::string> dressed;  // path -> the directory whose attributes count
  for (const auto& paths : implicit) {
    for (const std::string& path : paths) {
      const auto parts = tree.parts_of("/" + path);
      const auto named = named_by(path);
      if (!named || parts.empty() || parts.front() == *named) continue;
      // With those above it, which are on top then, too.
      for (std::string at = path;; at = at.substr(0, std::min(at.rfind('/'), at.size()))) {
        if (const auto by = named_by(at)) dressed[at] = directories[*by] + "/" + at;
        if (at.find('/') == std::string::npos) break;
      }
      if (const auto by = named_by("")) dressed[""] = directories[*by] + "/";
    }
  }
  if (dressed.empty()) return {};
  auto incoming = IncomingDirectory::make(path_);
  if (!incoming) return incoming.error();
  const std::string draft = incoming->path() + "/top";
  if (::mkdir(draft.c_str(), 0755) != 0) {
    return host_error("cannot make '" + draft + "': " + std::strerror(errno));
  }
  const UniqueFd root(::open(draft.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  LayerTree top(root.get(), rights_);
  for (const auto& [path, from] : dressed) {
    struct stat info {};
    if (::lstat(from.c_str(), &info) != 0) continue;
    EntryAttributes attributes;
    attributes.mode = info.st_mode & 07777;
    attributes.owner = info.st_uid;
    attributes.group = info.st_gid;
    attributes.modified = info.st_mtim;
    if (auto ok = top.add_directory(path, attributes); !ok) return ok;
  }
  if (auto ok = top.finish(); !ok) return ok;
  const std::string place = top_directory(manifest.digest);
  if (!remove_tree(place)) {
    return host_error("cannot remove '" + place + "': " + std::strerror(errno));
  }
  auto given = incoming->give("top", place);
  if (!given) return given.error();
  return {};
}

}  // namespace coldframe
