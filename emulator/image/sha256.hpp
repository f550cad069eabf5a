// SHA-256 of bytes as they pass, and the names that OCI gives by it.
//
//   Sha256 hash;
//   hash.update(bytes);
//   hash.finish() == *Digest::parse("sha256:ba78…")
//
// Value types but for the state of a Sha256, which one thread uses at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "emulator/base/error.hpp"

struct evp_md_ctx_st;

namespace coldframe {

// "sha256:" and 64 small hexadecimal digits. No other kind is known here: registries, docker and
// Lambda use none.
class Digest {
 public:
  Digest() = default;  // of nothing; equal to no other
  // Error: 2; the text is in it, `what` names its place.
  static Result<Digest> parse(std::string_view text, std::string_view what);

  const std::string& text() const { return text_; }
  std::string hex() const;
  bool empty() const { return text_.empty(); }
  bool operator==(const Digest&) const = default;
  auto operator<=>(const Digest&) const = default;

 private:
  friend class Sha256;
  std::string text_;
};

class Sha256 {
 public:
  Sha256();
  void update(std::span<const char> bytes);
  // Of all so far; afterwards it begins anew.
  Digest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Digest sha256_of(std::string_view bytes);

}  // namespace coldframe
