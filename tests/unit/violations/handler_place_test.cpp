#include "emulator/violations/handler_place.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

std::string found(const FunctionConfig& config) {
  const HandlerPlace place = find_handler(config);
  return place.handler + "|" + place.place;
}

TEST(HandlerPlaceOf, AnImageIsItsCommand) {
  FunctionConfig config;
  config.entry_point = {"python3", "-m", "awslambdaric"};
  config.command = {"app.handler"};
  EXPECT_EQ(found(config), "app.handler|ImageConfig.Command in function.json");
}

TEST(HandlerPlaceOf, AZipFunctionIsItsHandler) {
  FunctionConfig config;
  config.runtime = "python3.12";
  config.handler = "app.handler";
  config.entry_point = {"python3", "-m", "awslambdaric"};
  config.command = {"app.handler"};
  EXPECT_EQ(found(config), "app.handler|Handler in function.json");
}

TEST(HandlerPlaceOf, AnEntryPointAloneIsItsLastWord) {
  FunctionConfig config;
  config.entry_point = {"python3", "-m", "awslambdaric", "app.handler"};
  EXPECT_EQ(found(config), "app.handler|ImageConfig.EntryPoint in function.json");
  config.handler = "app.handler";
  EXPECT_EQ(found(config), "app.handler|of the command");
}

TEST(HandlerPlaceOf, AProgramAloneIsNotKnown) {
  FunctionConfig config;
  EXPECT_EQ(found(config), "|");
  config.entry_point = {"./run"};
  EXPECT_EQ(found(config), "|");
}

}  // namespace
}  // namespace coldframe
