// Request ids, trace ids and environment ids. Seeded from the kernel, so that two runs never share
// one; not for secrets. I/O thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coldframe {

class IdSource {
 public:
  IdSource();
  std::string uuid();           // lower-case UUID v4
  void uuid(std::string& out);  // the same, written over `out`
  std::string hex(int digits);  // random lower-case hex digits
  // "Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=0", with the caller's "1-…" if there is one.
  std::string trace_id(std::string_view root = {});

 private:
  std::uint64_t next();
  void append_hex(std::string& out, int digits);
  std::uint64_t state_[4];
};

}  // namespace coldframe
