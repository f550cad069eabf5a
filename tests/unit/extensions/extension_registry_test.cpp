// The state machine of extensions, and every refusal with its exact type and message.
#include "emulator/extensions/extension_registry.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

constexpr const char* k_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
constexpr const char* k_other_id = "0a1b2c3d-0000-4000-8000-000000000001";
constexpr const char* k_invoke = R"({"events":["INVOKE"]})";
constexpr const char* k_both = R"({"events":["INVOKE","SHUTDOWN"]})";

ExtensionRefusal refusal(const char* type, const std::string& message) { return {type, message}; }

ExtensionRefusal not_allowed(const std::string& from, const std::string& to) {
  return refusal("Extension.InvalidExtensionState",
                 "State transition from " + from + " to " + to +
                     " failed for extension agent. Error: State transition is not allowed");
}

TEST(ExtensionRegistry, AnExternalOneRegistersByTheNameOfItsFile) {
  ExtensionRegistry registry;
  registry.expect("agent", k_id);
  EXPECT_FALSE(registry.all_registered());
  const auto found = registry.enroll("agent", k_both, k_other_id);
  ASSERT_FALSE(found.refusal);
  EXPECT_TRUE(found.extension->external);
  EXPECT_EQ(found.extension->id, k_id);
  EXPECT_TRUE(found.extension->wants_invoke);
  EXPECT_TRUE(found.extension->wants_shutdown);
  EXPECT_TRUE(registry.all_registered());
  EXPECT_FALSE(registry.all_ready());
  EXPECT_TRUE(registry.has_external());
}

TEST(ExtensionRegistry, AnyOtherNameIsAnInternalOne) {
  ExtensionRegistry registry;
  const auto found = registry.enroll("inside", k_invoke, k_id);
  ASSERT_FALSE(found.refusal);
  EXPECT_FALSE(found.extension->external);
  EXPECT_EQ(found.extension->id, k_id);
  EXPECT_FALSE(registry.has_external());
}

TEST(ExtensionRegistry, NoEventsAreNeeded) {
  for (const char* body : {"{}", R"({"events":[]})", R"({"events":null})", "null"}) {
    ExtensionRegistry registry;
    const auto found = registry.enroll("inside", body, k_id);
    ASSERT_FALSE(found.refusal) << body;
    EXPECT_FALSE(found.extension->wants_invoke) << body;
  }
}

TEST(ExtensionRegistry, RefusesWhatCannotBeRead) {
  for (const char* body : {"", "{", "[]", "7", R"({"events":"INVOKE"})", R"({"events":[1]})",
                           R"({"configurationKeys":["a"]})"}) {
    ExtensionRegistry registry;
    const auto found = registry.enroll("agent", body, k_id);
    ASSERT_TRUE(found.refusal) << body;
    EXPECT_EQ(found.refusal->type, "InvalidRequestFormat") << body;
    EXPECT_TRUE(registry.empty()) << body;
  }
}

TEST(ExtensionRegistry, RefusesAnEmptyName) {
  ExtensionRegistry registry;
  EXPECT_EQ(registry.enroll("", k_invoke, k_id).refusal,
            refusal("Extension.InvalidExtensionName", "Empty extension name"));
}

TEST(ExtensionRegistry, RefusesEventsThatThereAreNot) {
  ExtensionRegistry registry;
  registry.expect("agent", k_id);
  EXPECT_EQ(registry.enroll("agent", R"({"events":["INVOKE","SLEEP"]})", "").refusal,
            refusal("Extension.InvalidEventType", "SLEEP: ErrorInvalidEventType"));
  EXPECT_EQ(registry.enroll("inside", R"({"events":["SLEEP"]})", "").refusal,
            refusal("Extension.InvalidEventType", "SLEEP: ErrorInvalidEventType"));
  EXPECT_FALSE(registry.enroll("agent", k_both, "").refusal) << "it may try again";
}

TEST(ExtensionRegistry, AnInternalOneCannotHaveShutdown) {
  ExtensionRegistry registry;
  EXPECT_EQ(registry.enroll("inside", k_both, k_id).refusal,
            refusal("Extension.InvalidEventType",
                    "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension"));
}

TEST(ExtensionRegistry, RefusesInternalOnesOnceItIsClosed) {
  ExtensionRegistry registry;
  registry.close();
  EXPECT_EQ(registry.enroll("inside", k_invoke, k_id).refusal,
            refusal("Extension.RegistrationClosed", "Extension registration closed already"));
}

TEST(ExtensionRegistry, RefusesASecondOfTheSameName) {
  ExtensionRegistry registry;
  registry.enroll("inside", k_invoke, k_id);
  EXPECT_EQ(
      registry.enroll("inside", k_invoke, k_other_id).refusal,
      refusal("Extension.InvalidExtensionState", "Extension with this name already registered"));
  registry.expect("agent", k_id);
  registry.enroll("agent", k_invoke, "");
  EXPECT_EQ(registry.enroll("agent", k_invoke, "").refusal,
            not_allowed("Registered", "Registered"));
}

