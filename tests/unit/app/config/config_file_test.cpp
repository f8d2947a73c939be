// redkeep.toml: what is accepted, and what is said of what is not (fault F53).
#include "app/config/config_file.h"

#include <sys/stat.h>

#include "unit/app/clean_surroundings.h"

namespace redkeep::app {
namespace {

class ConfigFile : public testing::Test {
 protected:
  CleanSurroundings around_;

  Result<Settings> load(std::string_view text) const {
    return load_settings(flags_for(around_.write("c.toml", text)));
  }
  std::vector<std::string> errors(std::string_view text) const {
    const auto settings = load(text);
    std::vector<std::string> lines;
    if (settings) return lines;
    EXPECT_EQ(settings.error().kind, ErrorKind::InvalidInput);
    std::string_view rest = settings.error().message;
    constexpr std::string_view kBetween = "\nredkeep: ";
    for (std::size_t at = 0; (at = rest.find(kBetween)) != std::string_view::npos;) {
      lines.emplace_back(rest.substr(0, at));
      rest.remove_prefix(at + kBetween.size());
    }
    lines.emplace_back(rest);
    return lines;
  }
  std::string error(std::string_view text) const {
    const auto lines = errors(text);
    EXPECT_EQ(lines.size(), 1u) << testing::PrintToString(lines);
    return lines.empty() ? "accepted" : lines[0];
  }
};

using Lines = std::vector<std::string>;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST_F(ConfigFile, AnEmptyOneLeavesTheDefaults) {
  const auto settings = load("");
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->places.empty());
  EXPECT_EQ(settings->options.prefix, "reed:");
  EXPECT_TRUE(load("\xEF\xBB\xBF# a byte order mark, as some editors write\n"));
}

TEST_F(ConfigFile, AllErrorsAreNamedInTheOrderOfTheFile) {
  const auto said = errors(
      "[pressure]\n"
      "start_shedding = \"85\"\n"
      "colour = \"red\"\n"
      "limit = -1\n"
      "[http]\n"
      "hosts = \"a\"\n"
      "[colours]\n"
      "[[class]]\n"
      "patterns = [\"a:*\"]\n");
  ASSERT_EQ(said.size(), 6u) << testing::PrintToString(said);
  EXPECT_TRUE(contains(said[0], "c.toml:2:18: [pressure] start_shedding: \"85\" is not a perc"));
  EXPECT_TRUE(contains(said[1], "c.toml:3:1: unknown setting \"colour\" in [pressure], which has"));
  EXPECT_EQ(said[2], "c.toml:4:9: [pressure] limit: must be a text in quotes, such as \"512MiB\"");
  EXPECT_TRUE(contains(said[3], "c.toml:6:9: [http] hosts: must be a list of texts, such as"));
  EXPECT_TRUE(contains(said[4], "c.toml:7:2: unknown table \"colours\"; there are [redis]"));
  for (const char* table : {"[keys]", "[pressure]", "[shed]", "[alerts]", "[ledger]", "[journal]",
                            "[drift]", "[content]", "[http]", "[log]", "[[class]]"}) {
    EXPECT_TRUE(contains(said[4], table)) << table;
  }
  EXPECT_TRUE(contains(said[5], "c.toml:8:1: a [[class]] needs a name"));
}

TEST_F(ConfigFile, AWrongTypeIsAnsweredWithTheRightForm) {
  const std::pair<std::string, std::string> kCases[] = {
      {"[pressure]\nemergency = 95\n", "\"85%\""},
      {"[pressure]\nemergency = 0.95\n", "\"85%\""},
      {"[pressure]\ndwell = 5\n", "\"5s\""},
      {"[pressure]\nlimit = 1e99\n", "\"512MiB\""},
      {"[alerts]\nevery = true\n", "\"60s\""},
      {"[redis]\nurl = 6379\n", "\"redis://"},
      {"[redis]\nurl = [\"redis://a\"]\n", "\"redis://"},
      {"[http]\nlisten = 8390\n", "\"127.0.0.1:8390\""},
      {"[keys]\nprefix = 1979-05-27\n", "\"reed:\""}};
  for (const auto& [text, form] : kCases) {
    EXPECT_TRUE(contains(error(text), "must be a text in quotes, such as " + form)) << error(text);
  }
}

TEST_F(ConfigFile, SizesThatCouldMeanTwoThingsAreRefused) {
  for (const char* size : {"1G", "1", "-1", "1e99", "1e99B", "-1GiB", "inf", "nan", "GiB", "1 2GiB",
                           "9999999999TiB", "0x10B", ""}) {
    const std::string said = error("[pressure]\nlimit = \"" + std::string(size) + "\"\n");
    EXPECT_TRUE(contains(said, "write it like 512MiB")) << size << ": " << said;
    EXPECT_TRUE(contains(said, "c.toml:2:9: ")) << said;
  }
  for (const char* size : {"1GB", "1GiB", "1 gib", "0"}) {
    EXPECT_TRUE(load("[pressure]\nlimit = \"" + std::string(size) + "\"\n")) << size;
  }
}

TEST_F(ConfigFile, DurationsHaveAUnitAndAreAboveZero) {
  for (const char* wrong : {"5", "-5s", "0s", "0ms", "5 weeks", "1e3s", "200y"}) {
    for (const char* key : {"dwell", "interval", "restore_cool_down"}) {
      error("[pressure]\n" + std::string(key) + " = \"" + wrong + "\"\n");
    }
  }
  EXPECT_TRUE(contains(error("[alerts]\nevery = \"1500ms\"\n"), "whole number of seconds"));
  EXPECT_TRUE(contains(error("[redis]\ndeadline = \"0s\"\n"), "at least 1ms"));
}

TEST_F(ConfigFile, PercentagesHaveASignAndLieAboveZeroAndUpToAHundred) {
  for (const char* wrong : {"0%", "85", "101%", "-1%", "0.85", "%", "nan%", "1e1%"}) {
    const std::string said = error("[pressure]\nstop_shedding = \"" + std::string(wrong) + "\"\n");
    EXPECT_TRUE(contains(said, "c.toml:2:17: [pressure] stop_shedding: ")) << said;
  }
  EXPECT_TRUE(load("[pressure]\nstop_shedding = \"0.5%\"\nemergency = \"100 %\"\n"));
}

TEST_F(ConfigFile, SyntaxErrorsOfSeveralLinesAreAllNamed) {
  const auto said = errors(
      "[pressure]\n"
      "start_shedding = 86%\n"
      "limit = 1G\n"
      "dwell = \"5s\"\n"
      "dwell = \"6s\"\n"
      "colour = \"red\"\n");
  ASSERT_EQ(said.size(), 4u) << testing::PrintToString(said);
  EXPECT_TRUE(contains(said[0], "c.toml:2:")) << said[0];
  EXPECT_TRUE(contains(said[0], "values are texts in quotes, such as \"85%\"")) << said[0];
  EXPECT_TRUE(contains(said[1], "c.toml:3:")) << said[1];
  EXPECT_TRUE(contains(said[2], "c.toml:5:")) << said[2];
  EXPECT_TRUE(contains(said[2], "cannot redefine existing string 'dwell'")) << said[2];
  EXPECT_TRUE(contains(said[3], "c.toml:6:1: unknown setting \"colour\"")) << said[3];
}

TEST_F(ConfigFile, AfterASyntaxErrorNothingIsGuessedOfWhatMayBeMissing) {
  // With its default of 80% stop_shedding would be above start_shedding; but it is not 80%.
  EXPECT_TRUE(
      contains(error("[pressure]\nstop_shedding = 60%\nstart_shedding = \"70%\"\n"), "c.toml:2:"));
  EXPECT_TRUE(contains(error("[pressure]\nstop_shedding = \"60\"\nstart_shedding = \"70%\"\n"),
                       "is not a percentage"));
}

TEST_F(ConfigFile, AnOpenBracketOrQuoteIsOneError) {
  EXPECT_TRUE(contains(error("[[class]]\nname = \"a\"\npatterns = [\"a:*\"\nlevel = \"protected\"\n"
                             "[pressure]\nlimit = 1\n"),
                       "c.toml:4:"));
  EXPECT_TRUE(contains(error("[keys]\nprefix = \"\"\"a\nb = 1\nc = 2\n"), "c.toml:"));
  EXPECT_TRUE(contains(error("[keys\nprefix = \"a\"\n"), "c.toml:1:6:"));
}

TEST_F(ConfigFile, TablesThatAreThereTwiceAreRefused) {
  EXPECT_TRUE(contains(error("[keys]\nprefix = \"a:\"\n[keys]\nprefix = \"b:\"\n"), "c.toml:3:1:"));
}

TEST_F(ConfigFile, BinaryFilesAreRefusedWithoutEchoingThem) {
  using namespace std::literals;
  for (const auto bytes :
       {"\0\1\2\3"sv,
        "\x7f"
        "ELF\x02\x01"sv,
        "\xff\xfe[\0k\0]\0"sv, "a = \x1b[31m\n"sv, "a = \"\xe9\"\n"sv, "PK\x03\x04"sv}) {
    const std::string said = error(bytes);
    EXPECT_TRUE(said.starts_with("c.toml:1:")) << said;
    EXPECT_EQ(said.find_first_of("\x1b\x01\x7f\xff\xe9"sv), std::string::npos) << said;
  }
  std::string random;
  for (unsigned i = 0; i < 100'000; ++i) random += static_cast<char>((i * 2654435761u) >> 13);
  EXPECT_LE(errors(random).size(), 20u);
}

TEST_F(ConfigFile, NamesWithControlCharactersAreEscapedInMessages) {
  const std::string said = error("[keys]\n\"\\u001b[31m\" = \"a\"\n");
  EXPECT_TRUE(contains(said, "unknown setting \"\\x1b[31m\"")) << said;
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
}

TEST_F(ConfigFile, DeepNestingIsAnErrorAndNoCrash) {
  EXPECT_TRUE(contains(error("a = " + std::string(100'000, '[')), "nested"));
}

TEST_F(ConfigFile, WhatIsNoReadableFileIsNamedWithTheReason) {
  const auto reason = [](const std::string& path) {
    const auto settings = load_settings(flags_for(path));
    return settings ? "accepted" : settings.error().message;
  };
  EXPECT_TRUE(contains(reason("missing.toml"), "missing.toml cannot be read: No such file"));
  EXPECT_TRUE(contains(reason("."), "no regular file")) << reason(".");
  EXPECT_TRUE(contains(reason("/dev/null"), "no regular file"));
  ASSERT_EQ(::mkfifo("pipe", 0600), 0);
  EXPECT_TRUE(contains(reason("pipe"), "no regular file"));
  around_.write("big.toml", std::string((1 << 20) + 1, '#'));
  EXPECT_TRUE(contains(reason("big.toml"), "larger than 1 MiB"));
}

// The superuser may read everything: for the moment it is somebody else.
class AsNobody {
 public:
  AsNobody() {
    if (before_ == 0) ::chmod(".", 0755);
    is_nobody_ = before_ != 0 || ::seteuid(65534) == 0;
  }
  ~AsNobody() {
    if (before_ == 0 && ::seteuid(before_) != 0) std::abort();
  }
  bool is_nobody() const { return is_nobody_; }

 private:
  uid_t before_ = ::geteuid();
  bool is_nobody_ = false;
};

TEST_F(ConfigFile, OneThatMayNotBeReadIsNotPassedOver) {
  around_.write("redkeep.toml", "[keys]\nprefix = \"a:\"\n");
  ::chmod("redkeep.toml", 0);
  const AsNobody nobody;
  if (!nobody.is_nobody()) GTEST_SKIP() << "needs to be somebody who may not read everything";
  const auto settings = load_settings({});
  ASSERT_FALSE(settings);
  EXPECT_TRUE(contains(settings.error().message, "redkeep.toml cannot be read: Permission denied"));
}

TEST_F(ConfigFile, SettingsOutsideTheirTableAreToldWhereTheyBelong) {
  EXPECT_TRUE(
      contains(error("prefix = \"a:\"\n"), "c.toml:1:1: the setting \"prefix\" stands outside"));
  EXPECT_TRUE(contains(error("prefix = \"a:\"\n"), "belongs under [keys]"));
  EXPECT_TRUE(contains(error("pressure = 5\n"), "pressure is a table: write [pressure]"));
  EXPECT_TRUE(contains(error("[class]\nname = \"a\"\n"), "written as [[class]]"));
  EXPECT_TRUE(contains(error("class = [\"a\"]\n"), "written as [[class]]"));
  EXPECT_TRUE(contains(error("class = []\n"), "written as [[class]]"));
}

// ---- rules between settings

TEST_F(ConfigFile, MarksOutOfOrderAreNamedWhereTheyStand) {
  EXPECT_EQ(error("[pressure]\nstart_shedding = \"80%\"\n"),
            "c.toml:2:18: [pressure] stop_shedding (80%, the default) must be below [pressure] "
            "start_shedding (80%, c.toml:2:18)");
  EXPECT_EQ(error("[pressure]\n\nmin_interval = \"2s\"\n"),
            "c.toml:3:16: [pressure] min_interval (2s, c.toml:3:16) must be at most [pressure] "
            "interval (1s, the default)");
  const auto both = errors("[pressure]\nemergency = \"85%\"\nstop_shedding = \"85%\"\n");
  EXPECT_EQ(both.size(), 3u) << testing::PrintToString(both);
}

TEST_F(ConfigFile, MarksInOrderAreAccepted) {
  const auto settings = load(
      "[pressure]\nstop_shedding = \"50%\"\nstart_shedding = \"60%\"\nleave_emergency = \"55%\"\n"
      "emergency = \"99.5%\"\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->options.pressure.emergency_pct, 99.5);
}

TEST_F(ConfigFile, HostsThatWouldNeverMatchOrMatchNothingAreRefused) {
  for (const char* host : {"", "a:8390", "http://a", "a b", "a/b"}) {
    EXPECT_TRUE(
        contains(error("[http]\nhosts = [\"" + std::string(host) + "\"]\n"), "c.toml:2:9:"));
  }
  const auto settings = load("[http]\nhosts = [\"redkeep.example\", \"[fe80::1]\"]\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->http_hosts.size(), 2u);
}

// ---- classes

const KeyClass* class_of(const Settings& settings, std::string_view name) {
  for (const auto& key_class : settings.options.classes) {
    if (key_class.name == name) return &key_class;
  }
  return nullptr;
}

TEST_F(ConfigFile, AClassIsAddedToTheBuiltInOnes) {
  const auto settings = load(
      "[[class]]\nname = \"fragments\"\npatterns = [\"fragment:{page}:*\"]\nlevel = \"evictable\"\n"
      "ttl = \"10m\"\nshed_at = \"warning\"\nshed_order = 2\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->options.classes.size(), default_key_classes().size() + 1);
  const KeyClass* added = class_of(*settings, "fragments");
  ASSERT_NE(added, nullptr);
  EXPECT_EQ(added->patterns, Lines{"fragment:{page}:*"});
  EXPECT_EQ(added->level, KeyLevel::Evictable);
  EXPECT_EQ(added->ttl, std::chrono::minutes{10});
  EXPECT_EQ(added->shed_at, ShedAt::Warning);
  EXPECT_EQ(added->shed_order, 2);
}

TEST_F(ConfigFile, ABuiltInClassIsChangedWhereItIsWrittenOnly) {
  const auto settings = load("[[class]]\nname = \"sessions\"\nttl = \"1h\"\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->options.classes.size(), default_key_classes().size());
  EXPECT_EQ(class_of(*settings, "sessions")->ttl, std::chrono::hours{1});
  EXPECT_EQ(class_of(*settings, "sessions")->shed_at, ShedAt::Critical);
}

TEST_F(ConfigFile, AClassThatIsMadeProtectedLosesItsTtl) {
  const auto settings = load("[[class]]\nname = \"page_cache\"\nlevel = \"protected\"\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(class_of(*settings, "page_cache")->ttl, std::nullopt);
  EXPECT_EQ(class_of(*settings, "page_cache")->shed_at, ShedAt::Never);
}

TEST_F(ConfigFile, ReplaceLeavesOnlyTheClassesOfTheFile) {
  const std::string one = "[[class]]\nname = \"a\"\npatterns = [\"a:*\"]\n";
  const auto settings = load("classes = \"replace\"\n" + one);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->options.classes.size(), 1u);
  EXPECT_TRUE(contains(error("classes = \"replace\"\n"), "c.toml:1:11: "));
  EXPECT_TRUE(
      contains(error("classes = \"extend\"\n" + one), "c.toml:1:11: classes must be \"add\""));
}

TEST_F(ConfigFile, AllBadClassesAreNamedWhereTheyStand) {
  const auto said = errors(
      "[[class]]\nname = \"a\"\n\n"                                      // no pattern
      "[[class]]\nname = \"b\"\npatterns = [\"*\", \"b:{x}{y}\"]\n\n"    // two bad patterns
      "[[class]]\nname = \"c\"\npatterns = [\"c:*\"]\nttl = \"5m\"\n\n"  // protected with a TTL
      "[[class]]\nname = \"d\"\npatterns = [\"d:*\"]\nlevel = \"evictable\"\n"  // no TTL
      "[[class]]\nname = \"a\\nb\"\npatterns = [\"e:*\"]\n");
  ASSERT_EQ(said.size(), 6u) << testing::PrintToString(said);
  EXPECT_EQ(said[0], "c.toml:1:1: class \"a\": a class needs at least one pattern");
  EXPECT_EQ(said[1], "c.toml:4:1: class \"b\": pattern \"*\": it must begin with literal text");
  EXPECT_EQ(said[2], "c.toml:4:1: class \"b\": pattern \"b:{x}{y}\": two wildcards side by side");
  EXPECT_EQ(said[3], "c.toml:8:1: class \"c\": only evictable classes have a ttl");
  EXPECT_EQ(said[4], "c.toml:13:1: class \"d\": an evictable class needs a ttl");
  EXPECT_TRUE(contains(said[5], "c.toml:17:1: class \"a\\x0ab\": a name has at most 64 bytes"))
      << said[5];
}

TEST_F(ConfigFile, WrongValuesInAClassAreNamedWhereTheyStandAndOnce) {
  const auto said = errors(
      "[[class]]\nname = \"a\"\npatterns = \"a:*\"\nlevel = \"Evictable\"\nttl = 300\n"
      "shed_at = \"Warning\"\nshed_order = \"1\"\ncolour = 1\n");
  ASSERT_EQ(said.size(), 6u) << testing::PrintToString(said);
  EXPECT_EQ(
      said[0],
      "c.toml:3:12: class \"a\": patterns: must be a list of texts, such as [\"page:cache:*\"]");
  EXPECT_EQ(said[1],
            "c.toml:4:9: class \"a\": level: \"Evictable\" is not one of protected, rebuildable, "
            "evictable");
  EXPECT_EQ(said[2], "c.toml:5:7: class \"a\": ttl: must be a text in quotes, such as \"5m\"");
  EXPECT_TRUE(
      contains(said[3], "c.toml:6:11: class \"a\": shed_at: \"Warning\" is not one of never"));
  EXPECT_TRUE(contains(said[4], "c.toml:7:14: class \"a\": shed_order: must be a whole number"));
  EXPECT_TRUE(
      contains(said[5], "c.toml:8:1: unknown setting \"colour\" in [[class]], which has name"));
}

TEST_F(ConfigFile, AWrongValueInAClassHidesNothingThatIsNotJudgedByIt) {
  const auto said = errors("[[class]]\nname = \"a\"\npatterns = \"*\"\nlevel = \"evictable\"\n");
  ASSERT_EQ(said.size(), 2u) << testing::PrintToString(said);
  EXPECT_TRUE(contains(said[0], "patterns: must be a list of texts") ||
              contains(said[1], "patterns: must be a list of texts"));
  EXPECT_TRUE(contains(said[0], "an evictable class needs a ttl") ||
              contains(said[1], "an evictable class needs a ttl"));
}

TEST_F(ConfigFile, TtlsOfClassesAreWholeSecondsAboveZero) {
  for (const char* ttl : {"0s", "500ms", "1500ms", "5", "-5m"}) {
    EXPECT_TRUE(
        contains(error("[[class]]\nname = \"sessions\"\nttl = \"" + std::string(ttl) + "\"\n"),
                 "c.toml:3:7: "))
        << ttl;
  }
}

TEST_F(ConfigFile, AClassThatIsThereTwiceIsAnError) {
  EXPECT_EQ(error("[[class]]\nname = \"sessions\"\nttl = \"1h\"\n[[class]]\nname = \"sessions\"\n"),
            "c.toml:4:1: the class \"sessions\" is there twice: see c.toml:1:1");
}

}  // namespace
}  // namespace redkeep::app
