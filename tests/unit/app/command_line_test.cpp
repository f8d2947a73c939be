// The command line as a person meets it: wrong usage is exit code 2 and one sentence that says what
// to do. No command here reaches a server.
#include <sys/stat.h>

#include "unit/app/clean_surroundings.h"
#include "unit/app/run_redkeep.h"

namespace redkeep::app {
namespace {

class CommandLineOf : public testing::Test {
 protected:
  CleanSurroundings around_;

  static Said run(std::vector<std::string> arguments) {
    const Said said = run_redkeep(std::move(arguments));
    EXPECT_EQ(said.arguments.find("hush"), std::string::npos)
        << "ps would show it: " << said.arguments;
    return said;
  }

  static void expect_wrong(std::vector<std::string> arguments, const std::string& sentence) {
    const Said said = run(std::move(arguments));
    EXPECT_EQ(said.code, 2) << said.err;
    EXPECT_EQ(said.out, "");
    EXPECT_TRUE(said.err.starts_with("redkeep: ")) << said.err;
    EXPECT_NE(said.err.find(sentence), std::string::npos) << said.err;
    EXPECT_EQ(said.err.find('\n'), said.err.size() - 1) << said.err;
  }
};

const char* const kCommands[] = {"up",      "guard",        "load",   "verify", "repair",
                                 "rebuild", "status",       "stats",  "shed",   "history",
                                 "export",  "check-config", "doctor", "audit"};

TEST_F(CommandLineOf, HelpIsGivenForEveryCommand) {
  const Said all = run({"--help"});
  EXPECT_EQ(all.code, 0);
  for (const char* command : kCommands) {
    EXPECT_NE(all.out.find(command), std::string::npos) << command;
    const Said one = run({command, "--help"});
    EXPECT_EQ(one.code, 0) << command;
    EXPECT_NE(one.out.find("Example: redkeep " + std::string(command)), std::string::npos)
        << one.out;
    EXPECT_EQ(one.err, "");
  }
}

TEST_F(CommandLineOf, TheVersionIsTold) {
  const Said said = run({"--version"});
  EXPECT_EQ(said.code, 0);
  EXPECT_TRUE(said.out.starts_with("redkeep 0.")) << said.out;
}

TEST_F(CommandLineOf, WithoutACommandTheCommandsAreNamed) {
  expect_wrong({}, "give one of the commands ");
  for (const char* command : kCommands) expect_wrong({}, command);
  expect_wrong({"statistics"}, "statistics is not one of the commands");
  expect_wrong({"--json"}, "--json is not one of the commands");
}

TEST_F(CommandLineOf, AnUnknownFlagIsNamedWithTheHelpToRead) {
  for (const std::string command : kCommands) {
    expect_wrong({command, "--colour", "red"}, "--colour");
    expect_wrong({command, "--colour", "red"}, "see redkeep " + command + " --help");
  }
}

TEST_F(CommandLineOf, FlagsThatContradictEachOtherAreRefused) {
  expect_wrong({"shed", "--to", "70%", "--free", "1GiB"}, "--free");
}

TEST_F(CommandLineOf, WhatShedIsToldIsCheckedBeforeAServerIsAsked) {
  const std::string config = around_.write("c.toml", "");
  const auto shed = [&](std::vector<std::string> more, const std::string& sentence) {
    more.insert(more.begin(), {"shed", "--config", config, "--url", "unix:///nowhere/redis.sock"});
    expect_wrong(more, sentence);
  };
  shed({"--to", "70"}, "--to: \"70\" is not a percentage");
  shed({"--to", "101%"}, "--to: \"101%\" is out of range");
  shed({"--free", "1G"}, "--free: \"1G\" is not a size");
  shed({"--class", "pages"}, "there is no class \"pages\"");
  const Said refused = run({"shed", "--config", config, "--class", "locks"});
  EXPECT_EQ(refused.code, 4);
  EXPECT_NE(refused.err.find("class \"locks\" (evictable) is never shed"), std::string::npos);
}

TEST_F(CommandLineOf, PortsOutsideTheRangeAreRefused) {
  for (const char* port : {"0", "70000", "65536", "-1", "x", "1.5", ""}) {
    expect_wrong({"up", "--port", port}, "--port");
  }
}

TEST_F(CommandLineOf, UpChecksItsFlagsBeforeAnythingIsStarted) {
  const std::string config = around_.write("c.toml", "");
  expect_wrong({"up", "--config", config, "--maxmemory", "512"},
               "--maxmemory: \"512\" is not a size");
  expect_wrong({"up", "--config", config, "--maxmemory", "1MiB"}, "at least 8MiB");
  expect_wrong({"up", "--config", config, "--http", "8390"}, "--http: \"8390\" is not of the form");
  expect_wrong({"up", "--config", config, "--content", ""}, "--content: is empty");
  expect_wrong({"up", "--config", config, "--data", "", "--maxmemory", "1MiB"}, "--data: is empty");
  EXPECT_FALSE(std::filesystem::exists("redkeep-data"));
}

TEST_F(CommandLineOf, LoadNeedsADirectory) {
  expect_wrong({"load"}, "directory");
  expect_wrong({"load", "a", "b"}, "b");
}

TEST_F(CommandLineOf, AFlagWithoutItsValueIsNamed) {
  expect_wrong({"status", "--url"}, "--url");
  const std::string config = around_.write("c.toml", "");
  expect_wrong({"status", "--config", config, "--url", ""}, "--url: is empty");
  expect_wrong({"status", "--config", ""}, "its name is empty");
}

TEST_F(CommandLineOf, PasswordsAreNeitherEchoedNorLeftInTheArguments) {
  const std::string config = around_.write("c.toml", "");
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"guard", "redis://alice:hush@a:1"},
        {"redis://alice:hush@a:1"},
        {"status", "--ulr", "redis://alice:hush@a:1"},
        {"status", "--ulr=redis://alice:hush@a:1"},
        {"status", "--json=redis://alice:hush@a:1"},
        {"status", "--config", config, "--url", "redis://alice:hush@a:0"},
        {"status", "--config", config, "--url", "redis://alice:hu/hush@a:1"},
        {"status", "--config", config, "--url=redis://alice:hush@a b"}}) {
    const Said said = run(wrong);
    EXPECT_EQ(said.code, 2);
    EXPECT_EQ((said.err + said.out).find("hush"), std::string::npos) << said.err;
  }
}

