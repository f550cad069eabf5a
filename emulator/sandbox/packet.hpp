// What a packet that wants out is, in a word that a user understands.
//
//   describe_packet(bytes)   // "tcp 93.184.216.34:443"
//                            // "udp 10.0.0.2:53 (DNS question example.com)"
//                            // "tcp [2606:2800:220:1::1]:443", "icmp 10.0.0.2"
//
// Nothing for what is no attempt of a program: answers and later packets of a TCP connection, later
// fragments, the kernel's own (IGMP, neighbour and router discovery), and what is cut short. Pure;
// never reads outside `packet`; the text is printable ASCII, at most 320 characters.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace coldframe {

// An IPv4 or IPv6 packet without a link header.
std::optional<std::string> describe_packet(std::span<const std::byte> packet);

// Different attempts in the order in which they were first made.
class AttemptList {
 public:
  static constexpr std::size_t k_most = 100;
  // A packet that is no attempt, or one that was seen, changes nothing.
  void add(std::span<const std::byte> packet);
  const std::vector<std::string>& attempts() const { return attempts_; }
  // Attempts beyond k_most, which may be repetitions.
  std::size_t more() const { return more_; }

 private:
  std::vector<std::string> attempts_;
  std::size_t more_ = 0;
};

}  // namespace coldframe
