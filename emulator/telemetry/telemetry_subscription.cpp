#include "emulator/telemetry/telemetry_subscription.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace coldframe {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 3> k_telemetry_schemas{"2022-07-01", "2022-12-13",
                                                              "2025-01-29"};
constexpr std::array<std::string_view, 2> k_logs_schemas{"2020-08-15", "2021-03-18"};
constexpr int k_runtime_api_port = 9001;

struct Refused {
  std::string why;
};

template <typename Words>
bool is_one_of(const Words& words, std::string_view text) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return "";
  if (!found->is_string()) throw Refused{std::string(key) + " must be a text"};
  return found->get<std::string>();
}

std::int64_t number_of(const Json& json, const char* key, std::int64_t least, std::int64_t most,
                       std::int64_t otherwise) {
  const auto found = json.find(key);
  if (found == json.end()) return otherwise;
  if (!found->is_number_integer()) throw Refused{std::string(key) + " must be a whole number"};
  const bool too_large =
      found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(most);
  const std::int64_t value = too_large ? most + 1 : found->get<std::int64_t>();
  if (value < least || value > most) {
    throw Refused{std::string(key) + " must be from " + std::to_string(least) + " to " +
                  std::to_string(most)};
  }
  return value;
}

void read_schema(const Json& top, TelemetrySubscription& out) {
  out.schema = text_of(top, "schemaVersion");
  const bool of_telemetry = out.kind == TelemetryKind::telemetry;
  if (out.schema.empty()) out.schema = of_telemetry ? "2022-07-01" : "2020-08-15";
  const bool known = of_telemetry ? is_one_of(k_telemetry_schemas, out.schema)
                                  : is_one_of(k_logs_schemas, out.schema);
  if (!known) throw Refused{"schemaVersion '" + out.schema + "' is not known"};
}

void read_types(const Json& top, TelemetrySubscription& out) {
  const auto types = top.find("types");
  if (types == top.end() || !types->is_array() || types->empty()) {
    throw Refused{"types must be a list of platform, function, extension"};
  }
  for (const auto& type : *types) {
    const std::string name = type.is_string() ? type.get<std::string>() : type.dump();
    if (name == "platform") {
      out.platform = true;
    } else if (name == "function") {
      out.function = true;
    } else if (name == "extension") {
      out.extension = true;
    } else {
      throw Refused{"types: '" + name + "' is none of platform, function, extension"};
    }
    if (!is_one_of(out.types, name)) out.types.push_back(name);
  }
}

void read_buffering(const Json& top, TelemetrySubscription& out) {
  const auto buffering = top.find("buffering");
  if (buffering == top.end() || buffering->is_null()) return;
  if (!buffering->is_object()) throw Refused{"buffering must be an object"};
  const auto number = [&](const char* key, std::int64_t least, std::int64_t most,
                          std::int64_t otherwise) {
    return number_of(*buffering, key, least, most, otherwise);
  };
  out.max_items = static_cast<std::size_t>(number("maxItems", 1000, 10'000, 10'000));
  out.max_bytes = static_cast<std::size_t>(number("maxBytes", 262'144, 1'048'576, 262'144));
  out.timeout = std::chrono::milliseconds(number("timeoutMs", 25, 30'000, 1000));
}

void check_port(std::int64_t port) {
  if (port == k_runtime_api_port) throw Refused{"destination: port 9001 is reserved"};
}

// "http://sandbox.localdomain:8080/path"
void read_uri(const std::string& uri, TelemetrySubscription& out) {
  constexpr std::string_view k_scheme = "http://";
  if (!uri.starts_with(k_scheme)) throw Refused{"destination: URI must begin with http://"};
  if (std::any_of(uri.begin(), uri.end(), [](unsigned char c) { return c <= ' ' || c == 127; })) {
    throw Refused{"destination: URI has a character that it must not have"};
  }
  const std::string rest = uri.substr(k_scheme.size());
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string place = rest.substr(0, slash);
  if (slash < rest.size()) out.path = rest.substr(slash);
  int port = 80;
  if (const auto colon = place.find(':'); colon != std::string::npos) {
    const char* end = place.data() + place.size();
    const auto read = std::from_chars(place.data() + colon + 1, end, port);
    if (read.ec != std::errc() || read.ptr != end || port < 1 || port > 65535) {
      throw Refused{"destination: the port of the URI is not a number from 1 to 65535"};
    }
    place.resize(colon);
  }
  if (place != "sandbox.localdomain" && place != "sandbox") {
    throw Refused{"destination: the host of the URI must be sandbox.localdomain"};
  }
  check_port(port);
  out.host = rest.substr(0, slash);
  out.port = static_cast<std::uint16_t>(port);
}

void read_destination(const Json& top, TelemetrySubscription& out) {
  const auto destination = top.find("destination");
  if (destination == top.end() || !destination->is_object()) {
    throw Refused{"destination must be an object"};
  }
  const std::string protocol = text_of(*destination, "protocol");
  if (protocol == "TCP") {
    out.protocol = TelemetrySubscription::Protocol::tcp;
    const auto port = number_of(*destination, "port", 1, 65535, 0);
    if (port == 0) throw Refused{"destination: port is needed"};
    check_port(port);
    out.port = static_cast<std::uint16_t>(port);
    return;
  }
  if (protocol != "HTTP") throw Refused{"destination: protocol must be HTTP or TCP"};
  if (const std::string method = text_of(*destination, "method"); !method.empty()) {
    if (method != "POST" && method != "PUT") {
      throw Refused{"destination: method must be POST or PUT"};
    }
    out.method = method;
  }
  const std::string encoding = text_of(*destination, "encoding");
  if (!encoding.empty() && encoding != "JSON") throw Refused{"destination: encoding must be JSON"};
  read_uri(text_of(*destination, "URI"), out);
}

}  // namespace

ReadSubscription read_subscription(TelemetryKind kind, std::string_view body) {
  const Json top = Json::parse(body, nullptr, false);
  if (!top.is_object()) return {std::nullopt, "the body is not a JSON object"};
  TelemetrySubscription out;
  out.kind = kind;
  try {
    read_schema(top, out);
    read_types(top, out);
    read_buffering(top, out);
    read_destination(top, out);
  } catch (const Refused& refused) {
    return {std::nullopt, refused.why};
  }
  return {std::move(out), ""};
}

}  // namespace coldframe
