#include "tests/support/image_maker.hpp"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "emulator/image/sha256.hpp"

namespace coldframe::testing {
namespace {

constexpr std::size_t k_block = 512;

void put(std::string& block, std::size_t at, std::size_t size, const std::string& text) {
  block.replace(at, std::min(size, text.size()), text.substr(0, size));
}

std::string octal(std::int64_t value, std::size_t size) {
  return fmt::format("{:0{}o}", value, size - 1);
}

std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + k_block - 1) / k_block * k_block, '\0');
  return bytes;
}

}  // namespace

std::string tar_header(const TarEntry& entry, std::size_t size) {
  std::string block(k_block, '\0');
  put(block, 0, 100, entry.name);
  put(block, 100, 8, octal(entry.mode, 8));
  put(block, 108, 8, octal(entry.owner, 8));
  put(block, 116, 8, octal(entry.group, 8));
  put(block, 124, 12, octal(static_cast<std::int64_t>(size), 12));
  put(block, 136, 12, octal(entry.modified, 12));
  block[156] = entry.type;
  put(block, 157, 100, entry.target);
  put(block, 257, 8, std::string("ustar\0", 6) + "00");
  put(block, 148, 8, "        ");
  unsigned sum = 0;
  for (const char c : block)
    sum += static_cast<unsigned char>(c);
  put(block, 148, 8, octal(sum, 7) + std::string("\0 ", 2));
  return block;
}

std::string tar_of(const std::vector<TarEntry>& entries) {
  std::string tar;
  for (const TarEntry& entry : entries) {
    std::string pax;
    for (const auto& [key, value] : entry.pax) {
      std::size_t length = key.size() + value.size() + 3;
      while (std::to_string(length).size() + key.size() + value.size() + 3 != length)
        length = std::to_string(length).size() + key.size() + value.size() + 3;
      pax += std::to_string(length) + " " + key + "=" + value + "\n";
    }
    if (!pax.empty()) {
      tar += tar_header({.name = "pax", .type = 'x'}, pax.size()) + padded(pax);
    }
    tar += tar_header(entry, entry.content.size()) + padded(entry.content);
  }
  return tar + std::string(2 * k_block, '\0');
}

std::string gzip_of(const std::string& bytes) {
  isal_zstream stream{};
  isal_deflate_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  std::string out(bytes.size() + bytes.size() / 8 + 1024, '\0');
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<std::uint32_t>(bytes.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = static_cast<std::uint32_t>(out.size());
  if (isal_deflate(&stream) != COMP_OK || stream.avail_in != 0) {
    throw std::runtime_error("isal_deflate");
  }
  out.resize(out.size() - stream.avail_out);
  return out;
}

std::string zstd_of(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1));
  return out;
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

ImageMaker::ImageMaker()
    : config({{"architecture", "amd64"},
              {"os", "linux"},
              {"config", nlohmann::json::object()},
              {"rootfs", {{"type", "layers"}, {"diff_ids", nlohmann::json::array()}}}}),
      manifest({{"schemaVersion", 2},
                {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                {"layers", nlohmann::json::array()}}) {}

void ImageMaker::layer(const std::string& tar, Packed packed) {
  tars.push_back(tar);
  config["rootfs"]["diff_ids"].push_back(sha256_of(tar).text());
  const std::string bytes = packed == Packed::gzip   ? gzip_of(tar)
                            : packed == Packed::zstd ? zstd_of(tar)
                                                     : tar;
  const Digest digest = sha256_of(bytes);
  blobs[digest.hex()] = bytes;
  manifest["layers"].push_back(
      {{"mediaType",
        std::string("application/vnd.oci.image.layer.v1.tar") + (packed == Packed::gzip   ? "+gzip"
                                                                 : packed == Packed::zstd ? "+zstd"
                                                                                          : "")},
       {"digest", digest.text()},
       {"size", bytes.size()}});
}

nlohmann::json ImageMaker::add(const nlohmann::json& document, const std::string& media_type) {
  const std::string text = document.dump();
  const Digest digest = sha256_of(text);
  blobs[digest.hex()] = text;
  return {{"mediaType", media_type}, {"digest", digest.text()}, {"size", text.size()}};
}

nlohmann::json ImageMaker::finish() {
  if (!manifest.contains("config")) {
    manifest["config"] = add(config, "application/vnd.oci.image.config.v1+json");
  }
  return add(manifest, "application/vnd.oci.image.manifest.v1+json");
}

std::vector<TarEntry> ImageMaker::layout_files() {
  if (index.empty()) {
    auto descriptor = finish();
    descriptor["annotations"] = {{"org.opencontainers.image.ref.name", name_}};
    index = {{"schemaVersion", 2}, {"manifests", {descriptor}}};
  }
  std::vector<TarEntry> files{
      {.name = "oci-layout", .content = R"({"imageLayoutVersion":"1.0.0"})"},
      {.name = "index.json", .content = index.dump()}};
  for (const auto& [digest, bytes] : blobs)
    files.push_back({.name = "blobs/sha256/" + digest, .content = bytes});
  return files;
}

std::string ImageMaker::write_layout(const std::string& path) {
  for (const TarEntry& file : layout_files())
    write_bytes(path + "/" + file.name, file.content);
  return path;
}

std::string ImageMaker::write_oci_archive(const std::string& path) {
  write_bytes(path, tar_of(layout_files()));
  return path;
}

std::string ImageMaker::write_docker_archive(const std::string& path) {
  const std::string text = config.dump();
  const std::string config_name = sha256_of(text).hex() + ".json";
  std::vector<TarEntry> files{{.name = config_name, .content = text}};
  nlohmann::json layers = nlohmann::json::array();
  for (const std::string& tar : tars) {
    const std::string name = sha256_of(tar).hex() + ".tar";
    files.push_back({.name = name, .content = tar});
    layers.push_back(name);
  }
  const nlohmann::json list = {
      {{"Config", config_name}, {"RepoTags", {name_}}, {"Layers", layers}}};
  files.push_back({.name = "manifest.json", .content = list.dump()});
  write_bytes(path, tar_of(files));
  return path;
}

}  // namespace coldframe::testing
