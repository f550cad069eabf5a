#include "emulator/sandbox/packet.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>

namespace coldframe {
namespace {

using Bytes = std::span<const std::byte>;

constexpr unsigned k_dns_port = 53;
constexpr unsigned k_syn = 2;
constexpr unsigned k_ack = 16;
constexpr unsigned k_echo = 8;
constexpr unsigned k_echo_v6 = 128;

unsigned byte_at(Bytes bytes, std::size_t at) { return std::to_integer<unsigned>(bytes[at]); }
unsigned word_at(Bytes bytes, std::size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

// "example.com" of the first question; empty if there is none, or if it makes no sense.
std::string question_name(Bytes message) {
  constexpr std::size_t header = 12;
  if (message.size() < header || (byte_at(message, 2) & 0x80) != 0) return {};  // an answer
  if (word_at(message, 4) == 0) return {};
  std::string name;
  for (std::size_t at = header; at < message.size();) {
    const std::size_t length = byte_at(message, at);
    if (length == 0) return name.empty() ? "." : name;
    if (length > 63 || at + 1 + length > message.size() || name.size() + length > 254) return {};
    if (!name.empty()) name += '.';
    for (const std::byte character : message.subspan(at + 1, length)) {
      const auto c = std::to_integer<char>(character);
      name += c > ' ' && c < 127 ? c : '?';
    }
    at += 1 + length;
  }
  return {};
}

struct Target {
  int family;
  char address[INET6_ADDRSTRLEN];
  std::string with_port(unsigned port) const {
    const std::string text(address);
    return (family == AF_INET6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
  }
};

std::optional<std::string> describe(unsigned protocol, const Target& target, Bytes payload) {
  if (protocol == IPPROTO_TCP && payload.size() >= 14) {
    if ((byte_at(payload, 13) & (k_syn | k_ack)) != k_syn) return std::nullopt;
    return "tcp " + target.with_port(word_at(payload, 2));
  }
  if (protocol == IPPROTO_UDP && payload.size() >= 8) {
    const unsigned port = word_at(payload, 2);
    std::string text = "udp " + target.with_port(port);
    if (port != k_dns_port) return text;
    const std::string name = question_name(payload.subspan(8));
    return name.empty() ? text : text + " (DNS question " + name + ")";
  }
  const bool echo =
      !payload.empty() && ((protocol == IPPROTO_ICMP && byte_at(payload, 0) == k_echo) ||
                           (protocol == IPPROTO_ICMPV6 && byte_at(payload, 0) == k_echo_v6));
  if (echo) return "icmp " + std::string(target.address);
  return std::nullopt;
}

std::optional<std::string> describe_v4(Bytes packet) {
  if (packet.size() < 20) return std::nullopt;
  const std::size_t header = (byte_at(packet, 0) & 15) * 4;
  const bool later_fragment = (word_at(packet, 6) & 0x1fff) != 0;
  if (header < 20 || packet.size() < header || later_fragment) return std::nullopt;
  Target target{AF_INET, {}};
  ::inet_ntop(AF_INET, packet.data() + 16, target.address, sizeof target.address);
  return describe(byte_at(packet, 9), target, packet.subspan(header));
}

std::optional<std::string> describe_v6(Bytes packet) {
  if (packet.size() < 40) return std::nullopt;
  Target target{AF_INET6, {}};
  ::inet_ntop(AF_INET6, packet.data() + 24, target.address, sizeof target.address);
  // Extension headers do not come from ordinary programs.
  return describe(byte_at(packet, 6), target, packet.subspan(40));
}

}  // namespace

std::optional<std::string> describe_packet(std::span<const std::byte> packet) {
  if (packet.empty()) return std::nullopt;
  const unsigned version = byte_at(packet, 0) >> 4;
  if (version == 4) return describe_v4(packet);
  if (version == 6) return describe_v6(packet);
  return std::nullopt;
}

void AttemptList::add(std::span<const std::byte> packet) {
  auto text = describe_packet(packet);
  if (!text || std::find(attempts_.begin(), attempts_.end(), *text) != attempts_.end()) return;
  if (attempts_.size() == k_most) {
    ++more_;
  } else {
    attempts_.push_back(std::move(*text));
  }
}

}  // namespace coldframe
