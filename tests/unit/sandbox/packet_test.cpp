// What wants out, by its packet.
#include "emulator/sandbox/packet.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace coldframe {
namespace {

using Packet = std::vector<std::byte>;

Packet bytes(std::string_view text) {
  Packet packet(text.size());
  std::memcpy(packet.data(), text.data(), text.size());
  return packet;
}

// 10.0.0.1 → 93.184.216.34
Packet v4(char protocol, std::string_view payload, std::string_view fragment = {"\0\0", 2}) {
  std::string packet("\x45\0\0\0\0\0", 6);
  packet += fragment;
  packet += '\x40';
  packet += protocol;
  packet.append("\0\0\x0a\0\0\x01\x5d\xb8\xd8\x22", 10);
  return bytes(packet + std::string(payload));
}

Packet v6(char next, std::string_view payload) {
  std::string packet("\x60\0\0\0\0\0", 6);
  packet += next;
  packet += '\x40';
  packet.append("\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
  packet.append("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x42", 16);
  return bytes(packet + std::string(payload));
}

// Ports 40000 → 443.
std::string tcp(char flags) {
  return std::string("\x9c\x40\x01\xbb\0\0\0\0\0\0\0\0\x50", 13) + flags + std::string(6, '\0');
}

std::string udp(unsigned port, std::string_view payload) {
  std::string header("\x9c\x40", 2);
  header += static_cast<char>(port >> 8);
  header += static_cast<char>(port & 255);
  return header + std::string(4, '\0') + std::string(payload);
}

std::string question(std::string_view name, char flags = 1) {
  return std::string("\x12\x34", 2) + flags + std::string("\0\0\1\0\0\0\0\0\0", 9) +
         std::string(name) + std::string("\0\0\1\0\1", 5);
}

constexpr std::string_view k_example = "\7example\3com";

TEST(DescribePacket, TellsWhoIsCalled) {
  EXPECT_EQ(describe_packet(v4(6, tcp(2))), "tcp 93.184.216.34:443");
  EXPECT_EQ(describe_packet(v6(6, tcp(2))), "tcp [2001:db8::42]:443");
  EXPECT_EQ(describe_packet(v4(17, udp(123, "x"))), "udp 93.184.216.34:123");
  EXPECT_EQ(describe_packet(v4(1, std::string("\x08\0\0\0", 4))), "icmp 93.184.216.34");
  EXPECT_EQ(describe_packet(v6(58, std::string("\x80\0\0\0", 4))), "icmp 2001:db8::42");
}

TEST(DescribePacket, TellsWhatTheResolverIsAskedFor) {
  EXPECT_EQ(describe_packet(v4(17, udp(53, question(k_example)))),
            "udp 93.184.216.34:53 (DNS question example.com)");
  EXPECT_EQ(describe_packet(v6(17, udp(53, question(k_example)))),
            "udp [2001:db8::42]:53 (DNS question example.com)");
  EXPECT_EQ(describe_packet(v4(17, udp(53, question("")))),
            "udp 93.184.216.34:53 (DNS question .)");
}

TEST(DescribePacket, MakesNothingUpAboutABadQuestion) {
  const std::optional<std::string> plain = "udp 93.184.216.34:53";
  EXPECT_EQ(describe_packet(v4(17, udp(53, ""))), plain);
  EXPECT_EQ(describe_packet(v4(17, udp(53, question(k_example, '\x81')))), plain) << "an answer";
  EXPECT_EQ(describe_packet(v4(17, udp(53, question("\x3fshort")))), plain);
  EXPECT_EQ(describe_packet(v4(17, udp(53, question("\xc0\x0c")))), plain) << "a pointer";
  std::string longer;
  for (int i = 0; i < 10; ++i)
    longer += '\x3f' + std::string(63, 'a');
  EXPECT_EQ(describe_packet(v4(17, udp(53, question(longer)))), plain);
  EXPECT_EQ(describe_packet(v4(17, udp(53, question("\4a\n\x1b\xff")))),
            "udp 93.184.216.34:53 (DNS question a??\?)");
}

TEST(DescribePacket, LeavesOutWhatIsNoAttempt) {
  EXPECT_EQ(describe_packet(v4(6, tcp(0x12))), std::nullopt) << "SYN and ACK: an answer";
  EXPECT_EQ(describe_packet(v4(6, tcp(0x10))), std::nullopt);
  EXPECT_EQ(describe_packet(v4(6, tcp(0x04))), std::nullopt) << "RST";
  EXPECT_EQ(describe_packet(v4(17, udp(123, "x"), {"\0\x10", 2})), std::nullopt) << "a fragment";
  EXPECT_EQ(describe_packet(v4(2, "\x16")), std::nullopt) << "IGMP";
  EXPECT_EQ(describe_packet(v6(58, "\x85")), std::nullopt) << "router solicitation";
  EXPECT_EQ(describe_packet(v4(1, "\x03")), std::nullopt);
}

// Of each packet every beginning, in memory of just that size.
TEST(DescribePacket, ReadsNothingBehindTheEnd) {
  const auto describe_first = [](const Packet& whole, std::size_t size) {
    const Packet cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    return describe_packet(cut);
  };
  for (std::size_t size = 0; size < 20 + 14; ++size)
    EXPECT_EQ(describe_first(v4(6, tcp(2)), size), std::nullopt) << size;
  for (std::size_t size = 0; size < 40 + 14; ++size)
    EXPECT_EQ(describe_first(v6(6, tcp(2)), size), std::nullopt) << size;
  const auto asked = v4(17, udp(53, question(k_example)));
  const std::size_t end_of_name = asked.size() - 4;
  for (std::size_t size = 0; size < end_of_name; ++size) {
    EXPECT_EQ(describe_first(asked, size),
              size < 28 ? std::nullopt : std::optional<std::string>("udp 93.184.216.34:53"))
        << size;
  }
  EXPECT_EQ(describe_packet(bytes("\x4f")), std::nullopt);
  EXPECT_EQ(describe_packet(v4(1, "")), std::nullopt);
  EXPECT_EQ(describe_packet({}), std::nullopt);
}

TEST(AttemptList, NamesEachOnceInOrder) {
  AttemptList list;
  list.add(v4(17, udp(53, question(k_example))));
  list.add(v4(6, tcp(2)));
  list.add(v4(6, tcp(2)));
  list.add(v4(6, tcp(0x10)));
  list.add(v4(17, udp(53, question(k_example))));
  EXPECT_EQ(list.attempts(),
            (std::vector<std::string>{"udp 93.184.216.34:53 (DNS question example.com)",
                                      "tcp 93.184.216.34:443"}));
  EXPECT_EQ(list.more(), 0U);
}

TEST(AttemptList, HasAnEnd) {
  AttemptList list;
  for (unsigned port = 1000; port < 1150; ++port)
    list.add(v4(17, udp(port, "")));
  EXPECT_EQ(list.attempts().size(), AttemptList::k_most);
  EXPECT_EQ(list.more(), 50U);
  list.add(v4(17, udp(1000, "")));
  EXPECT_EQ(list.more(), 50U);
}

}  // namespace
}  // namespace coldframe
