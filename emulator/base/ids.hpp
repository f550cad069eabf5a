// Request ids, trace ids and environment ids. Seeded from the kernel, so that two runs never share
// one; not for secrets. I/O thread only.
#pragma once

#include <cstdint>
#include <string>

namespace coldframe {

class IdSource {
 public:
  IdSource();
  std::string uuid();           // lower-case UUID v4
  std::string hex(int digits);  // random lower-case hex digits

 private:
  std::uint64_t next();
  std::uint64_t state_[4];
};

}  // namespace coldframe
