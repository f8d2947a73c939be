// examples/redkeep.toml is the manual: it is complete, and what it says the defaults are, they are.
#include <gtest/gtest.h>

#include "app/config/config_file.h"
#include "app/setting_list.h"
#include "unit/app/clean_surroundings.h"

namespace redkeep::app {
namespace {

const std::string kExample = REDKEEP_SOURCE_DIR "/examples/redkeep.toml";

std::string example_text() {
  std::ifstream file(kExample);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ExampleConfig, ResultsInExactlyTheDefaults) {
  CleanSurroundings around;
  auto defaults = load_settings(flags_for(around.write("empty.toml", "")));
  auto example = load_settings(flags_for(kExample));
  ASSERT_TRUE(defaults) << defaults.error().message;
  ASSERT_TRUE(example) << example.error().message;
  const auto expected = setting_list(*defaults);
  const auto found = setting_list(*example);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].show(), expected[i].show()) << found[i].name();
    EXPECT_TRUE(example->places.contains(found[i].name()))
        << found[i].name() << " is not in the file";
  }
  EXPECT_TRUE(example->warnings.empty());
  EXPECT_EQ(example->options.classes.size(), default_key_classes().size());
}

TEST(ExampleConfig, HasTheSettingsInTheOrderOfTheList) {
  Settings settings;
  const std::string text = example_text();
  std::size_t before = 0;
  for (const auto& setting : setting_list(settings)) {
    const auto at = text.find("\n" + std::string(setting.key) + " = ", before);
    ASSERT_NE(at, std::string::npos) << setting.name();
    EXPECT_NE(text.rfind("\n[" + std::string(setting.table) + "]\n", at), std::string::npos)
        << setting.name();
    before = at + 1;
  }
}

TEST(ExampleConfig, ItsClassIsRightOnceItIsNoLongerACommentAndNamesAllThatAClassMayHave) {
  CleanSurroundings around;
  const std::string text = example_text();
  const auto start = text.find("# [[class]]\n");
  ASSERT_NE(start, std::string::npos);
  std::istringstream lines(text.substr(start));
  std::string uncommented;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_TRUE(line.starts_with("# ")) << line;
    uncommented += line.substr(2) + "\n";
  }
  for (const auto name : class_setting_names()) {
    EXPECT_NE(uncommented.find("\n" + std::string(name) + " = "), std::string::npos) << name;
  }
  const auto settings =
      load_settings(flags_for(around.write("c.toml", text.substr(0, start) + uncommented)));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->options.classes.size(), default_key_classes().size() + 1);
}

}  // namespace
}  // namespace redkeep::app
