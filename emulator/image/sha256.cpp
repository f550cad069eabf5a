#include "emulator/image/sha256.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace coldframe {
namespace {

constexpr std::string_view k_prefix = "sha256:";
constexpr std::size_t k_digits = 64;
constexpr std::string_view k_hexadecimal = "0123456789abcdef";

// These fail only where the library was built without SHA-256.
void require(int done) {
  if (done != 1) throw std::runtime_error("OpenSSL has no SHA-256");
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text, std::string_view what) {
  const bool is_good = text.starts_with(k_prefix) && text.size() == k_prefix.size() + k_digits &&
                       text.find_first_not_of(k_hexadecimal, k_prefix.size()) == text.npos;
  if (!is_good) {
    constexpr std::size_t k_shown = 100;
    return usage_error(std::string(what) + " is no sha256 digest: '" +
                       std::string(text.substr(0, k_shown)) + "'");
  }
  Digest digest;
  digest.text_ = text;
  return digest;
}

std::string Digest::hex() const { return text_.substr(std::min(text_.size(), k_prefix.size())); }

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::update(std::span<const char> bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

Digest Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  require(EVP_DigestFinal_ex(context_.get(), bytes.data(), &size));
  require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
  Digest digest;
  digest.text_ = k_prefix;
  for (unsigned i = 0; i < size; ++i) {
    digest.text_ += k_hexadecimal[bytes[i] >> 4];
    digest.text_ += k_hexadecimal[bytes[i] & 15];
  }
  return digest;
}

Digest sha256_of(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

}  // namespace coldframe
