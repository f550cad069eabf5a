// Messages between us, the sandbox server and the init of a sandbox: fields in order, and
// descriptors beside them, over a SOCK_SEQPACKET pair.
//
//   PacketWriter out; out.number(7); out.text("x"); out.texts(argv);
//   send_packet(socket, out, {fd});                   // false: errno says why
//   auto packet = receive_packet(socket);             // its descriptors are ours now
//   packet->reader().number();                        // 0 and "" beyond the end; ok() tells
//
// Both ends are this program, so there is no version. A packet that would not fit into a socket's
// buffer goes through a memory file, which the reader opens by itself. Any thread; system calls and
// the heap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

class PacketWriter {
 public:
  void number(std::int64_t value);
  void text(const std::string& value);
  void texts(const std::vector<std::string>& values);
  void numbers(const std::vector<int>& values);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class PacketReader {
 public:
  explicit PacketReader(const std::string& bytes) : bytes_(bytes) {}
  std::int64_t number();
  std::string text();
  std::vector<std::string> texts();
  std::vector<int> numbers();
  bool ok() const { return ok_; }

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

struct Packet {
  std::string bytes;
  std::vector<UniqueFd> descriptors;
  PacketReader reader() const { return PacketReader(bytes); }
};

// At most 64 descriptors. False: errno.
bool send_packet(int socket, const PacketWriter& packet, const std::vector<int>& descriptors = {});
// Nothing: the peer is gone (errno 0), there is nothing on a non-blocking socket (EAGAIN), or an
// error.
std::optional<Packet> receive_packet(int socket);

// Both ends close-on-exec.
std::optional<std::pair<UniqueFd, UniqueFd>> packet_pair();

}  // namespace coldframe