TEST_F(CommandLineOf, ControlCharactersInArgumentsAreNotEchoed) {
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"\x1b[31mup"},
                                                {"up", "--\x1b[31m"},
                                                {"up", "--port", "\x1b[31m"}}) {
    const Said said = run(wrong);
    EXPECT_EQ(said.code, 2);
    EXPECT_EQ(said.err.find('\x1b'), std::string::npos) << said.err;
  }
}

// ---- check-config

TEST_F(CommandLineOf, CheckConfigShowsEverySettingInForceAndWhereItComesFrom) {
  const std::string config = around_.write(
      "c.toml",
      "[pressure]\nstop_shedding = \"70%\"\n[[class]]\nname = \"sessions\"\nttl = \"1h\"\n");
  around_.set("REDKEEP_LIMIT", "1GiB");
  around_.set("REDKEEP_PASSWORD", "hush");
  const Said said = run({"check-config", config});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(said.out.ends_with("\nok\n"));
  const auto line_with = [&](const std::string& start) {
    const auto at = said.out.find("\n" + start);
    return at == std::string::npos ? ""
                                   : said.out.substr(at + 1, said.out.find('\n', at + 1) - at - 1);
  };
  EXPECT_NE(line_with("[pressure] stop_shedding").find(" 70% "), std::string::npos) << said.out;
  EXPECT_NE(line_with("[pressure] stop_shedding").find("c.toml:2:17"), std::string::npos);
  EXPECT_NE(line_with("[pressure] limit").find(" 1GiB "), std::string::npos);
  EXPECT_NE(line_with("[pressure] limit").find("REDKEEP_LIMIT"), std::string::npos);
  EXPECT_NE(line_with("[keys] prefix").find("reed:"), std::string::npos);
  EXPECT_NE(line_with("[keys] prefix").find("default"), std::string::npos);
  EXPECT_NE(line_with("sessions ").find(" 1h "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("set at c.toml:3:1"), std::string::npos);
  EXPECT_EQ(said.out.find("hush"), std::string::npos);
  EXPECT_NE(line_with("  password ").find(" given"), std::string::npos) << said.out;
}

TEST_F(CommandLineOf, CheckConfigWithoutAFileShowsTheDefaults) {
  if (std::filesystem::exists("/etc/redkeep/redkeep.toml")) GTEST_SKIP() << "this machine has one";
  const Said said = run({"check-config"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_NE(said.out.find("no file"), std::string::npos);
  around_.write("redkeep.toml", "[keys]\nprefix = \"a:\"\n");
  EXPECT_NE(run({"check-config"}).out.find("redkeep.toml:2:10"), std::string::npos);
}

TEST_F(CommandLineOf, CheckConfigNamesAllErrorsOfFileAndEnvironment) {
  const std::string config = around_.write("c.toml", "[log]\nlevel = 1\ncolour = 1\n");
  around_.set("REDKEEP_LIMIT", "12");
  const Said said = run({"check-config", config});
  EXPECT_EQ(said.code, 2);
  EXPECT_EQ(said.out, "");
  EXPECT_NE(said.err.find("redkeep: c.toml:2:9: "), std::string::npos) << said.err;
  EXPECT_NE(said.err.find("\nredkeep: c.toml:3:1: "), std::string::npos) << said.err;
  EXPECT_NE(said.err.find("\nredkeep: REDKEEP_LIMIT: \"12\" is not a size"), std::string::npos);
}

TEST_F(CommandLineOf, CheckConfigKeepsItsColumnsApart) {
  const Said said = run({"check-config"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_NE(said.out.find("[pressure] protected_full_within  7d "), std::string::npos) << said.out;
}

TEST_F(CommandLineOf, CheckConfigOfAMissingFileIsWrongUsage) {
  expect_wrong({"check-config", "missing.toml"}, "missing.toml cannot be read: No such file");
  expect_wrong({"check-config", "."}, "no regular file");
  expect_wrong({"check-config", "a", "b"}, "b");
}

TEST_F(CommandLineOf, CheckConfigSaysWhatShouldBeMended) {
  const std::string config = around_.write("c.toml", "[redis]\nurl = \"redis://:hush@a:1\"\n");
  ::chmod(config.c_str(), 0644);
  const Said said = run({"check-config", config});
  EXPECT_EQ(said.code, 0);
  EXPECT_NE(said.out.find("warning: c.toml holds a password"), std::string::npos) << said.out;
}

}  // namespace
}  // namespace redkeep::app
