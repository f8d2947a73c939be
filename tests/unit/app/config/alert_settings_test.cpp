// Settings of shedding, alerts and quotas: what is taken, what is refused and how it is shown.
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "app/setting_list.h"
#include "unit/app/clean_surroundings.h"

namespace redkeep::app {
namespace {

class AlertSettings : public ::testing::Test {
 protected:
  Result<Settings> load(const std::string& text) {
    return load_settings(flags_for(around_.write("c.toml", text)));
  }
  CleanSurroundings around_;
};

TEST_F(AlertSettings, AWebhookIsAnHttpUrlAndIsShownWithoutItsSecrets) {
  auto settings = load(
      "[alerts]\nwebhook = \"https://me:secret@hooks.example/a?token=secret\"\ngrace = \"0s\"\n");
  ASSERT_TRUE(settings) << settings.error().message;
  const auto list = setting_list(*settings);
  EXPECT_EQ(setting_named(list, "[alerts] webhook").show(), "https://hooks.example/a");
  EXPECT_EQ(settings->options.alerts.grace.count(), 0);
  for (const char* wrong : {"ftp://a/b", "hooks.example", "http://", "/a/b", "http://a:65616/"}) {
    const auto refused = load("[alerts]\nwebhook = \"" + std::string(wrong) + "\"\n");
    ASSERT_FALSE(refused) << wrong;
    EXPECT_NE(refused.error().message.find("http:// or https:// URL"), std::string::npos);
  }
  const auto refused = load("[alerts]\nwebhook = \"ftp://me:secret@a.example/secret?x=secret\"\n");
  ASSERT_FALSE(refused);
  const std::string& said = refused.error().message;
  EXPECT_NE(said.find("\"ftp://a.example/...\" is not"), std::string::npos) << said;
  EXPECT_EQ(said.find("secret"), std::string::npos) << said;
}

TEST_F(AlertSettings, ACommandThatCannotBeFoundIsAWarning) {
  const auto warnings = [&](const std::string& command) {
    const auto settings = load("[alerts]\ncommand = \"" + command + "\"\n");
    EXPECT_TRUE(settings) << settings.error().message;
    return settings ? fmt::format("{}", fmt::join(settings->warnings, "\n")) : std::string{};
  };
  EXPECT_EQ(warnings("/bin/true"), "");
  for (const char* wrong :
       {"/no/such/program", "no-such-program-anywhere", "/etc/passwd", "/bin"}) {
    EXPECT_NE(warnings(wrong).find("[alerts] command " + std::string(wrong)), std::string::npos)
        << wrong << ": " << warnings(wrong);
  }
}

TEST_F(AlertSettings, ChoicesAreNamedWhereNoneOfThemIsGiven) {
  const auto refused = load("[shed]\nvictims = \"oldest\"\n");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("coldest, soonest"), std::string::npos);
  const auto taken = load("[shed]\nvictims = \"soonest\"\n");
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->options.shed.victims, Victims::Soonest);
}

TEST_F(AlertSettings, ABudgetIsAWholeNumberAboveZero) {
  for (const char* wrong : {"0", "-1", "1.5", "many", ""}) {
    EXPECT_FALSE(load("[shed]\nmost_keys_per_minute = \"" + std::string(wrong) + "\"\n")) << wrong;
  }
}

TEST_F(AlertSettings, AQuotaIsAShareOrASize) {
  const std::string head = "[[class]]\nname = \"page_cache\"\nquota = ";
  const auto share = load(head + "\"20%\"\n");
  ASSERT_TRUE(share) << share.error().message;
  const auto size = load(head + "\"50MiB\"\n");
  ASSERT_TRUE(size) << size.error().message;
  const auto page_class = [](const Settings& settings) {
    for (const auto& one : settings.options.classes) {
      if (one.name == "page_cache") return one;
    }
    return KeyClass{};
  };
  EXPECT_EQ(page_class(*share).quota_pct, 20);
  EXPECT_EQ(page_class(*size).quota_bytes, std::int64_t{50} << 20);
  EXPECT_FALSE(load(head + "20\n"));
  EXPECT_FALSE(load("[[class]]\nname = \"locks\"\nquota = \"20%\"\n"));
}

}  // namespace
}  // namespace redkeep::app
