// The state machine of the Runtime API: every call in every state, as one table.
#include "emulator/runtime_api/runtime_session.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace coldframe {
namespace {

constexpr const char* k_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
constexpr const char* k_nonce = "0a1b2c3d-0000-4000-8000-000000000001";

// Brings a session into a state by the calls a runtime would make.
RuntimeSession in_state(RuntimeState state) {
  RuntimeSession session;
  if (state == RuntimeState::started) return session;
  if (state == RuntimeState::init_error) {
    session.init_error();
    return session;
  }
  session.next();
  if (state == RuntimeState::ready) return session;
  session.deliver(k_id, k_nonce);
  if (state == RuntimeState::running) return session;
  if (state == RuntimeState::invocation_error_response) {
    session.begin_error(k_id, "");
    return session;
  }
  session.begin_response(k_id, "", {});
  if (state == RuntimeState::response_sent) session.response_complete();
  return session;
}

enum class Call { next, response, error, init_error };

struct Outcome {
  int status = 0;  // 0: accepted
  std::string type;
  std::string message;
  bool operator==(const Outcome&) const = default;
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << outcome.status << ' ' << outcome.type << ": " << outcome.message;
}

Outcome of(const std::optional<RuntimeRefusal>& refusal) {
  return refusal ? Outcome{refusal->status, refusal->type, refusal->message} : Outcome{};
}

Outcome make_call(RuntimeSession& session, Call call) {
  switch (call) {
    case Call::next:
      return of(session.next().refusal);
    case Call::response:
      return of(session.begin_response(k_id, "", {}));
    case Call::error:
      return of(session.begin_error(k_id, ""));
    case Call::init_error:
      return of(session.init_error());
  }
  return {};
}

Outcome accepted() { return {}; }
Outcome no_such_id() { return {400, "InvalidRequestID", "Invalid request ID"}; }
Outcome forbidden(const std::string& from, const std::string& to) {
  return {403, "InvalidStateTransition",
          "State transition from " + from + " to " + to +
              " failed for runtime. Error: State transition is not allowed"};
}

struct Row {
  RuntimeState from;
  Call call;
  Outcome outcome;
  RuntimeState to;
};

std::vector<Row> table() {
  using S = RuntimeState;
  const std::string sent = "RuntimeResponseSentState";
  return {
      {S::started, Call::next, accepted(), S::ready},
      {S::started, Call::response, no_such_id(), S::started},
      {S::started, Call::error, no_such_id(), S::started},
      {S::started, Call::init_error, accepted(), S::init_error},

      {S::ready, Call::next, accepted(), S::ready},
      {S::ready, Call::response, no_such_id(), S::ready},
      {S::ready, Call::error, no_such_id(), S::ready},
      {S::ready, Call::init_error, forbidden("Ready", "InitError"), S::ready},

      {S::running, Call::next, accepted(), S::running},
      {S::running, Call::response, accepted(), S::invocation_response},
      {S::running, Call::error, accepted(), S::invocation_error_response},
      {S::running, Call::init_error, forbidden("Running", "InitError"), S::running},

      {S::invocation_response, Call::next, forbidden("InvocationResponse", "Ready"),
       S::invocation_response},
      {S::invocation_response, Call::response,
       forbidden("InvocationResponse", "InvocationResponse"), S::invocation_response},
      {S::invocation_response, Call::error,
       forbidden("InvocationResponse", "InvocationErrorResponse"), S::invocation_response},
      {S::invocation_response, Call::init_error, forbidden("InvocationResponse", "InitError"),
       S::invocation_response},

      {S::invocation_error_response, Call::next, forbidden("InvocationErrorResponse", "Ready"),
       S::invocation_error_response},
      {S::invocation_error_response, Call::response,
       forbidden("InvocationErrorResponse", "InvocationResponse"), S::invocation_error_response},
      {S::invocation_error_response, Call::error,
       forbidden("InvocationErrorResponse", "InvocationErrorResponse"),
       S::invocation_error_response},
      {S::invocation_error_response, Call::init_error,
       forbidden("InvocationErrorResponse", "InitError"), S::invocation_error_response},

      {S::response_sent, Call::next, accepted(), S::ready},
      {S::response_sent, Call::response, forbidden(sent, "InvocationResponse"), S::response_sent},
      {S::response_sent, Call::error, forbidden(sent, "InvocationErrorResponse"), S::response_sent},
      {S::response_sent, Call::init_error, forbidden(sent, "InitError"), S::response_sent},

      {S::init_error, Call::next, forbidden("InitError", "Ready"), S::init_error},
      {S::init_error, Call::response, no_such_id(), S::init_error},
      {S::init_error, Call::error, no_such_id(), S::init_error},
      {S::init_error, Call::init_error, forbidden("InitError", "InitError"), S::init_error},
  };
}

TEST(RuntimeSession, AllowsAndRefusesEveryCallInEveryStateAsTheTableSays) {
  const auto rows = table();
  EXPECT_EQ(rows.size(), 7U * 4U);  // no pair is left out
  for (const Row& row : rows) {
    RuntimeSession session = in_state(row.from);
    ASSERT_EQ(session.state(), row.from);
    EXPECT_EQ(make_call(session, row.call), row.outcome)
        << to_text(row.from) << ", call " << static_cast<int>(row.call);
    EXPECT_EQ(session.state(), row.to)
        << to_text(row.from) << ", call " << static_cast<int>(row.call);
  }
}

TEST(RuntimeSession, NextTellsWhatItWas) {
  using Next = RuntimeSession::Next;
  using S = RuntimeState;
  const std::pair<S, Next> outcomes[] = {{S::started, Next::init_complete},
                                         {S::ready, Next::wait},
                                         {S::running, Next::same_event},
                                         {S::invocation_response, Next::refused},
                                         {S::invocation_error_response, Next::refused},
                                         {S::response_sent, Next::invoke_complete},
                                         {S::init_error, Next::refused}};
  for (auto& [state, what] : outcomes) {
    RuntimeSession session = in_state(state);
    const auto outcome = session.next();
    EXPECT_EQ(outcome.what, what) << to_text(state);
    EXPECT_EQ(outcome.refusal.has_value(), what == Next::refused) << to_text(state);
  }
}

TEST(RuntimeSession, HandsTheSameEventOutAgainAsOftenAsAskedAndStaysAnswerable) {
  RuntimeSession session = in_state(RuntimeState::running);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(session.next().what, RuntimeSession::Next::same_event);
  }
  EXPECT_EQ(session.request_id(), k_id);
  EXPECT_FALSE(session.begin_response(k_id, "", {}));
}

