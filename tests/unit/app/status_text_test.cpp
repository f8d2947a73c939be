// What `redkeep status` says of a limit, known or not.
#include "app/status_text.h"

#include <gtest/gtest.h>

namespace redkeep::app {
namespace {

std::string first_line(const Statistics& statistics) {
  const std::string text = status_text(statistics, std::optional<guard::LeaseRecord>());
  return text.substr(0, text.find('\n'));
}

TEST(StatusText, ShowsUsageOfTheLimit) {
  Statistics statistics;
  statistics.memory = {36 << 20, 40 << 20, 90};
  EXPECT_EQ(first_line(statistics), "memory     36.0 MiB used of 40.0 MiB (90.0 %)");
}

TEST(StatusText, WithoutALimitShowsWhatItWouldBeAndThatNothingGoesByIt) {
  Statistics statistics;
  statistics.memory = {36 << 20, 0, 0};
  EXPECT_EQ(first_line(statistics),
            "memory     36.0 MiB used, no limit known (set maxmemory, or [pressure] limit)");
  statistics.derived_limit_bytes = 360 << 20;
  EXPECT_EQ(first_line(statistics),
            "memory     36.0 MiB used, no limit known (set maxmemory, or [pressure] limit); of the "
            "machine's 360.0 MiB that is 10.0 %, which nothing goes by");
}

TEST(StatusText, ALoadThatWasCutHasALineWithItsCommand) {
  EXPECT_EQ(cut_load_text(std::nullopt), "");
  EXPECT_NE(cut_load_text("/srv/my content").find("redkeep load '/srv/my content' --merge"),
            std::string::npos)
      << cut_load_text("/srv/my content");
  EXPECT_TRUE(status_json(Statistics{}, std::nullopt).ends_with(",\"cut_load\":null}"));
  EXPECT_TRUE(status_json(Statistics{}, "/srv/a").ends_with(",\"cut_load\":\"/srv/a\"}"));
}

TEST(StatusText, NamesTheAlarmsThatAreOpen) {
  Statistics statistics;
  const auto text = [&] { return status_text(statistics, std::optional<guard::LeaseRecord>()); };
  EXPECT_EQ(text().find("alarms "), std::string::npos) << "no guard says it";
  statistics.alarms.emplace();
  EXPECT_NE(text().find("\nalarms     none\n"), std::string::npos);
  statistics.alarms = {"critical", "unsafe-policy"};
  EXPECT_NE(text().find("\nalarms     critical, unsafe-policy (`redkeep history` and the guard's "),
            std::string::npos);
}

}  // namespace
}  // namespace redkeep::app
