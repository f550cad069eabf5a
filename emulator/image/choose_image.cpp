#include <sys/utsname.h>

#include <algorithm>
#include <set>

#include "emulator/image/image_reading.hpp"

namespace coldframe {
namespace {

// Of "registry:5000/team/scoring:1" the part before its tag.
std::string_view repository_of(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto colon = name.rfind(':');
  const bool has_tag = colon != name.npos && (slash == name.npos || colon > slash);
  return has_tag ? name.substr(0, colon) : name;
}

bool is_end_of(std::string_view name, std::string_view end) {
  return name == end || (name.size() > end.size() && name.ends_with(end) &&
                         name[name.size() - end.size() - 1] == '/');
}

// What a user may type to mean each of them.
std::string list_of(const std::vector<NamedImage>& images, const std::vector<std::size_t>& which,
                    const std::string& file) {
  constexpr std::size_t k_most = 8;
  std::string text;
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (i == k_most) return text + ", and " + std::to_string(which.size() - i) + " more";
    const NamedImage& image = images[which[i]];
    text += (text.empty() ? "" : ", ") + file + ":" +
            (image.names.empty() ? image.digest.text() : image.names.front());
  }
  return text;
}

[[noreturn]] void fail(std::string message) {
  throw DocumentFault{usage_error(std::move(message))};
}

}  // namespace

bool is_meant(const std::string& name, const std::string& reference) {
  if (reference.empty()) return false;
  const std::string_view repository = repository_of(name);
  const std::string_view tag = std::string_view(name).substr(repository.size());
  if (is_end_of(name, reference)) return true;
  if (tag == ":" + reference) return true;
  return repository_of(reference) == reference && is_end_of(repository, reference);
}

std::string wanted_architecture(const ImageChoice& choice) {
  if (!choice.architecture.empty()) return choice.architecture;
  utsname host{};
  const std::string machine = ::uname(&host) == 0 ? host.machine : "";
  return machine == "aarch64" ? "arm64" : "amd64";
}

std::string lambda_architecture(const std::string& oci) { return oci == "amd64" ? "x86_64" : oci; }

std::string oci_architecture(const std::string& lambda) {
  return lambda == "x86_64" ? "amd64" : lambda;
}

std::size_t choose_image(const std::vector<NamedImage>& images, const ImageChoice& choice,
                         const std::string& file) {
  if (images.empty()) fail("'" + file + "' has no image in it");
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const NamedImage& image = images[i];
    const bool is_this =
        choice.reference.empty() || image.digest.text() == choice.reference ||
        std::any_of(image.names.begin(), image.names.end(),
                    [&](const std::string& name) { return is_meant(name, choice.reference); });
    if (is_this) left.push_back(i);
  }
  if (left.empty()) {
    for (std::size_t i = 0; i < images.size(); ++i)
      left.push_back(i);
    fail("'" + file + "' has no image '" + choice.reference + "'; it has " +
         list_of(images, left, file));
  }
  const auto is_same = [&](std::size_t i) {
    return !images[i].digest.empty() && images[i].digest == images[left.front()].digest;
  };
  if (std::all_of(left.begin(), left.end(), is_same) || left.size() == 1) return left.front();
  // One for each platform, side by side.
  const std::string wanted = wanted_architecture(choice);
  std::vector<std::size_t> fitting;
  std::copy_if(left.begin(), left.end(), std::back_inserter(fitting),
               [&](std::size_t i) { return images[i].architecture == wanted; });
  if (fitting.size() == 1) return fitting.front();
  fail("'" + file + "' has " + std::to_string(left.size()) + " images" +
       (choice.reference.empty() ? "" : " that are called '" + choice.reference + "'") +
       "; name one: " + list_of(images, left, file));
}

}  // namespace coldframe