TEST(RuntimeSession, TakesAnEventInReadyOnly) {
  using S = RuntimeState;
  for (S state : {S::started, S::running, S::invocation_response, S::invocation_error_response,
                  S::response_sent, S::init_error}) {
    EXPECT_FALSE(in_state(state).can_deliver()) << to_text(state);
  }
  EXPECT_TRUE(in_state(S::ready).can_deliver());
}

TEST(RuntimeSession, RefusesAnotherRequestIdAndLeavesTheInvokeOpen) {
  RuntimeSession session = in_state(RuntimeState::running);
  for (const char* id : {"", "8476a536-e9f4-11e8-9739-2dfe598c3fce",
                         "8476A536-E9F4-11E8-9739-2DFE598C3FCD", "8476a536"}) {
    EXPECT_EQ(of(session.begin_response(id, "", {})), no_such_id()) << id;
    EXPECT_EQ(of(session.begin_error(id, "")), no_such_id()) << id;
  }
  EXPECT_EQ(session.state(), RuntimeState::running);
  EXPECT_FALSE(session.begin_response(k_id, "", {}));
}

TEST(RuntimeSession, ChecksTheIdBeforeTheStateAndTheStateBeforeTheMode) {
  RuntimeSession sent = in_state(RuntimeState::response_sent);
  EXPECT_EQ(of(sent.begin_response("other", "", "Bad")), no_such_id());
  EXPECT_EQ(of(sent.begin_response(k_id, "", "Bad")),
            forbidden("RuntimeResponseSentState", "InvocationResponse"));
}

