// The caller's side: Lambda's Invoke API of 2015-03-31 over HTTP, for boto3, the AWS CLI and curl.
//
//   InvokeApi api(io, directory, ids);
//   auto port = api.listen("127.0.0.1", 9000);
//
// Requests are checked here, in AWS's order and words; only valid ones reach a function. A
// function's failure is never a 5xx: the SDKs would invoke again. `GET /healthz` and `GET /` never
// invoke.
#pragma once

#include <boost/asio/io_context.hpp>
#include <string>
#include <string_view>

#include "emulator/base/ids.hpp"
#include "emulator/invoke_api/function_name.hpp"
#include "emulator/invoke_api/payload_check.hpp"
#include "emulator/model/function_config.hpp"
#include "emulator/model/invoke.hpp"
#include "emulator/net/http_server.hpp"

namespace coldframe {

// Which functions there are, and the way to them.
class FunctionDirectory {
 public:
  virtual ~FunctionDirectory() = default;
  // Null if there is none of that name.
  virtual const FunctionConfig* find(std::string_view name) const = 0;
  // What a name that is not found is reported under.
  virtual const FunctionConfig& any() const = 0;
  virtual void invoke(InvocationPtr invocation) = 0;
  // Whether an Event invoke with so many bytes finds room to wait in.
  virtual bool takes_event(std::string_view name, std::size_t bytes) const = 0;
};

// The path of an Invoke call; a pure function and a fuzz target.
enum class InvokeRoute { invoke, health, not_found, invoke_is_post, health_is_get };
struct InvokeTarget {
  InvokeRoute route = InvokeRoute::not_found;
  std::string_view function_name;  // still percent-encoded; view into the target
  std::optional<std::string_view> qualifier;
};
InvokeTarget route_invoke_request(http::Method method, std::string_view target);

class InvokeApi final : public http::Handler {
 public:
  InvokeApi(boost::asio::io_context& io, FunctionDirectory& directory, IdSource& ids);

  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port) {
    return server_.listen(host, port);
  }
  // Takes no call any more; those under way get their answers.
  void finish() { server_.finish(); }
  void close() { server_.close(); }

  void on_head(http::Exchange& exchange) override;
  void on_request(const http::ExchangePtr& exchange) override;

 private:
  void invoke(const http::ExchangePtr& exchange, const InvokeTarget& target);
  std::optional<RequestFault> accept(http::Exchange& exchange, const InvokeTarget& target,
                                     InvokeRequest& request);
  [[gnu::cold]] std::variant<const FunctionConfig*, RequestFault> look_up(
      const http::Headers& headers, const InvokeTarget& target, InvokeRequest& request);
  RequestFault no_such_function(const FunctionReference& reference) const;
  // Fills `request` from the headers, or says what is wrong with them; `violations`: what was found
  // before.
  std::optional<RequestFault> read_headers(const http::Headers& headers, InvokeRequest& request,
                                           Violations& violations);

  http::HttpServer server_;
  FunctionDirectory& directory_;
  IdSource& ids_;
  PayloadCheck payload_check_;
};

}  // namespace coldframe
