// Images for tests, made byte by byte, so that they can be as wrong as wanted.
//
//   ImageMaker maker;
//   maker.layer(tar_of({{.name = "bin/app", .content = "…", .mode = 0755}}));
//   maker.config["config"]["Entrypoint"] = {"/bin/app"};
//   const auto layout = maker.write_layout(dir.path() + "/image");
//   const auto archive = maker.write_docker_archive(dir.path() + "/image.tar");
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace coldframe::testing {

struct TarEntry {
  std::string name;
  char type = '0';  // '5' directory, '2' symbolic link, '1' hard link, '3' device, '6' fifo
  std::string content{};
  int mode = 0644;
  int owner = 0;
  int group = 0;
  std::string target{};  // of a link
  std::int64_t modified = 1'600'000'000;
  std::vector<std::pair<std::string, std::string>> pax{};
};

std::string tar_header(const TarEntry& entry, std::size_t size);
// With the two blocks of zeros at its end.
std::string tar_of(const std::vector<TarEntry>& entries);
std::string gzip_of(const std::string& bytes);
std::string zstd_of(const std::string& bytes);

enum class Packed { plain, gzip, zstd };

class ImageMaker {
 public:
  ImageMaker();

  void layer(const std::string& tar, Packed packed = Packed::gzip);

  // As they will be written; layers and diff_ids are filled in by layer().
  nlohmann::json config;
  nlohmann::json manifest;
  nlohmann::json index;                      // empty: one with the manifest, called app:1
  std::map<std::string, std::string> blobs;  // by hexadecimal digest
  std::vector<std::string> tars;             // plain

  // Adds a document and gives its descriptor.
  nlohmann::json add(const nlohmann::json& document, const std::string& media_type);
  // The manifest's descriptor, with the configuration as it is now.
  nlohmann::json finish();

  // Each gives the path back.
  std::string write_layout(const std::string& path);
  std::string write_oci_archive(const std::string& path);
  std::string write_docker_archive(const std::string& path);
  // Name and content of all files of a layout.
  std::vector<TarEntry> layout_files();

 private:
  std::string name_ = "app:1";
};

void write_bytes(const std::string& path, const std::string& bytes);

}  // namespace coldframe::testing