TEST(ExtensionRegistry, RefusesTheEleventh) {
  ExtensionRegistry registry;
  registry.expect("agent", k_id);
  for (int i = 1; i < 10; ++i)
    ASSERT_FALSE(registry.enroll("inside" + std::to_string(i), k_invoke, "x").refusal);
  EXPECT_EQ(registry.enroll("one more", k_invoke, k_other_id).refusal,
            refusal("Extension.TooManyExtensions", "Extension limit (10) reached"));
}

TEST(ExtensionRegistry, FindsByIdentifierAndSaysWhyNot) {
  ExtensionRegistry registry;
  registry.enroll("inside", k_invoke, k_id);
  EXPECT_EQ(registry.find(k_id).extension->name, "inside");
  EXPECT_EQ(registry.find({}).refusal, refusal("Extension.MissingExtensionIdentifier",
                                               "Missing Lambda-Extension-Identifier header"));
  for (const char* wrong :
       {"7", "8476a536-e9f4-11e8-9739-2dfe598c3fcg", "8476a536+e9f4-11e8-9739-2dfe598c3fcd",
        "8476a536-e9f4-11e8-9739-2dfe598c3fcd0"}) {
    EXPECT_EQ(registry.find(wrong).refusal, refusal("Extension.InvalidExtensionIdentifier",
                                                    "Invalid Lambda-Extension-Identifier"))
        << wrong;
  }
  EXPECT_EQ(registry.find(k_other_id).refusal,
            refusal("Extension.UnknownExtensionIdentifier",
                    "Unknown extension 0a1b2c3d-0000-4000-8000-000000000001"));
}

// Every call in every state that can be reached.
struct Row {
  ExtensionState from;
  bool next, init_error, exit_error;  // whether they are allowed
};

ExtensionRegistry in_state(ExtensionState state) {
  ExtensionRegistry registry;
  Extension& agent = registry.expect("agent", k_id);
  if (state == ExtensionState::started) return registry;
  registry.enroll("agent", k_both, "");
  if (state == ExtensionState::init_error) registry.report_init_error(agent, "X");
  if (state == ExtensionState::exit_error) registry.report_exit_error(agent, "X");
  if (state == ExtensionState::ready || state == ExtensionState::running) {
    registry.next(agent, false);
  }
  if (state == ExtensionState::running) registry.give_event(agent);
  return registry;
}

TEST(ExtensionRegistry, AllowsEachCallInItsStates) {
  constexpr Row k_rows[] = {
      {ExtensionState::started, false, false, false},
      {ExtensionState::registered, true, true, true},
      {ExtensionState::ready, false, false, true},
      {ExtensionState::running, true, false, true},
      {ExtensionState::init_error, false, true, false},
      {ExtensionState::exit_error, false, false, true},
  };
  for (const Row& row : k_rows) {
    const std::string from(to_text(row.from));
    const auto try_it = [&](auto call, bool allowed, ExtensionState to, const char* named) {
      ExtensionRegistry registry = in_state(row.from);
      Extension& agent = *registry.all().front();
      ASSERT_EQ(agent.state, row.from);
      const auto refused = call(registry, agent);
      if (allowed) {
        EXPECT_FALSE(refused) << from << " to " << named;
        EXPECT_EQ(agent.state, to) << from;
      } else {
        EXPECT_EQ(refused, not_allowed(from, named));
        EXPECT_EQ(agent.state, row.from);
      }
    };
    try_it([](auto& r, auto& e) { return r.next(e, false); }, row.next, ExtensionState::ready,
           "Ready");
    try_it([](auto& r, auto& e) { return r.report_init_error(e, "T"); }, row.init_error,
           ExtensionState::init_error, "InitError");
    try_it([](auto& r, auto& e) { return r.report_exit_error(e, "T"); }, row.exit_error,
           ExtensionState::exit_error, "Exited");
  }
}

TEST(ExtensionRegistry, WhoHasLostItsPollMayAskAgain) {
  ExtensionRegistry registry = in_state(ExtensionState::ready);
  Extension& agent = *registry.all().front();
  EXPECT_FALSE(registry.next(agent, true));
  EXPECT_EQ(registry.next(agent, false), not_allowed("Ready", "Ready"));
}

TEST(ExtensionRegistry, AnErrorNeedsItsType) {
  for (const bool of_init : {true, false}) {
    ExtensionRegistry registry = in_state(ExtensionState::registered);
    Extension& agent = *registry.all().front();
    EXPECT_EQ(
        of_init ? registry.report_init_error(agent, {}) : registry.report_exit_error(agent, {}),
        refusal("Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found"));
    EXPECT_EQ(agent.state, ExtensionState::registered);
  }
}

TEST(ExtensionRegistry, ClearingItOpensItAgain) {
  ExtensionRegistry registry;
  registry.enroll("inside", k_invoke, k_id);
  registry.close();
  registry.clear();
  EXPECT_TRUE(registry.empty());
  EXPECT_FALSE(registry.enroll("inside", k_invoke, k_id).refusal);
}

}  // namespace
}  // namespace coldframe
