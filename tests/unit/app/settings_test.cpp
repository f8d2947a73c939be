// How defaults, file, environment and flags come together.
#include "app/settings.h"

#include "app/setting_list.h"
#include "unit/app/clean_surroundings.h"

namespace redkeep::app {
namespace {

class SettingsOf : public testing::Test {
 protected:
  CleanSurroundings around_;
  ConnectionFlags flags_ = flags_for(around_.write("given.toml", ""));

  std::string error() const {
    const auto settings = load_settings(flags_);
    return settings ? "accepted" : settings.error().message;
  }
  Settings accepted() const {
    auto settings = load_settings(flags_);
    EXPECT_TRUE(settings) << (settings ? "" : settings.error().message);
    return settings ? *settings : Settings{};
  }
};

struct Layers {
  std::string setting;  // as the list names it
  std::string in_file;
  std::string variable;
  std::string in_environment;
  std::optional<std::string> ConnectionFlags::*flag;
  std::string in_flag;
};

const Layers kLayers[] = {
    {"[redis] url", "redis://file:1/1", "REDKEEP_URL", "redis://environment:2/2",
     &ConnectionFlags::url, "redis://flag:3/3"},
    {"[keys] prefix", "file:", "REDKEEP_PREFIX", "environment:", &ConnectionFlags::prefix, "flag:"},
    {"[pressure] limit", "1GiB", "REDKEEP_LIMIT", "2GiB", &ConnectionFlags::limit, "3GiB"},
    {"[http] listen", "127.0.0.1:1", "REDKEEP_HTTP", "127.0.0.1:2", &ConnectionFlags::http, "off"},
    {"[log] level", "debug", "REDKEEP_LOG_LEVEL", "warn", &ConnectionFlags::log_level, "error"},
};

TEST_F(SettingsOf, NeverIsSaidAsItWasWritten) {
  for (const std::string table : {"census", "content"}) {
    const std::string key = table == "census" ? "every" : "verify_every";
    flags_ = flags_for(around_.write("given.toml", "[" + table + "]\n" + key + " = \"never\"\n"));
    Settings settings = accepted();
    const std::string name = "[" + table + "] " + key;
    EXPECT_EQ(setting_named(setting_list(settings), name).show(), "never") << name;
  }
  EXPECT_EQ(accepted().census_every, std::chrono::minutes{5});
}

TEST_F(SettingsOf, EachLayerOverridesTheOneBelowIt) {
  Settings defaults = accepted();
  for (const auto& layers : kLayers) {
    SCOPED_TRACE(layers.setting);
    const auto name_at = layers.setting.find("] ");
    const std::string line = layers.setting.substr(0, name_at + 1) + "\n" +
                             layers.setting.substr(name_at + 2) + " = \"" + layers.in_file + "\"\n";
    const auto value = [&](Settings settings) {
      return setting_named(setting_list(settings), layers.setting).show();
    };
    flags_ = flags_for(around_.write("given.toml", line));
    EXPECT_NE(value(defaults), layers.in_file);
    EXPECT_EQ(value(accepted()), layers.in_file);
    EXPECT_TRUE(accepted().places[layers.setting].starts_with("given.toml:2:"));
    around_.set(layers.variable, layers.in_environment);
    EXPECT_EQ(value(accepted()), layers.in_environment);
    EXPECT_EQ(accepted().places[layers.setting], layers.variable);
    flags_.*layers.flag = layers.in_flag;
    EXPECT_EQ(value(accepted()), layers.in_flag);
    EXPECT_TRUE(accepted().places[layers.setting].starts_with("--"));
  }
}

TEST_F(SettingsOf, AnEmptyVariableCountsAsNotSet) {
  for (const auto& layers : kLayers) around_.set(layers.variable, "");
  around_.set("REDKEEP_PASSWORD", "");
  EXPECT_TRUE(accepted().places.empty());
}

TEST_F(SettingsOf, AnEmptyFlagIsAnErrorAndNotTakenForAFlagThatIsMissing) {
  flags_.url = flags_.ca_file = flags_.limit = flags_.content = flags_.http = flags_.log_level = "";
  const std::string said = error();
  for (const char* flag : {"--url", "--ca-file", "--limit", "--content", "--http", "--log-level"}) {
    EXPECT_NE(said.find(std::string(flag) + ": is empty"), std::string::npos) << flag << "\n"
                                                                              << said;
  }
  flags_ = flags_for("");
  EXPECT_NE(error().find("its name is empty"), std::string::npos);
}

TEST_F(SettingsOf, AnEmptyPrefixIsTakenAtItsWordAndWarnedOf) {
  flags_.prefix = "";
  const Settings settings = accepted();
  EXPECT_EQ(settings.options.prefix, "");
  ASSERT_EQ(settings.warnings.size(), 1u);
  EXPECT_NE(settings.warnings[0].find("prefix is empty"), std::string::npos);
}

TEST_F(SettingsOf, APrefixWithoutASeparatorIsWarnedOf) {
  flags_.prefix = "reed";
  ASSERT_EQ(accepted().warnings.size(), 1u);
  EXPECT_NE(accepted().warnings[0].find("was \"reed:\" meant?"), std::string::npos);
  flags_.prefix = "{reed}:";  // a hash tag, for a cluster
  EXPECT_TRUE(accepted().warnings.empty());
}

TEST_F(SettingsOf, APrefixOfBlanksControlCharactersOrGreatLengthIsRefused) {
  for (const std::string prefix : {"a b:", "a\n:", "\x1b[31m:", "a\x7f:"}) {
    flags_.prefix = prefix;
    EXPECT_TRUE(error().starts_with("--prefix: ")) << error();
    EXPECT_EQ(error().find('\x1b'), std::string::npos) << "it reached the terminal";
  }
  flags_.prefix = std::string(129, 'a');
  EXPECT_NE(error().find("longer than 128 bytes"), std::string::npos);
  flags_.prefix = std::string(127, 'a') + ":";
  accepted();
}

TEST_F(SettingsOf, ErrorsOfAllSourcesComeTogether) {
  flags_ = flags_for(around_.write("given.toml", "[log]\nlevel = \"loud\"\n"));
  around_.set("REDKEEP_LIMIT", "12");
  around_.set("REDKEEP_HTTP", "nonsense");
  flags_.url = "http://127.0.0.1";
  flags_.password_file = "missing";
  const std::string said = error();
  EXPECT_NE(said.find("given.toml:2:9: [log] level: \"loud\" is not one of"), std::string::npos)
      << said;
  EXPECT_NE(said.find("REDKEEP_LIMIT: \"12\" is not a size: write it like 512MiB"),
            std::string::npos);
  EXPECT_NE(said.find("REDKEEP_HTTP: \"nonsense\" is not of the form"), std::string::npos) << said;
  EXPECT_NE(said.find("--url: the Redis URL begins with neither"), std::string::npos) << said;
  EXPECT_NE(said.find("--password-file: the password file missing cannot be read"),
            std::string::npos);
}

TEST_F(SettingsOf, AVariableWithControlCharactersDoesNotReachTheTerminal) {
  around_.set("REDKEEP_LIMIT", "\x1b[2J");
  EXPECT_EQ(error(), "REDKEEP_LIMIT: has control characters in it");
}

TEST_F(SettingsOf, ThePasswordOfOneUrlIsNeverSentToAnother) {
  flags_ = flags_for(around_.write("given.toml", "[redis]\nurl = \"redis://u:secret@a:1\"\n"));
  EXPECT_EQ(accepted().options.endpoint.password, "secret");
  around_.set("REDKEEP_URL", "redis://b:2");
  EXPECT_EQ(accepted().options.endpoint.password, "");
  EXPECT_EQ(accepted().options.endpoint.user, "");
  around_.set("REDKEEP_URL", "redis://:other@b:2");
  flags_.url = "redis://c:3";
  EXPECT_EQ(accepted().options.endpoint.password, "");
}

TEST_F(SettingsOf, ThePasswordVariableIsForWhicheverUrlIsInForce) {
  around_.set("REDKEEP_PASSWORD", "variable");
  EXPECT_EQ(accepted().options.endpoint.password, "variable");
  flags_.url = "redis://c:3";
  EXPECT_EQ(accepted().options.endpoint.password, "variable");
  flags_.url = "redis://:flag@c:3";
  EXPECT_EQ(accepted().options.endpoint.password, "flag");
  flags_.password_file = around_.write("password", "file\r\nsecond line\n");
  EXPECT_EQ(accepted().options.endpoint.password, "file");
  EXPECT_EQ(accepted().password_file, "password");
}

TEST_F(SettingsOf, APasswordOnTheCommandLineIsWarnedOfWithoutNamingIt) {
  flags_.url = "redis://:hush@c:3";
  ASSERT_EQ(accepted().warnings.size(), 1u);
  EXPECT_EQ(accepted().warnings[0].find("hush"), std::string::npos);
}

TEST_F(SettingsOf, APasswordFileThatHoldsNoneIsRefused) {
  flags_.password_file = around_.write("password", "\nhush\n");
  EXPECT_NE(error().find("has no password in its first line"), std::string::npos);
  flags_.password_file = around_.write("password", "");
  EXPECT_NE(error().find("has no password in its first line"), std::string::npos);
  flags_.password_file = ".";
  EXPECT_NE(error().find("Is a directory"), std::string::npos) << error();
  flags_.password_file = "/dev/zero";
  EXPECT_NE(error().find("has no end of line"), std::string::npos) << error();
  flags_.password_file = "";
  EXPECT_NE(error().find("--password-file: "), std::string::npos) << error();
}

TEST_F(SettingsOf, AFileWithAPasswordThatOthersMayReadIsWarnedOf) {
  flags_.password_file = around_.write("password", "hush\n");
  EXPECT_TRUE(accepted().warnings.empty());
  ::chmod("password", 0644);
  ASSERT_EQ(accepted().warnings.size(), 1u);
  EXPECT_NE(accepted().warnings[0].find("password holds a password"), std::string::npos);

  flags_ = flags_for(around_.write("given.toml", "[redis]\nurl = \"redis://:hush@a:1\"\n"));
  EXPECT_TRUE(accepted().warnings.empty());
  ::chmod("given.toml", 0640);
  ASSERT_EQ(accepted().warnings.size(), 1u);
  EXPECT_NE(accepted().warnings[0].find("chmod 600 given.toml"), std::string::npos);
  around_.write("given.toml", "[redis]\nurl = \"redis://a:1\"\n");
  ::chmod("given.toml", 0644);
  EXPECT_TRUE(accepted().warnings.empty()) << "there is no secret in it";
}

TEST_F(SettingsOf, HttpForOtherMachinesIsWarnedOf) {
  flags_.http = "0.0.0.0:8390";
  ASSERT_EQ(accepted().warnings.size(), 1u);
  EXPECT_NE(accepted().warnings[0].find("reached from other machines"), std::string::npos);
  for (const char* quiet : {"off", "localhost:8390", "[::1]:8390", "127.0.0.2:0"}) {
    flags_.http = quiet;
    EXPECT_TRUE(accepted().warnings.empty()) << quiet;
  }
}

TEST_F(SettingsOf, AContentDirectoryWithoutContentIsWarnedOf) {
  flags_.content = ".";
  ASSERT_EQ(accepted().warnings.size(), 1u);
  EXPECT_NE(accepted().warnings[0].find("has no entities.csv"), std::string::npos);
  around_.write("entities.csv", "id,type,data\n");
  EXPECT_TRUE(accepted().warnings.empty());
}

TEST_F(SettingsOf, AFileInTheWorkingDirectoryIsReadWithoutBeingNamed) {
  around_.write("redkeep.toml", "[keys]\nprefix = \"here:\"\n");
  flags_ = {};
  EXPECT_EQ(accepted().options.prefix, "here:");
  EXPECT_EQ(accepted().config_file, "redkeep.toml");
}

TEST(SettingList, TakesBackWhatItShows) {
  Settings settings;
  settings.options.pressure.limit_bytes = 4097;
  settings.options.pressure.dwell = std::chrono::milliseconds{61'500};
  settings.options.pressure.emergency_pct = 94.25;
  for (const auto& setting : setting_list(settings)) {
    if (!setting.set || setting.show().empty()) continue;
    const std::string shown = setting.show();
    EXPECT_TRUE(setting.set(shown)) << setting.name() << " " << shown;
    EXPECT_EQ(setting.show(), shown) << setting.name();
  }
}

TEST(SettingList, ShowsNoPassword) {
  Settings settings;
  const auto list = setting_list(settings);
  ASSERT_TRUE(setting_named(list, "[redis] url").set("redis://alice:hush@a:1/2"));
  EXPECT_EQ(setting_named(list, "[redis] url").show(), "redis://alice@a:1/2");
}

TEST(SettingList, WritesExactSizesAndDurations) {
  using std::chrono::milliseconds;
  EXPECT_EQ(exact_bytes(0), "0");
  EXPECT_EQ(exact_bytes(1023), "1023B");
  EXPECT_EQ(exact_bytes(536'870'912), "512MiB");
  EXPECT_EQ(exact_bytes(std::int64_t{3} << 50), "3072TiB");
  EXPECT_EQ(exact_duration(milliseconds{1}), "1ms");
  EXPECT_EQ(exact_duration(milliseconds{90'000}), "90s");
  EXPECT_EQ(exact_duration(milliseconds{300'000}), "5m");
  EXPECT_EQ(exact_duration(milliseconds{172'800'000}), "2d");
}

}  // namespace
}  // namespace redkeep::app