TEST(RuntimeSession, ChecksTheInvocationIdOnlyIfTheRuntimeEchoesOne) {
  RuntimeSession session = in_state(RuntimeState::running);
  EXPECT_EQ(of(session.begin_response(k_id, "another-delivery", {})), no_such_id());
  EXPECT_EQ(of(session.begin_error(k_id, "another-delivery")), no_such_id());
  EXPECT_EQ(session.state(), RuntimeState::running);
  EXPECT_FALSE(session.begin_response(k_id, k_nonce, {}));
  EXPECT_FALSE(in_state(RuntimeState::running).begin_error(k_id, k_nonce));
  EXPECT_FALSE(in_state(RuntimeState::running).begin_error(k_id, ""));
}

TEST(RuntimeSession, AcceptsStreamingAndNoModeButNoOther) {
  EXPECT_FALSE(in_state(RuntimeState::running).begin_response(k_id, "", "streaming"));
  EXPECT_FALSE(in_state(RuntimeState::running).begin_response(k_id, "", {}));
  for (const char* mode : {"", "Streaming", "buffered", "streaming "}) {
    RuntimeSession session = in_state(RuntimeState::running);
    EXPECT_EQ(of(session.begin_response(k_id, "", mode)),
              (Outcome{400, "InvalidFunctionResponseMode", "Invalid function response mode"}))
        << "'" << mode << "'";
    // As on AWS the invoke is over by it: no second answer, no next event.
    EXPECT_EQ(session.state(), RuntimeState::invocation_response);
    EXPECT_EQ(of(session.begin_response(k_id, "", {})),
              forbidden("InvocationResponse", "InvocationResponse"));
    EXPECT_EQ(of(session.next().refusal), forbidden("InvocationResponse", "Ready"));
  }
}

TEST(RuntimeSession, FindsNoSuchIdOnceTheInvokeIsReleased) {
  using S = RuntimeState;
  for (S state :
       {S::running, S::invocation_response, S::invocation_error_response, S::response_sent}) {
    RuntimeSession session = in_state(state);
    session.release();
    EXPECT_EQ(of(session.begin_response(k_id, k_nonce, {})), no_such_id()) << to_text(state);
    EXPECT_EQ(of(session.begin_error(k_id, "")), no_such_id()) << to_text(state);
    EXPECT_EQ(of(session.begin_error("", "")), no_such_id()) << to_text(state);
  }
}

TEST(RuntimeSession, DoesNotHandOutAnEventWhoseInvokeIsOver) {
  RuntimeSession session = in_state(RuntimeState::running);
  session.release();
  EXPECT_EQ(of(session.next().refusal), forbidden("Running", "Ready"));
}

TEST(RuntimeSession, ALatePostForTheInvokeBeforeNeverTouchesTheNextOne) {
  RuntimeSession session = in_state(RuntimeState::response_sent);
  session.next();
  EXPECT_EQ(of(session.begin_error(k_id, "")), no_such_id());
  session.deliver("the-next-one", "nonce-2");
  EXPECT_EQ(of(session.begin_error(k_id, "")), no_such_id());
  EXPECT_EQ(of(session.begin_error("the-next-one", k_nonce)), no_such_id());
  EXPECT_EQ(session.state(), RuntimeState::running);
  EXPECT_FALSE(session.begin_response("the-next-one", "nonce-2", {}));
}

TEST(RuntimeSession, StartsAnewAfterAReset) {
  using S = RuntimeState;
  for (S state : {S::started, S::ready, S::running, S::invocation_response,
                  S::invocation_error_response, S::response_sent, S::init_error}) {
    RuntimeSession session = in_state(state);
    session.reset();
    EXPECT_EQ(session.state(), S::started);
    EXPECT_EQ(of(session.begin_response(k_id, "", {})), no_such_id());
    EXPECT_EQ(session.next().what, RuntimeSession::Next::init_complete);
  }
}

TEST(RuntimeRefusals, HaveTheExactWordsOfTheRealService) {
  EXPECT_EQ(of(invalid_request_id()), no_such_id());
  EXPECT_EQ(of(invalid_response_mode()),
            (Outcome{400, "InvalidFunctionResponseMode", "Invalid function response mode"}));
  EXPECT_EQ(of(truncated_request()),
            (Outcome{400, "TruncatedHTTPRequest", "HTTP request detected as truncated"}));
  EXPECT_EQ(of(response_too_large()),
            (Outcome{413, "RequestEntityTooLarge",
                     "Exceeded maximum allowed payload size (6291556 bytes)."}));
}

}  // namespace
}  // namespace coldframe
