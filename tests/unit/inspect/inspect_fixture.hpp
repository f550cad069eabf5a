// A tiny image of a Python function in which nothing is wrong, for tests that each break one thing.
//
//   class Libraries : public InspectTest {};
//   TEST_F(Libraries, …) { file("/usr/lib/libx.so", make_elf({…})); EXPECT_EQ(ids(), "W15 error");
//   }
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "emulator/inspect/inspection.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/inspect/elf_maker.hpp"

namespace coldframe::testing {

class InspectTest : public ::testing::Test {
 protected:
  static constexpr const char* k_python = "/usr/local/bin/python3.11";
  static constexpr const char* k_site = "/usr/local/lib/python3.11/site-packages";

  InspectTest() {
    add_layer();
    for (const char* path : {"/tmp", "/var/task", "/opt"})
      directory(path);
    file("/lib64/ld-linux-x86-64.so.2", make_elf({.soname = "ld-linux-x86-64.so.2"}), 0755);
    file("/lib64/libc.so.6", make_elf({.soname = "libc.so.6",
                                       .gives = {"libc.so.6", "GLIBC_2.2.5", "GLIBC_2.9",
                                                 "GLIBC_2.34", "GLIBC_PRIVATE"}}));
    file("/bin/sh", program(), 0755);
    file(k_python, program(), 0755);
    link("/usr/local/bin/python3", "python3.11");
    file("/usr/local/lib/python3.11/os.py", "name = 'posix'\n");
    file(std::string(k_site) + "/awslambdaric/__init__.py", "");
    file("/var/task/app.py", "import json\n\ndef handler(event, context):\n    return event\n");
    ImageConfig& image = manifest.config;
    image.entry_point = {k_python, "-m", "awslambdaric"};
    image.command = {"app.handler"};
    image.working_directory = "/var/task";
    image.architecture = "amd64";
    image.os = "linux";
  }

  static std::string program() {
    return make_elf({.interpreter = "/lib64/ld-linux-x86-64.so.2",
                     .needed = {"libc.so.6"},
                     .wants = {{"libc.so.6", {{"GLIBC_2.34", false}}}}});
  }

  void add_layer() {
    layers.push_back(place.path() + "/layer" + std::to_string(layers.size()));
    std::filesystem::create_directory(layers.back());
    ::chmod(layers.back().c_str(), 0755);
  }
  // These write into the highest layer.
  void directory(const std::string& path, mode_t mode = 0755) {
    for (auto at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
      make_directory(path.substr(0, at));
    make_directory(path);
    ::chmod(host(path).c_str(), mode);
  }
  void file(const std::string& path, const std::string& text, mode_t mode = 0644) {
    directory_of(path);
    std::filesystem::remove(host(path));
    std::ofstream(host(path), std::ios::binary) << text;
    ::chmod(host(path).c_str(), mode);
  }
  void link(const std::string& path, const std::string& target) {
    directory_of(path);
    std::filesystem::create_symlink(target, host(path));
  }
  void remove(const std::string& path) { std::filesystem::remove_all(host(path)); }
  std::string host(const std::string& path) const { return layers.back() + path; }

  // A package with its dist-info, as pip leaves it.
  void package(const std::string& module, const std::string& name, const std::string& version,
               const std::string& requires_line = "") {
    const std::string site(k_site);
    file(site + "/" + module + "/__init__.py", "");
    const std::string info = site + "/" + module + "-" + version + ".dist-info";
    file(info + "/METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version +
                                 "\n" + requires_line + "\n");
    file(info + "/RECORD", module + "/__init__.py,,\n");
  }

  inspect::Inspection inspection() {
    StoredImage image;
    image.manifest = manifest;
    for (const std::string& layer : layers) {
      std::int64_t bytes = 0;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(layer)) {
        if (entry.is_regular_file() && !entry.is_symlink())
          bytes += static_cast<std::int64_t>(entry.file_size());
      }
      image.layers.push_back({layer, bytes + extra_bytes, 1});
      image.manifest.layers.push_back({});
    }
    const auto subject = inspect::of_image(image, "image.tar", config, architecture_given);
    return inspect::inspect_subject(subject);
  }
  // "W12 error, W13 error".
  static std::string ids(const inspect::Findings& findings) {
    std::string text;
    for (const auto& one : findings)
      text += (text.empty() ? "" : ", ") + one.id + " " + to_text(one.severity);
    return text;
  }
  std::string ids() { return ids(inspection().findings); }
  // The only one; of several, or none, a finding that says so.
  inspect::Finding only() {
    const auto findings = inspection().findings;
    if (findings.size() == 1) return findings.front();
    return {"", inspect::Severity::info, "there are: " + ids(findings), "", ""};
  }

  TempDir place;
  std::vector<std::string> layers;  // the lowest first
  ImageManifest manifest;
  FunctionConfig config;
  bool architecture_given = false;
  std::int64_t extra_bytes = 0;  // of each layer

 private:
  void make_directory(const std::string& path) {
    if (::mkdir(host(path).c_str(), 0755) == 0) ::chmod(host(path).c_str(), 0755);
  }
  void directory_of(const std::string& path) {
    for (auto at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
      make_directory(path.substr(0, at));
  }
};

// Whether a text has another, for EXPECT_PRED2.
inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace coldframe::testing
